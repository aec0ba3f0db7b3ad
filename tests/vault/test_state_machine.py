"""Any order of what changes credentials, with a crash at any boundary, does what a small model of it does.

A crash is an exception, or a connection that is gone, at one boundary of what is written; see `fixtures/killing.py`.
Then a new process opens the database, or the old one goes on.
"""

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from credstore.audit import Act
from credstore.config import DATABASE_FILE, Config
from credstore.encryption.keyring import key_id
from credstore.errors import InUse, InvalidFields
from credstore.importing.candidate import Candidate
from credstore.models import DeletedCredential, KeyCheck, db
from credstore.vault import delete_restore, import_all
from credstore.vault.encryption_keys import Rotation
from tests.fixtures.killing import SMALL_BATCH
from tests.fixtures.postgres import create_database, drop_database
from tests.vault.conftest import LLM
from tests.vault.credential_model import Crash, Model, Row
from tests.vault.model_machine import Fresh, ModelMachine

NAMES = st.sampled_from(["alpha", "Alpha", "alpha (restored)", "Straße", "STRASSE", "gamma", "delta", "epsilon"])
PICKS = st.lists(st.integers(0, 11), min_size=1, max_size=5)
CONSUMERS = st.sampled_from(["workflow:1", "workflow:2"])
NODES = st.lists(st.sampled_from(["", "node-1", "node-2"]), min_size=1, max_size=2, unique=True)
CRASHES = st.none() | st.builds(Crash, st.integers(1, 9), st.booleans(), st.booleans())


class Machine(ModelMachine):
    """The acts, and what each does to the model."""

    def teardown(self) -> None:
        """At last whatever is deleted can be restored; and where all is erased nothing of it is left."""
        try:
            if self.as_expected:  # else it has failed already, and another failure would hide why
                self.restore_and_erase_all()
        finally:
            self.process.close()
            self.stack.close()

    def restore_and_erase_all(self) -> None:
        for batch in dict.fromkeys(row.batch for row in self.model.rows.values() if row.batch):
            self.restore_batch(batch, None)
            self.all_is_as_the_model_says()
        self.read_the_feed(None)
        if self.model.rows:
            self.delete(list(range(len(self.model.rows))), "forced", None)
            self.all_is_as_the_model_says()
            self.erase([0], True, None)
            self.all_is_as_the_model_says()

    @initialize()
    def begin_with_some_that_are_used(self) -> None:
        self.take_in(["alpha", "gamma", "delta", "Straße"], None)
        self.replace_references([0, 1], "workflow:1", ["", "node-1"], None)

    @rule(name=NAMES, crash=CRASHES)
    def create(self, name: str, crash: Crash | None) -> None:
        secret = self.secret()
        values = LLM | {"api_key": secret}
        if name.casefold() in self.model.stored_keys():
            with pytest.raises(InvalidFields):
                self.vault.create("llm", name, values)
            return

        def then(model: Model) -> None:
            public_id = self.id_of(name)
            model.rows[public_id] = Row(name, secret)
            model.done(Act.CREATE, "created", [public_id])

        self.do(lambda vault: vault.create("llm", name, values), then, crash)

    @precondition(ModelMachine.some_stored)
    @rule(picks=PICKS, name=NAMES, new_secret=st.booleans(), crash=CRASHES)
    def edit(self, picks: list[int], name: str, new_secret: bool, crash: Crash | None) -> None:
        public_id, secret = self.chosen(picks)[0], self.secret()
        row = self.model.rows[public_id]
        name = row.name if self.model.stored_keys().get(name.casefold(), public_id) != public_id else name
        if name == row.name and not new_secret:
            return
        values = LLM | {"api_key": secret if new_secret else ""}

        def then(model: Model) -> None:
            changed = model.rows[public_id]
            changed.name = name
            if new_secret:
                changed.change(secret)
            else:
                changed.version += 1
            model.done(Act.EDIT, "edited", [public_id])

        self.do(lambda vault: vault.edit(public_id, version=row.version, name=name, values=values), then, crash)

    @precondition(ModelMachine.some_stored)
    @rule(picks=PICKS, crash=CRASHES)
    def put_back(self, picks: list[int], crash: Crash | None) -> None:
        for public_id in self.chosen(picks):
            row = self.model.rows[public_id]
            assert bool(self.vault.replaced(public_id)) == bool(row.replaced)
            if row.replaced:
                break
        else:
            return

        def then(model: Model) -> None:
            changed = model.rows[public_id]
            changed.change(changed.replaced)
            model.done(Act.PUT_BACK, "edited", [public_id])

        self.do(lambda vault: vault.put_back(public_id, version=row.version), then, crash)

    @rule(names=st.lists(NAMES, min_size=1, max_size=5, unique_by=str.casefold), crash=CRASHES)
    def take_in(self, names: list[str], crash: Crash | None) -> None:
        secrets = {name: self.secret() for name in names}
        found = [
            Candidate(origin=name, name=name, kind="llm", values=LLM | {"api_key": secret})
            for name, secret in secrets.items()
        ]

        def then(model: Model) -> None:
            model.acts[Act.IMPORT] += 1
            stored = model.stored_keys()
            for name, secret in secrets.items():
                public_id = stored.get(name.casefold())
                if public_id:
                    model.rows[public_id].change(secret)
                    model.changes.append(("edited", public_id))
                else:
                    public_id = self.id_of(name)
                    model.rows[public_id] = Row(name, secret)
                    model.changes.append(("created", public_id))

        self.do(
            lambda vault: vault.new_import("replace").run(found, dry_run=False, tell=lambda _item: None), then, crash
        )

    @precondition(ModelMachine.some_stored)
    @rule(picks=PICKS, consent=st.sampled_from(["", "forced", "agreed"]), crash=CRASHES)
    def delete(self, picks: list[int], consent: str, crash: Crash | None) -> None:
        ids = self.chosen(picks)
        if not consent and any(self.model.rows[public_id].uses for public_id in ids):
            for earlier in ("", "1-0"):  # a consent to other references is none
                with pytest.raises(InUse):
                    self.vault.delete(ids, agreed=earlier)
            return
        agreed = self.vault.dependents(ids).token if consent == "agreed" else ""

        def then(model: Model) -> None:
            batch = db.session.scalar(select(DeletedCredential.batch).where(DeletedCredential.public_id == ids[0]))
            db.session.rollback()
            for public_id in ids:
                model.rows[public_id].batch = batch or "none"
            model.done(Act.DELETE, "deleted", ids)

        self.do(lambda vault: vault.delete(ids, force=consent == "forced", agreed=agreed), then, crash)

    @precondition(ModelMachine.some_deleted)
    @rule(picks=PICKS, crash=CRASHES)
    def restore(self, picks: list[int], crash: Crash | None) -> None:
        self.restore_batch(self.model.rows[self.chosen(picks, deleted=True)[0]].batch, crash)

    def restore_batch(self, batch: str, crash: Crash | None) -> None:
        def then(model: Model) -> None:
            ids = [public_id for public_id, row in model.rows.items() if row.batch == batch]
            stored = set(model.stored_keys())
            new = {i: model.free_name(model.rows[i].name) for i in ids if model.rows[i].name.casefold() in stored}
            for public_id in ids:
                row = model.rows[public_id]
                row.batch, row.name = "", new.get(public_id, row.name)
            model.done(Act.RESTORE, "restored", ids)

        self.do(lambda vault: vault.restore(batch), then, crash)

    @precondition(ModelMachine.some_deleted)
    @rule(picks=PICKS, crash=CRASHES)
    def restore_chosen(self, picks: list[int], crash: Crash | None) -> None:
        ids = self.chosen(picks, deleted=True)
        keys = [self.model.rows[public_id].name.casefold() for public_id in ids]
        if len(set(keys)) < len(keys) or set(keys) & self.model.stored_keys().keys():
            assert self.vault.deleted.restore(ids).refused
            return

        def then(model: Model) -> None:
            for public_id in ids:
                model.rows[public_id].batch = ""
            model.done(Act.RESTORE, "restored", ids)

        self.do(lambda vault: vault.deleted.restore(ids), then, crash)

    @precondition(ModelMachine.some_deleted)
    @rule(picks=PICKS, everything=st.booleans(), crash=CRASHES)
    def erase(self, picks: list[int], everything: bool, crash: Crash | None) -> None:
        ids = self.model.ids(deleted=True) if everything else self.chosen(picks, deleted=True)

        def then(model: Model) -> None:
            for public_id in ids:
                del model.rows[public_id]
            model.acts[Act.ERASE] += 1

        self.do(lambda vault: vault.purge_deleted() if everything else vault.deleted.erase(ids), then, crash)

    @precondition(ModelMachine.some_stored)
    @rule(picks=PICKS, consumer=CONSUMERS, nodes=NODES, how=st.sampled_from(["put", "see", "remove"]), crash=CRASHES)
    def refer(self, picks: list[int], consumer: str, nodes: list[str], how: str, crash: Crash | None) -> None:
        public_id, use = self.chosen(picks)[0], (consumer, nodes[0])

        def then(model: Model) -> None:
            row = model.rows[public_id]
            row.use(row.uses - {use} if how == "remove" else row.uses | {use})

        acts = {"put": self.vault.put_reference, "see": self.vault.record_use, "remove": self.vault.remove_reference}
        self.do(lambda _vault: acts[how](public_id, *use), then, crash)

    @rule(picks=PICKS, consumer=CONSUMERS, nodes=NODES, crash=CRASHES)
    def replace_references(self, picks: list[int], consumer: str, nodes: list[str], crash: Crash | None) -> None:
        ids = self.chosen(picks) if self.model.ids() else []

        def then(model: Model) -> None:
            for public_id, row in model.rows.items():
                mine = {(consumer, node) for node in nodes if public_id in ids}
                row.use({use for use in row.uses if use[0] != consumer} | mine)

        given = [(public_id, node, "", "") for public_id in ids for node in nodes]
        self.do(lambda vault: vault.replace_references(consumer, given), then, crash)

    @precondition(ModelMachine.some_stored)
    @rule(picks=PICKS, crash=CRASHES)
    def test(self, picks: list[int], crash: Crash | None) -> None:
        public_id = self.chosen(picks)[0]
        self.do(lambda vault: vault.test(public_id), lambda _model: None, crash)

    @rule(crash=CRASHES)
    def rotate(self, crash: Crash | None) -> None:
        self.keys.insert(0, Fernet.generate_key().decode())
        self.start()
        rotation = Rotation(self.vault.store, processes=0, batch=SMALL_BATCH)
        if self.do(lambda _vault: list(rotation.run()), lambda _model: None, crash):
            known = set(db.session.scalars(select(KeyCheck.key_id)))
            for old in map(key_id, self.keys[1:]):
                if old in known:
                    self.vault.keys.retire(old)
            del self.keys[1:]
            self.start()

    @rule(crash=CRASHES)
    def read_the_feed(self, crash: Crash | None) -> None:
        self.do(lambda vault: vault.newest_cursor(), lambda _model: None, crash)
        found = self.vault.changes(self.cursor, 1000)
        seen, expected = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for change in found.changes:
            seen[change.public_id].append(change.action)
        for action, public_id in self.model.changes:
            expected[public_id].append(action)
        assert seen == expected
        self.cursor, self.model.changes = found.cursor, []


@pytest.fixture
def fresh(config: Config, database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Fresh:
    """Gives the settings of a new, empty database, for the time of a block."""
    numbers = count(1)

    @contextmanager
    def on_sqlite() -> Iterator[Config]:
        folder = tmp_path / f"{next(numbers)}"
        folder.mkdir()
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), folder / DATABASE_FILE)
        yield replace(config, data_dir=folder)
        # A connection that a crash took may still be closed while the folder goes, and SQLite writes as it closes.
        shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def on_postgresql() -> Iterator[Config]:
        server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("migrated_postgres")
        name = f"credstore_machine_{os.getpid()}_{next(numbers)}"
        try:
            yield replace(config, database_url=create_database(server, name, template))
        finally:
            drop_database(server, name)

    return on_postgresql if database_url else on_sqlite


def test_any_order_of_acts_and_crashes_does_what_the_model_does(
    fresh: Fresh, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_all, "BATCH", SMALL_BATCH)
    monkeypatch.setattr(delete_restore, "MANY", SMALL_BATCH)
    machine = type("OnThisDatabase", (Machine,), {"fresh": staticmethod(fresh)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("CREDSTORE_TEST_EXAMPLES", "3" if database_url else "8")),
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
