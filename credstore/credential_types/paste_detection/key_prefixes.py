"""The provider that a key looks like, by its prefix. Source: the key formats in the providers' documentation.

A prefix proves nothing, so that it leads to a warning or a suggestion, never to a refusal.
"""

import re
from dataclasses import dataclass
from typing import Literal

OPENAI, ANTHROPIC, COMPATIBLE = "openai", "anthropic", "openai_compatible"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOwner:
    """A provider. `provider_slug` is "" when it has no LLM keys; `sure` is False when others use the same prefix."""

    provider_slug: str
    label: str
    base_url: str = ""
    kind: Literal["llm", "git", "telegram"] = "llm"
    sure: bool = True

    @property
    def what(self) -> str:
        """The word for its secret: "key", "token" or "bot token"."""
        return {"llm": "key", "git": "token", "telegram": "bot token"}[self.kind]

    @property
    def article(self) -> str:
        """The article before its label: "a" or "an"."""
        return "an" if self.label[0] in "AEIOUx" else "a"


def _compatible(label: str, base_url: str) -> KeyOwner:
    return KeyOwner(provider_slug=COMPATIBLE, label=label, base_url=base_url)


_OPENAI = KeyOwner(provider_slug=OPENAI, label="OpenAI", base_url="https://api.openai.com/v1")
_GITHUB = KeyOwner(provider_slug="", label="GitHub", base_url="https://github.com", kind="git")
_TABLE: tuple[tuple[str, KeyOwner], ...] = (  # the first match is used
    (r"sk-ant-", KeyOwner(provider_slug=ANTHROPIC, label="Anthropic", base_url="https://api.anthropic.com")),
    (r"sk-or-", _compatible("OpenRouter", "https://openrouter.ai/api/v1")),
    (r"sk-(?:proj|svcacct|admin)-", _OPENAI),
    (r"gsk_", _compatible("Groq", "https://api.groq.com/openai/v1")),
    (r"xai-", _compatible("xAI", "https://api.x.ai/v1")),
    (r"pplx-", _compatible("Perplexity", "https://api.perplexity.ai")),
    (r"hf_", _compatible("Hugging Face", "https://router.huggingface.co/v1")),
    (r"AIza", _compatible("Google", "https://generativelanguage.googleapis.com/v1beta/openai")),
    (r"gh[pousr]_|github_pat_", _GITHUB),
    (r"gl(?:pat|dt)-", KeyOwner(provider_slug="", label="GitLab", base_url="https://gitlab.com", kind="git")),
    (
        r"\d{6,12}:[A-Za-z0-9_-]{30,}\Z",
        KeyOwner(provider_slug="", label="Telegram", base_url="https://api.telegram.org", kind="telegram"),
    ),
    (r"sk-", KeyOwner(provider_slug=OPENAI, label="OpenAI", base_url="https://api.openai.com/v1", sure=False)),
)
_KNOWN = tuple((re.compile(rf"(?:{pattern})"), known) for pattern, known in _TABLE)


def owner_of_key(text: str) -> KeyOwner | None:
    """The provider whose key this looks like, or None."""
    return next((known for pattern, known in _KNOWN if pattern.match(text)), None)


def known_owners() -> tuple[KeyOwner, ...]:
    """Every provider that a prefix can name."""
    return tuple(known for _, known in _TABLE)
