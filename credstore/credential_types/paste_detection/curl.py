"""Reads a pasted curl command: the key in its headers, the base URL, the organization. Pure; nothing is run.

Must never raise, nor keep a URL's query or user name: they may hold a second secret.
"""

import re
import shlex
from dataclasses import dataclass, field

from credstore.errors import Refused
from credstore.urls import canonical_url

_KEY_HEADERS = {"authorization", "x-api-key", "api-key", "private-token", "x-goog-api-key"}
_ORGANIZATION = "openai-organization"
# What follows the base URL in the calls that vendors' documentation shows.
_ENDPOINT = re.compile(
    r"/(?:chat/completions|completions|responses|embeddings|models(?:/.*)?|key|images/generations|audio/\w+)\Z"
)
_ANTHROPIC = re.compile(r"/v1/(?:messages|complete)(?:/.*)?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurlCommand:
    key: str = field(repr=False)
    found: dict[str, str]


def parse_curl(text: str) -> CurlCommand | None:
    """None where this is no curl command, or has no key in it."""
    if not re.match(r"(?:\$\s+)?curl(?:\.exe)?\s", text):
        return None
    # A password box joins lines, and leaves the backslash or caret of each end standing before a space.
    joined = re.sub(r"[\\^`](?:\s*\r?\n|\s+(?=-|['\"]?http))", " ", text)
    try:
        words = shlex.split(joined)
    except ValueError:  # a quote without its partner
        words = re.findall(r"'[^']*'|\"[^\"]*\"|\S+", joined)
    headers = _headers(words)
    key = next((value for name, value in headers.items() if name in _KEY_HEADERS and value), "")
    key = re.sub(r"\Abearer\s+", "", key, flags=re.IGNORECASE)
    if not key or key.startswith("$"):  # $OPENAI_API_KEY: the example as it stands, without a key
        return None
    found: dict[str, str] = {}
    if headers.get(_ORGANIZATION):
        keep_if_valid(found, "organization_id", headers[_ORGANIZATION])
    url = next((word for word in words if re.match(r"https?://", word)), "")
    keep_if_valid(found, "base_url", re.split(r"[?#]", url)[0])
    return CurlCommand(key=key, found=found)


def _headers(words: list[str]) -> dict[str, str]:
    """The headers that -H and --header give, by lower-case name."""
    found: dict[str, str] = {}
    for flag, word in zip(words, [*words[1:], ""], strict=True):
        given = word if flag in {"-H", "--header"} else re.sub(r"\A(?:-H|--header=)", "", flag)
        if given != flag:
            name, _, value = given.strip("'\"").partition(":")
            found.setdefault(name.strip().lower(), value.strip())
    return found


def keep_if_valid(found: dict[str, str], name: str, value: str) -> None:
    """Remember what a field may be filled with, if it is fit for that field; the first one stays."""
    if name == "base_url":
        value = _ENDPOINT.sub("", _ANTHROPIC.sub("", value.rstrip("/")))
        try:
            value = canonical_url(value)
        except Refused:
            return
    elif not re.fullmatch(r"[\x21-\x7e]{1,200}", value):
        return
    found.setdefault(name, value)
