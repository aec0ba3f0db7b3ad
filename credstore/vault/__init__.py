"""Every use case of the credentials page: the `Vault`. Knows no HTTP. Secrets are in clear in this package only."""

from functools import cached_property
from typing import TYPE_CHECKING

from credstore.database import AnySession
from credstore.encryption.key_verification import KeyState
from credstore.encryption.keyring import Keyring
from credstore.tester import Tester
from credstore.vault.changes import ChangeFeed
from credstore.vault.completions import Completions
from credstore.vault.create_edit import CreateEdit
from credstore.vault.credential_test import CredentialTests
from credstore.vault.delete_restore import DeleteRestore
from credstore.vault.deleted_records import DeletedPage, DeletedRecord, Restoration
from credstore.vault.dependents import Dependents
from credstore.vault.encryption_keys import Keys, KeyStatus, LastRotation
from credstore.vault.import_items import ImportItem
from credstore.vault.list_by_key import KeyedPage, ListByKey
from credstore.vault.list_filters import ListFilters
from credstore.vault.move_references import MoveReferences
from credstore.vault.named import Names
from credstore.vault.put_back import PutBack, Replaced
from credstore.vault.queries import Queries, Start
from credstore.vault.record_use import RecordUse
from credstore.vault.records import Deletion, ListRow, Page, Record, Summary
from credstore.vault.reference_records import Change, Changes, Reference, ReferencePage
from credstore.vault.references import References
from credstore.vault.resolve import READ_BESIDE, Resolver
from credstore.vault.restore_chosen import DeletedCredentials
from credstore.vault.run_claims import RunClaims
from credstore.vault.run_reading import RunReading
from credstore.vault.run_records import Group, ItemKey, Progress, Run, RunItem, RunPage
from credstore.vault.runs import TestRuns
from credstore.vault.same_secret import MAX_SAME_SECRET, SameSecret
from credstore.vault.store import CredentialStore
from credstore.vault.testable import Testable
from credstore.vault.use import Use
from credstore.vault.use_case_log import logged, public_id_of

if TYPE_CHECKING:
    from credstore.vault.export_all import ExportAll
    from credstore.vault.import_all import ImportAll
    from credstore.vault.import_items import Policy

__all__ = [
    "MAX_SAME_SECRET",
    "READ_BESIDE",
    "Change",
    "Changes",
    "DeletedPage",
    "DeletedRecord",
    "Deletion",
    "Dependents",
    "Group",
    "ImportItem",
    "ItemKey",
    "KeyState",
    "KeyStatus",
    "KeyedPage",
    "LastRotation",
    "ListFilters",
    "ListRow",
    "Page",
    "Progress",
    "Record",
    "Reference",
    "ReferencePage",
    "Replaced",
    "Restoration",
    "Run",
    "RunItem",
    "RunPage",
    "Start",
    "Summary",
    "Vault",
]


class Vault:
    """The use cases of one application, by name. Each is a method of the service that the constructor names beside it.

    Threads may share it: `session` is per thread (scoped). `keep_deleted_days` is how many days a deleted credential
    can be restored, `keep_replaced_hours` how many hours a replaced secret can be put back, `keep_audit_days` how many
    days the audit log keeps an entry. `note_changes`: results of tests that turn red or back are noted for notices.
    """

    def __init__(
        self,
        session: AnySession,
        keyring: Keyring,
        tester: Tester,
        *,
        keep_deleted_days: int = 30,
        keep_replaced_hours: int = 24,
        note_changes: bool = False,
        keep_audit_days: int = 365,
    ) -> None:
        self.store = CredentialStore(
            session,
            keyring,
            keep_deleted_days=keep_deleted_days,
            keep_replaced_hours=keep_replaced_hours,
            keep_audit_days=keep_audit_days,
        )
        self.key_state, self.keys = self.store.key_state, Keys(self.store)
        queries = Queries(self.store)
        self.page, self.list_page, self.get = queries.page, queries.list_page, queries.get
        self.expiring, self.newest_public = queries.expiring, queries.newest_public
        self.count_by_type = queries.count_by_type
        self.names_with_same_secret = SameSecret(self.store).names_with_same_secret

        self.names = Names(self.store)
        self._offer_uses()
        self._offer_changes()
        self._offer_references()
        self._offer_deletions()

        self.tests = CredentialTests(self.store, tester, note_changes=note_changes)
        self.test, self.test_draft, self.history = self.tests.test, self.tests.test_draft, self.tests.history

        completions = Completions(self.store, self.tests)
        self.try_completion, self.model_names = completions.try_completion, completions.model_names

        self._offer_runs()

    def _offer_deletions(self) -> None:
        deletion = DeleteRestore(self.store)
        self.summaries = deletion.summaries
        self.delete = logged("credentials deleted", deletion.delete, lambda done: f"{done.deleted}")
        self.restore = logged("credentials restored", deletion.restore, str)
        self.restore_batch = logged("credentials restored", deletion.restore_batch, lambda ids: f"{len(ids)}")
        self.dependents = deletion.dependents
        self.purge_deleted = deletion.purge_deleted

    def _offer_uses(self) -> None:
        uses = RecordUse(self.store)
        self.record_use = uses.record_use
        resolver = Resolver(self.store, uses.record_audited)
        self.resolve = resolver.resolve
        self.use = logged("credential used", Use(resolver).use, lambda envelope: str(envelope["credential"]))

    def _offer_changes(self) -> None:
        commands = CreateEdit(self.store)
        self.create = logged("credential created", commands.create, public_id_of)
        self.edit = logged("credential edited", commands.edit, public_id_of)

        replacement = PutBack(self.store)
        self.replaced = replacement.replaced
        self.put_back = logged("old secret put back", replacement.put_back, public_id_of)

    def _offer_references(self) -> None:
        self.list_by_key = ListByKey(self.store).list_by_key
        references, feed = References(self.store), ChangeFeed(self.store)
        self.put_reference, self.replace_references = references.put_reference, references.replace_references
        self.remove_reference, self.references_of = references.remove_reference, references.references_of
        self.references_of_consumer = references.references_of_consumer
        moves = MoveReferences(self.store)
        self.move_references = logged("references moved", moves.move_references, str)
        self.move_references_to = logged("references moved", moves.move_references_to, lambda done: f"{done[0]}")
        self.move_targets = moves.move_targets
        self.changes, self.newest_cursor = feed.changes, feed.newest_cursor

    def _offer_runs(self) -> None:
        testable = Testable(self.store)
        self.list_testable, self.count_testable = testable.list_testable, testable.count_testable

        runs = TestRuns(self.store, self.tests)
        self.start_run, self.cancel_run, self.end_run = runs.start_run, runs.cancel_run, runs.end_run
        self.test_item = runs.test_item

        claims = RunClaims(self.store)
        self.claim_item, self.renew_claims, self.take_over_run = claims.claim_item, claims.renew, claims.take_over

        reading = RunReading(self.store)
        self.run, self.runs, self.run_page = reading.run, reading.runs, reading.run_page
        self.latest_run, self.progress, self.run_ids_in = reading.latest_run, reading.progress, reading.ids_in

    @cached_property
    def deleted(self) -> DeletedCredentials:
        """The deleted credentials that can still be restored: lists them, restores and erases chosen ones."""
        return DeletedCredentials(self.store)

    def new_export(self) -> "ExportAll":
        """One export of every stored credential, secrets in clear."""
        from credstore.vault.export_all import ExportAll  # here, since hardly any process needs it

        return ExportAll(self.store)

    def new_import(self, policy: "Policy") -> "ImportAll":
        """One import; `policy` says what becomes of a name that is in use."""
        from credstore.vault.import_all import ImportAll

        return ImportAll(self.store, policy)
