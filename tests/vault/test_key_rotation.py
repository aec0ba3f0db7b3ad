"""Changing the key: every table is encrypted anew while others write; verify and retire tell what still needs a key."""

import threading
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from credstore.encryption import encrypting_processes
from credstore.encryption.key_verification import require_needed_keys
from credstore.encryption.keyring import Keyring, key_id
from credstore.encryption.sealed_tables import SEALED_TABLES
from credstore.errors import ConfigError, CredstoreError, Locked, Refused
from credstore.models import Base, db
from credstore.tester import Tester
from credstore.vault import Vault
from credstore.vault.encryption_keys import Rotation, rotation
from tests.vault.conftest import KEY, LLM, ON_SQLITE, TOKEN, Provider, Together, llm, scalar, sql

NEW = Fernet.generate_key().decode()
OTHER_KEY = "sk-CANARY-another-0123456789"


def with_keys(text: str) -> Vault:
    """Another process over the same database, with these keys."""
    return Vault(db.session, Keyring(text), Tester(Provider()))


@pytest.fixture
def both(vault: Vault, keys: str) -> Vault:
    """The vault of somebody who put a new key before the old one."""
    return with_keys(f"{NEW},{keys}")


def rotate(vault: Vault, batch: int = 2) -> Rotation:
    found = Rotation(vault.store, processes=0, batch=batch)
    list(found.run())
    return found


def fill_every_sealed_table(vault: Vault) -> dict[str, dict[str, str]]:
    """Five credentials of all types, three of them with a replaced secret, and a deleted one with one too."""
    made = [llm(vault, f"LLM {number}") for number in range(4)]
    made.append(vault.create("telegram", "bot", {"bot_token": TOKEN}))
    made.append(vault.create("git", "Deploy", {"extra_config": '{"a": "CANARY"}'}))
    for record in made[:4]:
        vault.edit(record.public_id, version=1, name=record.name, values=LLM | {"api_key": OTHER_KEY})
    vault.delete([made[0].public_id])
    return {record.public_id: vault.resolve(record.public_id) for record in made[1:]}


def key_ids() -> set[str]:
    return {scalar(f"SELECT {side}(key_id) FROM {t.table.name}") for t in SEALED_TABLES for side in ("min", "max")}


def test_every_column_with_encrypted_values_is_in_a_table_that_is_rotated() -> None:
    known = {sealed.table.name for sealed in SEALED_TABLES}
    assert {name for name, table in Base.metadata.tables.items() if "sealed" in table.columns} == known
    columns = {column.name for table in Base.metadata.tables.values() for column in table.columns}
    assert {name for name in columns if "encrypted" in name or "cipher" in name} == set()


def test_every_table_is_encrypted_anew_and_opens_with_the_new_key_alone(vault: Vault, both: Vault, keys: str) -> None:
    values = fill_every_sealed_table(vault)
    assert key_ids() == {key_id(keys)}
    done = rotate(both)
    assert key_ids() == {key_id(NEW)}
    alone = with_keys(NEW)
    assert {public_id: alone.resolve(public_id) for public_id in values} == values
    assert [status.use.words for status in both.keys.status()] == [
        "5 credentials, 1 deleted credential, 4 replaced secrets",
        "nothing",
    ]
    last = both.keys.last_rotation()
    assert last is not None
    assert (last.state, last.rotated, last.unreadable) == ("ended", 10, 0)
    assert done.count() == 0
    opening = alone.keys.opening()
    assert list(opening.run()) == [5, 1, 4]
    assert (opening.opened, opening.failed) == (10, {})


def test_undo_put_back_and_the_same_secret_work_after_a_rotation(vault: Vault, both: Vault) -> None:
    fill_every_sealed_table(vault)
    batch = scalar("SELECT batch FROM deleted_credential")
    rotate(both)
    alone = with_keys(NEW)
    assert alone.restore(batch) == 1
    again = scalar("SELECT public_id FROM credential WHERE name = 'LLM 0'")
    assert alone.resolve(again)["api_key"] == OTHER_KEY
    assert sorted(alone.names_with_same_secret(again)) == ["LLM 1", "LLM 2", "LLM 3"]
    alone.put_back(again, version=alone.get(again).version)
    assert alone.resolve(again)["api_key"] == KEY
    llm(alone, "the same", api_key=OTHER_KEY)
    new = scalar("SELECT public_id FROM credential WHERE name = 'the same'")
    assert sorted(alone.names_with_same_secret(new)) == ["LLM 1", "LLM 2", "LLM 3"]


def test_an_open_form_can_still_be_saved(vault: Vault, both: Vault) -> None:
    record = llm(vault)
    rotate(both)
    assert both.edit(record.public_id, version=record.version, name="renamed", values=LLM).name == "renamed"


def test_a_secret_that_was_changed_meanwhile_wins(vault: Vault, both: Vault, stored_app: Flask) -> None:
    """The edit comes after the batch was read and encrypted, from a server that has the old key alone."""
    records = [llm(vault, f"LLM {number}") for number in range(5)]
    edited: list[str] = []

    def edit(moment: str) -> None:
        if moment == "read" and not edited:
            edited.append(records[1].public_id)
            thread = threading.Thread(target=edit_in_another_session)
            thread.start()
            thread.join()

    def edit_in_another_session() -> None:
        with stored_app.app_context():
            vault.edit(records[1].public_id, version=1, name="LLM 1", values=LLM | {"api_key": OTHER_KEY})

    rotation = Rotation(both.store, processes=0, batch=5)
    rotation.at = edit
    steps = list(rotation.run())
    assert steps[0].rows == 4
    assert steps[-1].rotated == 6, "five credentials, and the secret that the edit replaced"
    alone = with_keys(NEW)
    assert alone.resolve(records[1].public_id)["api_key"] == OTHER_KEY
    assert key_ids() - {None} == {key_id(NEW)}


def test_what_is_deleted_or_restored_meanwhile_is_found_by_the_next_pass(
    vault: Vault, both: Vault, stored_app: Flask
) -> None:
    records = [llm(vault, f"LLM {number}") for number in range(4)]
    gone = vault.delete([records[0].public_id]).batch
    calls: list[str] = []

    def move(moment: str) -> None:
        calls.append(moment)
        if calls == ["read"]:
            thread = threading.Thread(target=move_in_another_session)
            thread.start()
            thread.join()

    def move_in_another_session() -> None:
        with stored_app.app_context():
            vault.restore(gone)
            vault.delete([records[1].public_id])

    rotation = Rotation(both.store, processes=0, batch=2)
    rotation.at = move
    assert list(rotation.run())[-1].rotated == 4
    assert key_ids() - {None} == {key_id(NEW)}


def test_a_damaged_row_is_left_told_and_keeps_its_key(vault: Vault, both: Vault, keys: str) -> None:
    one, two = llm(vault, "one"), llm(vault, "two")
    sql("UPDATE credential SET sealed = 'rubbish' WHERE public_id = :id", id=one.public_id)
    rotate(both)
    last = both.keys.last_rotation()
    assert last is not None
    assert (last.rotated, last.unreadable) == (1, 1)
    opening = with_keys(NEW).keys.opening()
    list(opening.run())
    assert opening.named == [("credential", one.public_id, "needs another key")]
    with pytest.raises(Refused, match=f"The key {key_id(keys)} is still needed: it encrypted 1 credential. Run"):
        both.keys.retire(key_id(keys))
    both.delete([one.public_id])
    both.purge_deleted()
    both.keys.retire(key_id(keys))
    assert scalar("SELECT count(*) FROM key_check") == 1
    assert both.resolve(two.public_id)["api_key"] == KEY


@ON_SQLITE
def test_a_rotation_makes_no_changed_row_right_again(vault: Vault, both: Vault) -> None:
    one, two = llm(vault, "one"), llm(vault, "two")
    sql("UPDATE credential SET sealed = (SELECT sealed FROM credential WHERE name = 'two') WHERE name = 'one'")
    sql("UPDATE credential SET secret_names = 'api_key bogus' WHERE name = 'two'")
    rotate(both)
    opening = with_keys(NEW).keys.opening()
    list(opening.run())
    assert opening.failed == {"was changed outside credstore": 2}
    assert {name for _, name, _ in opening.named} == {one.public_id, two.public_id}


@ON_SQLITE
def test_verify_tells_rows_of_another_key_and_damaged_ones(vault: Vault, both: Vault, keys: str) -> None:
    llm(vault, "old")
    damaged = llm(both, "damaged")
    sql("UPDATE credential SET sealed = 'rubbish' WHERE public_id = :id", id=damaged.public_id)
    opening = both.keys.opening()
    list(opening.run())
    assert opening.failed == {"needs another key": 1, "is damaged": 1}
    assert opening.opened == 0


@ON_SQLITE
def test_the_key_that_encrypts_an_unknown_one_and_a_needed_one_are_not_retired(
    vault: Vault, both: Vault, keys: str
) -> None:
    llm(vault)
    for retired, words in (
        (key_id(NEW), "encrypts new secrets"),
        ("00000000", "No key 00000000 has encrypted anything"),
        (key_id(keys), "is still needed: it encrypted 1 credential. Run: credstore keys rotate"),
    ):
        with pytest.raises(Refused, match=words):
            both.keys.retire(retired)
    llm(both, "new")
    with pytest.raises(Refused, match=r"It is not configured.*--lost"):
        with_keys(NEW).keys.retire(key_id(keys))


@ON_SQLITE
def test_a_server_that_still_encrypts_with_a_retired_key_loses_nothing(vault: Vault, both: Vault, keys: str) -> None:
    """It was not restarted: start-up with the new key alone is refused, naming the row, and a rotation takes it."""
    for name in ("one", "two"):
        llm(vault, name)
    assert vault.store.key_registered, "it looks no more whether its key is known"
    rotate(both)
    both.keys.retire(key_id(keys))
    record = llm(vault, "after")
    with pytest.raises(ConfigError, match=f"{key_id(keys)} encrypted 1 credential"):
        require_needed_keys(db.session, Keyring(NEW))
    with pytest.raises(Refused, match="still needed: it encrypted 1 credential"):
        both.keys.retire(key_id(keys))
    rotate(both)
    assert require_needed_keys(db.session, Keyring(NEW)) == ""
    assert with_keys(NEW).resolve(record.public_id)["api_key"] == KEY


@ON_SQLITE
def test_a_lost_key_is_given_up_and_its_rows_stay_unreadable(vault: Vault, keys: str) -> None:
    record = llm(vault)
    later = with_keys(NEW)
    with pytest.raises(Locked):
        llm(later, "new")
    assert later.keys.retire(key_id(keys), lost=True).words == "1 credential"
    later = with_keys(NEW)
    assert later.resolve(llm(later, "new").public_id)["api_key"] == KEY
    with pytest.raises(CredstoreError, match="which is not configured"):
        later.resolve(record.public_id)
    assert with_keys(f"{NEW},{keys}").resolve(record.public_id)["api_key"] == KEY, "it was found again"


@ON_SQLITE
def test_a_wrong_key_rotates_and_verifies_nothing(vault: Vault) -> None:
    llm(vault)
    wrong = with_keys(NEW)
    for use in (wrong.keys.rotation().run(), wrong.keys.opening().run()):
        with pytest.raises(Locked):
            list(use)
    assert wrong.keys.status()[1].use.words == "1 credential"


def test_two_rotations_at_once_share_the_work(vault: Vault, keys: str, together: Together) -> None:
    for number in range(30):
        llm(vault, f"LLM {number}")
    two = [with_keys(f"{NEW},{keys}") for _ in range(2)]
    done = together(*(lambda v=v: list(Rotation(v.store, processes=0, batch=5).run()) for v in two))
    assert sum(step.rows for steps in done for step in steps) == 30
    assert key_ids() - {None} == {key_id(NEW)}
    assert scalar("SELECT count(*) FROM key_check") == 2


def test_the_newest_secret_of_eight_writers_wins(vault: Vault, both: Vault, keys: str, together: Together) -> None:
    """Half of the writers still have the old key alone, as servers have that were not restarted yet."""
    records = [llm(vault, f"LLM {number}") for number in range(8)]
    writing = threading.Event()

    def write(number: int) -> str:
        mine = with_keys(keys if number % 2 else f"{NEW},{keys}")
        public_id, secret = records[number].public_id, ""
        for turn in range(5):
            secret = f"sk-CANARY-{number}-{turn}-0123456789"
            version = mine.get(public_id).version
            mine.edit(public_id, version=version, name=f"LLM {number}", values=LLM | {"api_key": secret})
            writing.set()
        return secret

    def rotate_meanwhile() -> str:
        writing.wait(10)
        for _ in range(4):
            rotate(with_keys(f"{NEW},{keys}"))
        return ""

    found = together(*(lambda n=n: write(n) for n in range(8)), rotate_meanwhile)
    rotate(both)
    alone = with_keys(NEW)
    assert [alone.resolve(record.public_id)["api_key"] for record in records] == found[:8]
    assert key_ids() - {None} == {key_id(NEW)}


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "WORTH_PROCESSES", 0)
    monkeypatch.setattr("credstore.vault.encryption_keys.opening.WORTH_PROCESSES", 0)


@ON_SQLITE
def test_other_processes_do_the_same_work(vault: Vault, both: Vault, processes: None) -> None:
    values = fill_every_sealed_table(vault)
    steps = list(Rotation(both.store, processes=2, batch=2).run())
    assert steps[-1].rotated == 10
    alone = with_keys(NEW)
    assert {public_id: alone.resolve(public_id) for public_id in values} == values
    opening = alone.keys.opening()
    list(opening.run())
    assert (opening.opened, opening.failed) == (10, {})


@pytest.mark.parametrize("count", [0, 2])
def test_no_more_batches_are_in_memory_than_processes_and_one(count: int) -> None:
    """So the memory of a rotation does not grow with the number of rows."""
    asked, given, most = 0, 0, 0

    def batches() -> Iterator[encrypting_processes.Batch]:
        nonlocal asked, most
        for number in range(20):
            asked += 1
            most = max(most, asked - given)
            yield encrypting_processes.Batch(number, [str(number)])

    found = set[tuple[int, str]]()
    for batch, results in encrypting_processes.carry_out(list, batches(), processes=count):
        given += 1
        found.add((batch.origin, *results))
    assert found == {(number, str(number)) for number in range(20)}
    assert most == count + 1


def test_a_process_that_is_ended_from_outside_is_one_sentence() -> None:
    batches = [encrypting_processes.Batch(None, [1])]
    with pytest.raises(CredstoreError, match="ended from outside"):
        list(encrypting_processes.carry_out(die, batches, processes=1))


def die(_items: list[int]) -> list[int]:
    raise SystemExit(1)
