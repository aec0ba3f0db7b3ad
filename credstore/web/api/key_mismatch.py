"""A key that looks like one of another provider is refused until the program says that it is meant so."""

from credstore.credential_types import CredentialType, Values
from credstore.credential_types.paste_detection.mismatch import mismatches_to_ask
from credstore.errors import KeyMismatch
from credstore.vault.validation import refuse_secret_in_other_fields

CONFIRM = "confirm_key_mismatch"


def refuse_mismatch(kind: type[CredentialType], values: Values, *, confirmed: bool, name: str = "") -> None:
    """Raises KeyMismatch, unless it is `confirmed`. `values` are the new secrets and all public values.

    Raises InvalidFields where a public value or `name` holds such a key: the answer would repeat it.
    """
    for found in () if confirmed else mismatches_to_ask(kind, values):
        refuse_secret_in_other_fields(kind, values, name=name)
        raise KeyMismatch(found.field, found.sentence, use=found.owner.label, kept=found.kept, consent=found.consent)
