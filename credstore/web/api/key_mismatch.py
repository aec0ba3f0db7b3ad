"""A key that looks like one of another provider is refused until the program says that it is meant so."""

from credstore.credential_types import CredentialType, Values
from credstore.credential_types.paste_detection.mismatch import ASKED_TYPES, find_mismatches
from credstore.errors import KeyMismatch

CONFIRM = "confirm_key_mismatch"


def refuse_mismatch(kind: type[CredentialType], values: Values, *, confirmed: bool) -> None:
    """Raises KeyMismatch, unless it is `confirmed`. `values` are the new secrets and all public values."""
    if confirmed or kind.slug not in ASKED_TYPES:
        return
    for found in find_mismatches(kind, values):
        raise KeyMismatch(found.field, found.sentence, use=found.owner.label, kept=found.kept, consent=found.consent)
