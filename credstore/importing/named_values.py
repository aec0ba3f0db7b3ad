"""Turns names and values, as of environment variables, into candidates. Pure.

Variables that belong together (a key, its base URL and its organization) become one credential.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from credstore.importing.candidate import Candidate
from credstore.importing.known_names import extra_config, looks_secret, recognise

NO_VALUE = "It has no value."
NO_SECRET = "Neither its name nor its value is that of a secret."  # noqa: S105 - a sentence
_STEM = re.compile(
    r"_?(?:API_KEY|ACCESS_TOKEN|API_TOKEN|AUTH_TOKEN|BOT_TOKEN|TOKEN|API_SECRET|SECRET_KEY|SECRET|KEY)\Z"
)
_URLS = ("_BASE_URL", "_API_BASE", "_API_URL", "_BASE", "_ENDPOINT", "_URL", "_HOST")
_ORGANIZATIONS = ("_ORG_ID", "_ORGANIZATION_ID", "_ORGANIZATION", "_ORG")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """`secret` is True where the file says so itself."""

    name: str
    value: str = field(repr=False)
    origin: str
    secret: bool = False


def read_variables(variables: Sequence[Variable]) -> list[Candidate]:
    """One candidate for each variable; one that belongs to another is skipped, and says to which."""
    by_name = {one.name.upper(): one for one in variables}
    parts: dict[str, str] = {}
    found: dict[int, Candidate] = {}
    for at, one in enumerate(variables):
        if one.value.strip() and (one.secret or looks_secret(one.name, one.value)):
            found[at] = _candidate(one, by_name, parts)
    return [found[at] if at in found else _skipped(one, parts) for at, one in enumerate(variables)]


def _candidate(one: Variable, by_name: dict[str, Variable], parts: dict[str, str]) -> Candidate:
    url, organization = (_companion(one, by_name, endings) for endings in (_URLS, _ORGANIZATIONS))
    web_url = url.value.strip() if url and re.match(r"https?://", url.value.strip()) else ""
    about = organization.value.strip() if organization else ""
    known = recognise(one.name, one.value.strip(), web_url, about)
    used = [part for part in (url, organization) if part and part.value.strip()]
    if known is None:
        kind, values = "tool", extra_config({part.name: part.value for part in (one, *used)})
    else:
        kind, values = known
        used = [part for part in used if part is not url or web_url]
    for part in used:
        parts.setdefault(part.name, one.name)
    note = f"With {' and '.join(part.name for part in used)}." if used else ""
    return Candidate(origin=one.origin, name=one.name, kind=kind, values=values, note=note)


def _companion(one: Variable, by_name: dict[str, Variable], endings: Sequence[str]) -> Variable | None:
    stem = _STEM.sub("", one.name.upper())
    if not stem or stem == one.name.upper():
        return None
    return next((by_name[stem + ending] for ending in endings if stem + ending in by_name), None)


def _skipped(one: Variable, parts: dict[str, str]) -> Candidate:
    why = NO_SECRET if one.value.strip() else NO_VALUE
    if one.name in parts:
        why = f"It is a part of {parts[one.name]}."
    return Candidate(origin=one.origin, name=one.name, skipped=why)
