"""The ground of `test_state_machine`: a database, a process over it, an act with a crash, what must hold after each."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from copy import deepcopy
from dataclasses import replace
from itertools import count
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from credstore.audit import Act
from credstore.audit.verification import verify
from credstore.audit_model import AuditEntry
from credstore.config import Config
from credstore.errors import StorageError
from credstore.models import Credential, DeletedCredential, db
from credstore.reference_models import CredentialReference
from credstore.replaced_secret_model import ReplacedSecret
from credstore.vault import Vault
from credstore.vault.consistency import check_consistency
from tests.fixtures.killing import at_each_boundary, opened_vault
from tests.vault.credential_model import Crash, Crashed, Failpoint, Model, Row

COUNTED = (Act.CREATE, Act.EDIT, Act.PUT_BACK, Act.IMPORT, Act.DELETE, Act.RESTORE, Act.ERASE)
Fresh = Callable[[], AbstractContextManager[Config]]


class ModelMachine(RuleBasedStateMachine):
    """Does acts both to the vault and to the model, and compares them. `fresh` gives a new, empty database."""

    fresh: Fresh

    def __init__(self) -> None:
        super().__init__()
        self.stack, self.process = ExitStack(), ExitStack()
        self.config = self.stack.enter_context(self.fresh())
        self.keys = [self.config.field_encryption_key]
        self.model, self.cursor, self.numbers = Model(), 0, count(1)
        self.as_expected = True
        self.start()

    def start(self) -> None:
        """A new process, with the keys that are configured by now."""
        self.process.close()
        config = replace(self.config, field_encryption_key=",".join(self.keys))
        self.vault: Vault = self.process.enter_context(opened_vault(config))

    def do(self, act: Callable[[Vault], object], then: Callable[[Model], None], crash: Crash | None = None) -> bool:
        """Carry it out, with a crash. Then it is done or not done, and never in between. Returns whether it ended."""
        before, ended, self.as_expected = deepcopy(self.model), True, False
        try:
            with at_each_boundary(Failpoint(crash)):
                act(self.vault)
        except (Crashed, StorageError):
            if crash is None:
                raise
            ended = False
            if crash.new_process:
                self.start()
        then(self.model)
        if not ended and self.found() != self.model.rows:
            self.model = before
        return ended

    def secret(self) -> str:
        return f"sk-CANARY-{next(self.numbers):012}"

    def chosen(self, picks: list[int], *, deleted: bool = False) -> list[str]:
        ids = self.model.ids(deleted=deleted)
        return list(dict.fromkeys(ids[pick % len(ids)] for pick in picks))

    def id_of(self, name: str) -> str:
        found = db.session.scalar(select(Credential.public_id).where(Credential.name == name))
        db.session.rollback()
        return found or ""

    def some_stored(self) -> bool:
        return bool(self.model.ids())

    def some_deleted(self) -> bool:
        return bool(self.model.ids(deleted=True))

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        self.as_expected = False
        assert self.found() == self.model.rows
        assert check_consistency(db.session).sound
        assert verify(db.session).why == ""
        counts = select(AuditEntry.act, func.count().label("total")).where(AuditEntry.act.in_(COUNTED))
        found = db.session.execute(counts.group_by(AuditEntry.act))
        assert {row.act: row.total for row in found} == self.model.acts
        db.session.rollback()
        self.as_expected = True

    def found(self) -> dict[str, Row]:
        """What there is, in clear: every row opens, deleted ones and replaced secrets too."""
        session, store = db.session, self.vault.store
        session.expire_all()
        session.rollback()
        rows, kinds = dict[str, Row](), dict[str, str]()
        for table in (Credential, DeletedCredential):
            for row in session.scalars(select(table).options(undefer(table.sealed))):
                assert row.public_id not in rows, "it is stored and deleted"
                secret = store.unseal(row)["api_key"]  # type: ignore[arg-type]
                batch = row.batch if isinstance(row, DeletedCredential) else ""
                rows[row.public_id] = Row(row.name, secret, version=row.version, batch=batch, used_by=row.used_by)
                kinds[row.public_id] = row.kind
        for old in session.scalars(select(ReplacedSecret).options(undefer(ReplacedSecret.sealed))):
            content: Any = {name: getattr(old, name) for name in ("public", "sealed", "key_id", "secret_names")}
            opened = store.unseal(Credential(public_id=old.public_id, kind=kinds[old.public_id], **content))
            rows[old.public_id].replaced = opened["api_key"]
        for use in session.scalars(select(CredentialReference)):
            rows[use.public_id].uses.add((use.consumer, use.node))
        session.rollback()
        session.expunge_all()
        return rows
