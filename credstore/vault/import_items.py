"""What an import says of each item: plain values, without any secret."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from credstore.credential_types import CredentialType
from credstore.credential_types.paste_detection.mismatch import mismatches_to_ask

Policy = Literal["skip", "rename", "replace"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
Outcome = Literal["new", "renamed", "replaced", "skipped"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


def untestable(kind: type[CredentialType], secrets: Mapping[str, str]) -> str:
    """A sentence where this type is tested at a URL that is part of a JSON field, and there is none; else ""."""
    for field in kind.fields:
        urls = {part.key for part in field.guided if part.form == "url"}
        if urls and not urls & set(json.loads(secrets.get(field.name, "{}"))):
            return "It is stored, but it cannot be tested: it has no URL."
    return ""


def other_owner(kind: type[CredentialType], values: Mapping[str, str]) -> str:
    """A sentence where a key looks like one of another provider or type; else ""."""
    return " ".join(found.sentence for found in mismatches_to_ask(kind, values))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItem:
    """`name` is the name it is stored under; `why` is a sentence on what was changed or why it was skipped."""

    origin: str
    name: str
    type_label: str
    outcome: Outcome
    why: str = ""

    @property
    def line(self) -> str:
        """One line for a terminal."""
        kind = f" ({self.type_label})" if self.type_label else ""
        why = f": {self.why}" if self.why else ""
        return f"{self.outcome}  {self.name}{kind}, from {self.origin}{why}"
