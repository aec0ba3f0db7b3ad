"""Parses a pasted curl command: the key in its headers, the base URL, the organization. Runs nothing.

It never raises, and drops a URL's query and user information: they may be a second secret.
"""

import re
import shlex
from dataclasses import dataclass, field

from credstore.errors import Refused
from credstore.urls import canonical_url

_KEY_HEADERS = {"authorization", "x-api-key", "api-key", "private-token", "x-goog-api-key"}
_ORGANIZATION = "openai-organization"
# The paths after the base URL in the examples of vendors' documentation.
_ENDPOINT = re.compile(
    r"/(?:chat/completions|completions|responses|embeddings|models(?:/.*)?|key|images/generations|audio/\w+)\Z"
)
_ANTHROPIC = re.compile(r"/v1/(?:messages|complete)(?:/.*)?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurlCommand:
    """The key, and the values that were found for other fields (`base_url`, `organization_id`)."""

    key: str = field(repr=False)
    found: dict[str, str]


def parse_curl(text: str) -> CurlCommand | None:
    """Parse a curl command; None when the text is none, or has no key."""
    if not re.match(r"(?:\$\s+)?curl(?:\.exe)?\s", text):
        return None
    # A password input joins lines: the backslash or caret of each line end is then before a space.
    joined = re.sub(r"[\\^`](?:\s*\r?\n|\s+(?=-|['\"]?http))", " ", text)
    try:
        words = shlex.split(joined)
    except ValueError:  # a quote that is not closed
        words = re.findall(r"'[^']*'|\"[^\"]*\"|\S+", joined)
    headers = _headers(words)
    key = next((value for name, value in headers.items() if name in _KEY_HEADERS and value), "")
    key = re.sub(r"\Abearer\s+", "", key, flags=re.IGNORECASE)
    if not key or key.startswith("$"):  # $OPENAI_API_KEY: the example of a documentation, without a key
        return None
    found: dict[str, str] = {}
    if headers.get(_ORGANIZATION):
        keep_if_valid(found, "organization_id", headers[_ORGANIZATION])
    url = next((word for word in words if re.match(r"https?://", word)), "")
    keep_if_valid(found, "base_url", re.split(r"[?#]", url)[0])
    return CurlCommand(key=key, found=found)


def _headers(words: list[str]) -> dict[str, str]:
    """The headers of -H and --header, by name in lower case."""
    found: dict[str, str] = {}
    for flag, word in zip(words, [*words[1:], ""], strict=True):
        given = word if flag in {"-H", "--header"} else re.sub(r"\A(?:-H|--header=)", "", flag)
        if given != flag:
            name, _, value = given.strip("'\"").partition(":")
            found.setdefault(name.strip().lower(), value.strip())
    return found


def keep_if_valid(found: dict[str, str], name: str, value: str) -> None:
    """Add `value` to `found` for the field `name`, when it is valid for that field and `found` has none yet."""
    if name == "base_url":
        value = _ENDPOINT.sub("", _ANTHROPIC.sub("", value.rstrip("/")))
        try:
            value = canonical_url(value)
        except Refused:
            return
    elif not re.fullmatch(r"[\x21-\x7e]{1,200}", value):
        return
    found.setdefault(name, value)
