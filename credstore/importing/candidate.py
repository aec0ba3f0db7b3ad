"""What a reader of another program's file finds: a credential that may be stored, or why it is not one. Pure."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """What an export of credstore also keeps, so that workflows find a credential by the same id."""

    public_id: str
    created_at: datetime
    expires_at: datetime | None
    expiry_from_provider: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """`origin` says where it stood, without a value: a line, an id. `kind` is the slug of a type, `values` its fields.

    `skipped` is the sentence why it cannot be one; then it has no values. `note` says what the reader changed or left
    out. `expires` is a day as YYYY-MM-DD, or "".
    """

    origin: str
    name: str = field(repr=False)  # somebody may have typed the secret there
    kind: str = ""
    values: dict[str, str] = field(default_factory=dict, repr=False)
    skipped: str = ""
    note: str = ""
    expires: str = ""
    original: Original | None = None


def refuse_broken_text(candidate: Candidate) -> Candidate:
    """The candidate, or one that is skipped where a text holds half of a surrogate pair, as "\\ud800" in JSON does.

    Such a text cannot be encoded, so that it could be neither stored nor shown.
    """
    texts = (candidate.origin, candidate.name, candidate.note, candidate.skipped)
    try:
        "".join((*texts, *candidate.values, *candidate.values.values())).encode()
    except UnicodeEncodeError:
        return Candidate(
            origin=_readable(candidate.origin),
            name=_readable(candidate.name),
            skipped="It holds a character that is not complete.",
        )
    return candidate


def _readable(text: str) -> str:
    return text.encode(errors="replace").decode()
