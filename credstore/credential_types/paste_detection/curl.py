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


@dataclass(frozen=True, slots=True, kw_only=True)
class CurlRequest:
    """The URL without its query, and all headers of a curl command."""

    url: str
    headers: dict[str, str] = field(repr=False)


def parse_curl_request(text: str) -> CurlRequest | None:
    """Parse a curl command; None when the text is none, has no key in its headers, or a user in its URL."""
    words = _words(text.strip())
    url = re.split(r"[?#]", _url(words))[0]
    headers = _headers(words)
    secret = any(name.lower() in _KEY_HEADERS and value and "$" not in value for name, value in headers.items())
    return CurlRequest(url=url, headers=headers) if url and secret and "@" not in url else None


def parse_curl(text: str) -> CurlCommand | None:
    """Parse a curl command; None when the text is none, or has no key."""
    words = _words(text)
    headers: dict[str, str] = {}
    for name, value in _headers(words).items():
        headers.setdefault(name.lower(), value)
    key = next((value for name, value in headers.items() if name in _KEY_HEADERS and value), "")
    key = re.sub(r"\Abearer\s+", "", key, flags=re.IGNORECASE)
    if not key or key.startswith("$"):  # $OPENAI_API_KEY: the example of a documentation, without a key
        return None
    found: dict[str, str] = {}
    if headers.get(_ORGANIZATION):
        keep_if_valid(found, "organization_id", headers[_ORGANIZATION])
    keep_if_valid(found, "base_url", re.split(r"[?#]", _url(words))[0])
    return CurlCommand(key=key, found=found)


def _words(text: str) -> list[str]:
    """The words of a curl command, as a shell splits them; none for any other text."""
    if not re.match(r"(?:\$\s+)?curl(?:\.exe)?\s", text):
        return []
    # A password input joins lines: the backslash or caret of each line end is then before a space.
    joined = re.sub(r"[\\^`](?:\s*\r?\n|\s+(?=-|['\"]?http)|(?=-[HXd]\b|--[a-z]|https?://))", " ", text)
    try:
        return shlex.split(joined)
    except ValueError:  # a quote that is not closed
        return re.findall(r"'[^']*'|\"[^\"]*\"|\S+", joined)


def _url(words: list[str]) -> str:
    return next((word for word in words if re.match(r"https?://", word)), "")


def _headers(words: list[str]) -> dict[str, str]:
    """The headers of -H and --header."""
    found: dict[str, str] = {}
    for flag, word in zip(words, [*words, ""][1:], strict=True):
        given = word if flag in {"-H", "--header"} else re.sub(r"\A(?:-H|--header=)", "", flag)
        if given != flag:
            name, _, value = given.strip("'\"").partition(":")
            found.setdefault(name.strip(), value.strip())
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
