"""Every use case of the credentials page: the `Vault`. Knows no HTTP. Secrets are in clear here, not to its left."""

from credstore.encryption.key_check import KeyState
from credstore.vault.create_edit import Writing
from credstore.vault.delete_restore import Deleting
from credstore.vault.queries import Reading
from credstore.vault.records import Deletion, Page, Record, Summary
from credstore.vault.test_runs import Progress, Runs

__all__ = ["Deletion", "KeyState", "Page", "Progress", "Record", "Summary", "Vault"]


class Vault(Reading, Writing, Runs, Deleting):
    """Create, page, get, edit, test, run, delete, restore, resolve. One per application; threads may share it."""
