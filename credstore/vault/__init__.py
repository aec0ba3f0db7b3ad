"""Every use case of the credentials page: the `Vault`. Knows no HTTP. Secrets are in clear here, not to its left."""

from credstore.vault.deleting import Deleting
from credstore.vault.keys import KeyState
from credstore.vault.reading import Reading
from credstore.vault.record import Deletion, Page, Record, Summary
from credstore.vault.runs import Progress, Runs
from credstore.vault.writing import Writing

__all__ = ["Deletion", "KeyState", "Page", "Progress", "Record", "Summary", "Vault"]


class Vault(Reading, Writing, Runs, Deleting):
    """Create, page, get, edit, test, run, delete, restore, resolve. One per application; threads may share it."""
