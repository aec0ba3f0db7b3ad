"""A hundred credentials as a company might have them, made by the application's own use cases."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

from credstore.probe import ProbeRequest, ProbeResponse
from credstore.tester import Tester
from credstore.vault import Vault

COUNT = 100
COMMON_WORD = "billing"  # in the names of one row in ten
_TEAMS = (COMMON_WORD, "search", "support", "data science", "mobile", "platform", "legal", "sales", "research", "ops")
_SERVICES = ("OpenAI", "Anthropic", "vLLM", "Mistral", "Groq", "Gateway", "Staging")
_KEY_PART = "a1B2c3D4"
# Characters of a key, as their vendors issue them; a row of the table then takes about 1.2 kB.
_KEY_LENGTHS = {"openai": 164, "anthropic": 108, "git": 93}
_OTHER_KEY_LENGTH = 64
_TESTED_PERCENT, _EXPIRING_PERCENT, _EXPIRES_AFTER_DAYS = 60, 15, 8


class ProviderStandIn:
    """Answers tests without any network: takes the keys that are made here, refuses the made-up ones of a test."""

    def send(self, request: ProbeRequest, *, deadline: float) -> ProbeResponse:
        if any(_KEY_PART in text for text in (request.url, *request.headers.values())):
            bot = {"id": 1, "is_bot": True, "username": "a_bot"}
            return ProbeResponse(status=200, json={"data": [{"id": "model"}], "ok": True, "result": bot})
        return ProbeResponse(status=401, json={"ok": False, "error": {"message": "Incorrect API key."}})

    @classmethod
    def tester(cls) -> Tester:
        return Tester(cls())


def make_originals(vault: Vault) -> None:
    """Create COUNT credentials: 70 of LLM and 10 of each other type; 60 are tested, 15 expire some day."""
    for number, (slug, name, values) in enumerate(_credentials()):
        mixed = number * 37 % COUNT  # tested and expiring ones among all types
        ends = date.today() + timedelta(days=_EXPIRES_AFTER_DAYS * (mixed + 1))
        expires = ends.isoformat() if mixed < _EXPIRING_PERCENT else ""
        record = vault.create(slug, name, values, expires=expires)
        if mixed < _TESTED_PERCENT:
            vault.test(record.public_id)


def _credentials() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Types in turn, as they would come: the rows of one page are of several types."""
    for number in range(COUNT):
        slug = "llm" if number % 10 < 7 else ("telegram", "git", "tool")[(number // 10 + number) % 3]
        team = _TEAMS[number // 10]
        service = _SERVICES[number % 10] if slug == "llm" else slug.title()
        yield slug, f"{service} {team} {number % 10}", _values(slug, number, service.lower())


def _values(slug: str, number: int, service: str) -> dict[str, str]:
    length = _KEY_LENGTHS.get(service, _OTHER_KEY_LENGTH)
    key = (f"sk-live-{number}-" + _KEY_PART * length)[:length]
    if slug == "telegram":
        return {"bot_token": f"{100_000_000 + number}:AA{key[-33:]}"}
    if slug == "git":
        return {"extra_config": json.dumps({"url": f"https://git.example.com/team/{number}.git", "token": key})}
    if slug == "tool":
        config = {"url": f"https://tool-{number}.example.com/v1", "headers": {"Authorization": f"Bearer {key}"}}
        return {"extra_config": json.dumps(config)}
    vendor = {"openai": "openai", "anthropic": "anthropic"}.get(service, "openai_compatible")
    return {"provider_type": vendor, "api_key": key, "base_url": f"https://{service}-{number}.example.com/v1"}
