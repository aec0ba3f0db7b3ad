"""Replaces the content of a stored credential by that of an import. What it replaces can be put back for a while."""

from credstore.credential_types import CredentialType
from credstore.errors import Unreadable
from credstore.models import Credential
from credstore.probe import Outcome
from credstore.vault.replaced_secrets import keep_or_erase
from credstore.vault.store import SEALED_COLUMNS, CredentialStore
from credstore.vault.validation import ValidEntry


def same_content(store: CredentialStore, row: Credential, kind: type[CredentialType], entry: ValidEntry) -> bool:
    """Whether the row holds these values already. One that cannot be opened does not."""
    if row.kind != kind.slug or row.public != entry.public:
        return False
    try:
        return store.unseal(row) == entry.secrets
    except Unreadable:
        return False


def replace_content(store: CredentialStore, row: Credential, kind: type[CredentialType], entry: ValidEntry) -> None:
    """Inside a writing transaction. The name, the id and the history stay; the result of the last test is old then."""
    changed = Credential(public_id=row.public_id, kind=row.kind)
    store.seal(changed, kind, entry.public, entry.secrets)
    changes = {column: getattr(changed, column) for column in SEALED_COLUMNS}
    changes |= {
        "content_version": row.version + 1,
        "status": (Outcome.STALE if row.verdict else Outcome.UNTESTED).value,
    }
    if entry.expires_at is not None:
        changes |= {"expires_at": entry.expires_at, "expiry_from_provider": False}
    store.update(row, changes)
    keep_or_erase(store, row, kind, changes)
