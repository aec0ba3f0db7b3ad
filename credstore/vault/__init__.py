"""Every use case of the credentials page: the `Vault`. Knows no HTTP. Secrets are in clear here, not to its left."""

from credstore.vault.deleting import Deleting
from credstore.vault.keys import KeyState
from credstore.vault.reading import Reading
from credstore.vault.record import Deletion, Page, Record, Summary
from credstore.vault.testing import Testing
from credstore.vault.writing import Writing

__all__ = ["Deletion", "KeyState", "Page", "Record", "Summary", "Vault"]


class Vault(Reading, Writing, Testing, Deleting):
    """Create, page, get, edit, test, delete, restore, resolve. One per application; safe to share between threads."""
