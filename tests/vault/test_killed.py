"""Whatever is killed at any boundary of what it writes: every row opens, nothing is half-done, a second run finishes.

A new operation of many rows is one line of OPERATIONS.
"""

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import make_url, select

from credstore.config import DATABASE_FILE, Config
from credstore.encryption.keyring import key_id
from credstore.encryption.sealed_tables import SEALED_TABLES
from credstore.importing.candidate import Candidate
from credstore.models import Credential, DeletedCredential, db
from credstore.vault import Vault
from credstore.vault.consistency import check_consistency
from credstore.vault.encryption_keys import Rotation
from tests.conftest import close
from tests.fixtures.killing import SMALL_BATCH, Act, exit_code_of, opened_vault
from tests.fixtures.postgres import create_database, drop_database
from tests.vault.conftest import LLM, llm

NEW_KEY = Fernet.generate_key().decode()
NAMES = [f"LLM {number}" for number in range(4)]
GONE = [f"gone {number}" for number in range(2)]
Snapshot = tuple[dict[str, Any], list[str], int]  # values by name, names of deleted ones, rows of an old key


def fill(vault: Vault) -> None:
    """Four stored credentials, one of them with a replaced secret, and two deleted ones."""
    made = [llm(vault, name) for name in (*NAMES, *GONE)]
    vault.edit(made[0].public_id, version=1, name=NAMES[0], values=LLM | {"api_key": "sk-CANARY-edited-0123456789"})
    vault.delete([record.public_id for record in made[len(NAMES) :]])


def ids_of(table: type[Credential] | type[DeletedCredential]) -> list[str]:
    ids = list(db.session.scalars(select(table.public_id).order_by(table.id)))
    db.session.rollback()
    return ids


def delete_three(vault: Vault) -> None:
    chosen = select(Credential.public_id).where(Credential.name.in_(NAMES[:3]))
    vault.delete(list(db.session.scalars(chosen)))


def restore_deletion(vault: Vault) -> None:
    for batch in set(db.session.scalars(select(DeletedCredential.batch))):
        vault.restore(batch)


def restore_chosen(vault: Vault) -> None:
    vault.deleted.restore(ids_of(DeletedCredential))


def erase_chosen(vault: Vault) -> None:
    vault.deleted.erase(ids_of(DeletedCredential))


def take_in(vault: Vault) -> None:
    """Two new ones, one whose name is taken, and again two new ones: three batches."""
    names = ["new 0", "new 1", NAMES[1], "new 2", "new 3"]
    values = LLM | {"api_key": "sk-CANARY-imported-0123456789"}
    found = (Candidate(origin=name, name=name, kind="llm", values=values) for name in names)
    vault.new_import("replace").run(found, dry_run=False, tell=lambda _item: None)


def rotate(vault: Vault) -> None:
    list(Rotation(vault.store, processes=0, batch=SMALL_BATCH).run())


@dataclass(frozen=True)
class Operation:
    """`left` are the numbers of rows that still have the old key after each commit; one where it is all or nothing."""

    act: Act
    left: tuple[int, ...] = (0,)
    boundaries: int = 4  # at least


OPERATIONS = {
    "batch delete": Operation(delete_three),
    "restore": Operation(restore_deletion),
    "restore chosen": Operation(restore_chosen),
    "erase": Operation(erase_chosen, boundaries=3),
    "import": Operation(take_in, boundaries=6),
    "rotation": Operation(rotate, left=(7, 5, 3, 1, 0), boundaries=18),
}


@pytest.fixture
def copies(
    stored_app: Flask, config: Config, database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[int], Any]:
    """Gives the settings of a fresh copy of one filled database, for the time of a block."""
    with stored_app.app_context():
        fill(stored_app.extensions["credstore"].vault)
    close(stored_app)

    @contextmanager
    def copy(number: int) -> Iterator[Config]:
        if not database_url:
            folder = tmp_path / f"copy {number}"
            folder.mkdir()
            shutil.copy(config.data_dir / DATABASE_FILE, folder)
            yield replace(config, data_dir=folder)
            return
        server, template = request.getfixturevalue("postgres_server"), str(make_url(database_url).database)
        request.getfixturevalue("emptying").close()  # only what nobody has open is copied
        name = f"{template}_{number}"
        try:
            yield replace(config, database_url=create_database(server, name, template))
        finally:
            drop_database(server, name)

    return copy


def snapshot(vault: Vault, old_key: str) -> Snapshot:
    """What is there. Every row must open: a stored one as its page says, each other one with the key that it names."""
    stored = db.session.execute(select(Credential.name, Credential.public_id).order_by(Credential.name)).all()
    values = {name: vault.resolve(public_id) for name, public_id in stored}
    gone = sorted(db.session.scalars(select(DeletedCredential.name)))
    left = 0
    for sealed in SEALED_TABLES:
        for named, token in db.session.execute(select(sealed.columns.key_id, sealed.columns.sealed)).all():
            assert list(vault.store.keyring.reseal([token], named)) != [None]
            left += named == old_key
    db.session.rollback()
    assert check_consistency(db.session).sound
    return values, gone, left


@pytest.mark.parametrize("name", OPERATIONS)
def test_killed_at_every_boundary_nothing_is_lost_or_half_done(
    name: str, copies: Callable[[int], Any], config: Config
) -> None:
    operation = OPERATIONS[name]
    keys = f"{NEW_KEY},{config.field_encryption_key}" if name == "rotation" else config.field_encryption_key
    old_key = key_id(config.field_encryption_key) if name == "rotation" else ""
    seen, finished = list[Snapshot](), list[Snapshot]()
    for boundary in count(0):
        with copies(boundary) as copied:
            mine = replace(copied, field_encryption_key=keys)
            code = exit_code_of(operation.act, mine, boundary) if boundary else -signal.SIGKILL
            with opened_vault(mine) as vault:
                seen.append(snapshot(vault, old_key))
                operation.act(vault)
                finished.append(snapshot(vault, old_key))
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert boundary > operation.boundaries
    after = finished[0]
    assert finished == [after] * len(finished), "a second run did not finish what was begun"
    assert list(dict.fromkeys(left for _, _, left in seen)) == list(operation.left)
    rest = [state[:2] for state in seen]
    turn = rest.index(after[:2])
    assert rest == [rest[0]] * turn + [after[:2]] * (len(rest) - turn), "something was half-done, or not at all"
