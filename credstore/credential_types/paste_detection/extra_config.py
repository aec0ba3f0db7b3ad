"""Recognises what people paste into Extra Config instead of a JSON object, and writes the object that they meant. Pure.

A URL alone, a private key, a curl command, a `.env` file, and JSON with real line breaks inside of its texts become
JSON; a token alone cannot, as nobody knows where it is valid, so a sentence says how to write it. None repeats any of
the text: it may be a secret.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from credstore.credential_types.paste_detection.extra_config_blocks import object_of_curl, object_of_env_lines
from credstore.errors import Refused

URL = 'Wrote the URL as JSON: {"url": …}.'
LOGIN = "Took name and token out of the URL, into “username” and “token”."
CLONE = "Dropped the “git clone” around the URL."
PRIVATE_KEY = 'Wrote the private key as JSON: {"ssh_key": …}.'
CURL = "Wrote the curl command as JSON."
ENV_LINES = "Wrote the lines of the form NAME=value as JSON."
LINE_BREAKS = "Wrote the line breaks inside of the JSON texts as \\n."

_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_URL = re.compile(r"(?:https?://|ssh://|[\w.-]+@[\w.-]+:)[^\s\"'{}]+\Z")
_CLONE = re.compile(r"(?:\$\s*)?git\s+clone\s+(?:--?[\w=-]+\s+)*(?P<url>\S+)(?:\s+[\w.-]+)?\Z")
_PRIVATE_KEY = re.compile(
    r"(?P<begin>-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----)(?P<body>.*)(?P<end>-----END [A-Z0-9 ]*PRIVATE KEY-----)"
    r"(?:\\n)*\Z",
    re.DOTALL,
)
_TOKEN = re.compile(r"[\x21\x23-\x5a\x5c-\x7a\x7c\x7e]{8,}")
_HEADER_LINE = re.compile(r"(?:[\w-]*(?:auth|key|token|secret)[\w-]*|cookie):[ \t]+\S", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,10}(?:[/:]\S*)?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraConfig:
    """`text` is the JSON to read on, `notes` say what was changed."""

    text: str = field(repr=False)
    notes: tuple[str, ...] = ()


def repair_extra_config(text: str, keys: Collection[str]) -> ExtraConfig:
    """The JSON object that this text means, where that is certain; the text itself, unchanged, where it is JSON or not.

    `keys` are the names that the credential type understands. Raises Refused with a sentence that says how to write it.
    """
    text = text.strip()
    if _parse(text, strict=True) is not None:
        return ExtraConfig(text=text)
    if _parse(text, strict=False) is not None:
        return ExtraConfig(text=_JSON_TEXT.sub(_with_escaped_breaks, text), notes=(LINE_BREAKS,))
    if key := _PRIVATE_KEY.match(text):
        return _private_key(key, keys)
    clone = _CLONE.match(text) if "ssh_key" in keys else None
    url = clone["url"] if clone else text
    if _URL.match(url) and "url" in keys:
        return _url(url, keys, (CLONE,) if clone else ())
    if found := object_of_curl(text, keys):
        return _written(found, CURL)
    if found := object_of_env_lines(text, keys):
        return _written(found, ENV_LINES)
    _refuse_other_forms(text, keys)
    return ExtraConfig(text=text)


def _parse(text: str, *, strict: bool) -> Any:
    """The JSON, or a value that is not None for JSON that is refused later on; None when it is no JSON."""
    try:
        found = json.loads(text, strict=strict)
    except json.JSONDecodeError:
        return None
    except (ValueError, RecursionError):
        return text
    return text if found is None else found


def _written(found: object, *notes: str) -> ExtraConfig:
    return ExtraConfig(text=json.dumps(found, ensure_ascii=False), notes=notes)


def _with_escaped_breaks(json_text: re.Match[str]) -> str:
    """The same text with \\n for each line break: a form sends \\r\\n, which a private key may not have."""
    return re.sub(r"\r\n|\r|\n", r"\\n", json_text[0]).replace("\t", r"\t")


def _private_key(key: re.Match[str], keys: Collection[str]) -> ExtraConfig:
    if "ssh_key" not in keys:
        raise Refused('This is a private key. Write it as JSON under a name of your own, like {"private_key": "…"}.')
    body = key["body"]
    if "\n" not in body and "\r" not in body:  # as in an environment variable, or pasted into one line
        breaks = r"\\n" if "\\n" in body else r" +"
        body = re.sub(breaks, "\n", body)
    # A blank line inside stays: it ends the headers of an old encrypted key.
    lines = [key["begin"], *(line.strip() for line in body.strip().splitlines()), key["end"]]
    return _written({"ssh_key": "\n".join(lines) + "\n"}, PRIVATE_KEY)


def _url(url: str, keys: Collection[str], notes: tuple[str, ...]) -> ExtraConfig:
    login = re.match(r"(https?://)([^/?#@]*(?:@[^/?#@]*)*)@", url)
    if login is None:
        return _written({"url": url}, *notes, URL)
    if not {"username", "token"} <= set(keys):
        raise Refused('Leave name and password out of the URL; send them as a header: {"url": "…", "headers": {…}}.')
    try:
        parts = urlsplit(url)
        name, token = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError:
        raise Refused("This is not a valid URL. Example: https://git.example.com/team/repo.git") from None
    if not token:  # a token alone stands where the name would
        name, token = "", name
    parts_of_it = {"url": login[1] + url[login.end() :]} | ({"username": name} if name else {})
    return _written(parts_of_it | ({"token": token} if token else {}), *notes, URL, LOGIN)


def _refuse_other_forms(text: str, keys: Collection[str]) -> None:
    """Raise Refused for what is recognised, but is not enough for an object."""
    if "headers" in keys and _HEADER_LINE.match(text):
        raise Refused(
            "This is not valid JSON; it looks like a header. Write it like "
            '{"url": "https://…", "headers": {"Authorization": "Bearer …"}}.'
        )
    if "url" in keys and _HOST.match(text):
        raise Refused('This is not valid JSON; it looks like a URL without its beginning. Write {"url": "https://…"}.')
    if not _TOKEN.fullmatch(text):
        return
    example = (
        '{"url": "https://git.example.com/team/repo.git", "token": "…"}'
        if "token" in keys
        else '{"url": "https://tool.example.com/api", "headers": {"Authorization": "Bearer …"}}'
    )
    raise Refused(f"This is not valid JSON; it looks like a token alone. Say where it is valid: {example}.")
