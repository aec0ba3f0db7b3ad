"""Every use case of the credentials page: the `Vault`. Knows no HTTP. Secrets are in clear here, not to its left."""

from credstore.encryption.key_check import KeyState
from credstore.vault.create_edit import CreateEdit
from credstore.vault.delete_restore import DeleteRestore
from credstore.vault.queries import Queries
from credstore.vault.records import Deletion, Page, Record, Summary
from credstore.vault.test_runs import Progress, TestRuns

__all__ = ["Deletion", "KeyState", "Page", "Progress", "Record", "Summary", "Vault"]


class Vault(Queries, CreateEdit, TestRuns, DeleteRestore):
    """Create, page, get, edit, test, run, delete, restore, resolve. One per application; threads may share it."""
