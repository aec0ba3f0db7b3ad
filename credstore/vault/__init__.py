"""Every use case of the credentials page: the `Vault`. Knows no HTTP. Secrets are in clear in this package only."""

from credstore.database import AnySession
from credstore.encryption.key_verification import KeyState
from credstore.encryption.keyring import Keyring
from credstore.tester import Tester
from credstore.vault.completions import Completions
from credstore.vault.create_edit import CreateEdit
from credstore.vault.credential_test import CredentialTests
from credstore.vault.delete_restore import DeleteRestore
from credstore.vault.list_filters import ListFilters
from credstore.vault.put_back import PutBack, Replaced
from credstore.vault.queries import MAX_SAME_SECRET, Queries, Start
from credstore.vault.records import Deletion, ListRow, Page, Record, Summary
from credstore.vault.resolve import Resolver
from credstore.vault.store import CredentialStore
from credstore.vault.test_runs import Progress, TestRuns

__all__ = [
    "MAX_SAME_SECRET",
    "Deletion",
    "KeyState",
    "ListFilters",
    "ListRow",
    "Page",
    "Progress",
    "Record",
    "Replaced",
    "Start",
    "Summary",
    "Vault",
]


class Vault:
    """The use cases of one application, by name. Each is a method of the service that the constructor names beside it.

    Threads may share it: `session` is per thread (scoped). `keep_deleted_days` is how many days a deleted credential
    can be restored, `keep_replaced_hours` how many hours a replaced secret can be put back.
    """

    def __init__(
        self,
        session: AnySession,
        keyring: Keyring,
        tester: Tester,
        *,
        keep_deleted_days: int = 30,
        keep_replaced_hours: int = 24,
    ) -> None:
        kept = {"keep_deleted_days": keep_deleted_days, "keep_replaced_hours": keep_replaced_hours}
        self.store = CredentialStore(session, keyring, **kept)
        self.key_state = self.store.key_state

        queries = Queries(self.store)
        self.page, self.list_page, self.get = queries.page, queries.list_page, queries.get
        self.expiring, self.names_with_same_secret = queries.expiring, queries.names_with_same_secret

        self.resolve = Resolver(self.store).resolve

        commands = CreateEdit(self.store)
        self.create, self.edit = commands.create, commands.edit

        replacement = PutBack(self.store)
        self.replaced, self.put_back = replacement.replaced, replacement.put_back

        deletion = DeleteRestore(self.store)
        self.summaries, self.delete, self.restore = deletion.summaries, deletion.delete, deletion.restore
        self.purge_deleted = deletion.purge_deleted

        self.tests = CredentialTests(self.store, tester)
        self.test, self.test_draft, self.history = self.tests.test, self.tests.test_draft, self.tests.history

        completions = Completions(self.store, self.tests)
        self.try_completion, self.model_names = completions.try_completion, completions.model_names

        runs = TestRuns(self.store, self.tests)
        self.list_testable, self.count_testable = runs.list_testable, runs.count_testable
        self.start_run, self.progress = runs.start_run, runs.progress
        self.latest_run, self.cancel_run, self.end_run = runs.latest_run, runs.cancel_run, runs.end_run
        self.untested_items, self.test_item = runs.untested_items, runs.test_item
