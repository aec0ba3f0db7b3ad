"""What can be restored: its order, pages and search, who deleted it; restoring and erasing chosen ones."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from alembic import command
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, inspect, text

from credstore import create_app
from credstore.config import DATABASE_FILE, Config
from credstore.database import write_options
from credstore.errors import StorageError
from credstore.migrate import _config
from credstore.models import DeletedCredential, db
from credstore.search_index import rebuild_search_index
from credstore.vault import Start, Vault, deleted_search, name_search, restore_chosen
from credstore.vault.deleted_list import taken_keys
from credstore.vault.restore_chosen import NAME_CHOSEN_TWICE, NAME_IN_USE, free_names
from tests.conftest import close
from tests.vault.conftest import KEY, LLM, ON_SQLITE, Together, fill, llm, scalar, statements
from tests.vault.every_use_case import IN_ONE, credential_row
from tests.vault.test_delete import all_ids

GONE = "11111111-1111-4111-8111-111111111111"


def names_of(vault: Vault, query: str = "", **more: Any) -> list[str]:
    return [record.name for record in vault.deleted.page(query, **more).records]


def delete_named(vault: Vault, *names: str, by: str = "") -> list[str]:
    ids = [llm(vault, name).public_id for name in names]
    vault.delete(ids, by)
    return ids


def test_it_says_what_was_deleted_by_whom_and_until_when(vault: Vault) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False):
        (public_id,) = delete_named(vault, "Payments", by="ann")
        (record,) = vault.deleted.page().records
    assert (record.public_id, record.name, record.kind_label) == (public_id, "Payments", "LLM")
    assert (record.deleted_by, record.name_taken) == ("ann", False)
    assert record.deleted_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert record.until == datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert KEY not in repr(record)


def test_where_nobody_is_known_it_says_nobody(vault: Vault) -> None:
    delete_named(vault, "one")
    delete_named(vault, "two", by="x" * 151)
    assert [record.deleted_by for record in vault.deleted.page().records] == ["x" * 150, ""]


def test_the_last_deletion_comes_first_and_of_one_deletion_the_newest_credential(vault: Vault) -> None:
    ids = [llm(vault, name).public_id for name in "abcd"]
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=2), tick=False):
        vault.delete([ids[3], ids[0]])
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=1), tick=False):
        vault.delete([ids[1], ids[2]])
    assert names_of(vault) == ["c", "b", "d", "a"]
    assert [record.name for record in vault.deleted.every()] == ["c", "b", "d", "a"]


def test_what_is_over_is_neither_shown_nor_restored_even_before_it_is_erased(vault: Vault) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        (old,) = delete_named(vault, "old")
        clock.move_to(start + timedelta(days=30) - timedelta(seconds=1))
        assert names_of(vault) == ["old"]
        clock.move_to(start + timedelta(days=30))
        assert names_of(vault) == names_of(vault, "old") == []
        assert list(vault.deleted.every()) == []
        assert vault.deleted.records([old]) == ()
        assert vault.deleted.restore([old]).missing == 1
        assert scalar("SELECT count(*) FROM deleted_credential") == 1
        vault.delete([])  # an hour or more after the last look: erased
        assert scalar("SELECT count(*) FROM deleted_credential") == 0


@pytest.fixture
def many(vault: Vault) -> Vault:
    """2,100 deleted ones, in three deletions; their names end in their number."""
    moment = datetime.now(UTC)
    rows = [
        credential_row(n, id=n, name=f"Key {n:04}", name_key=f"key {n:04}", batch=GONE)
        | {"deleted_at": moment + timedelta(seconds=n // 700)}
        for n in range(2_100)
    ]
    db.session.execute(insert(DeletedCredential), rows, execution_options=IN_ONE)
    rebuild_search_index(db.session.connection())  # it holds what was stored before it was deleted
    db.session.commit()
    return vault


def walk(vault: Vault, query: str, page: Any, step: str) -> Iterator[Any]:
    while page:
        yield page
        key = page.next_key if step == "next" else page.previous_key if page.by_key else None
        page = key and vault.deleted.page(query, 1, Start(key, step == "next"))


def test_pages_have_numbers_up_to_a_thousand_and_then_keys(many: Vault) -> None:
    first = many.deleted.page()
    assert (first.pagination.total, first.capped, first.pagination.pages, first.next_key) == (1000, True, 20, None)
    seen = [record.name for number in range(1, 20) for record in many.deleted.page("", number).records]
    last = many.deleted.page("", 20)
    assert many.deleted.page("", 99).records == last.records
    for page in walk(many, "", last, "next"):
        seen += [record.name for record in page.records]
    assert seen == [f"Key {n:04}" for n in range(2_099, -1, -1)]
    end = list(walk(many, "", last, "next"))[-1]
    back = [page.records for page in walk(many, "", end, "previous") if page.by_key]
    assert [record.name for records in back[::-1] for record in records] == seen
    assert many.deleted.page("", 1, Start(10**9)).records == first.records, "a key of nothing gives the first page"


@pytest.mark.parametrize("way", ["every name", "index", "sorted by walking", "beginnings"])
def test_a_search_finds_the_same_by_every_method(many: Vault, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    if way != "every name":
        monkeypatch.setattr(name_search, "MAX_ROWS_WITHOUT_INDEX", 10)
    if way == "sorted by walking":
        monkeypatch.setattr(deleted_search, "MAX_SORTED_MATCHES", 3)
    if way == "beginnings":
        monkeypatch.setattr(name_search, "MIN_CHARACTERS", 99)
    llm(many, "key 2077 that is stored")
    numbers = range(100) if way == "beginnings" else range(99, -1, -1)
    wanted = [f"Key 20{number:02}" for number in numbers]
    page = many.deleted.page("KEY 20")
    assert [record.name for record in page.records] == wanted[:50]
    assert names_of(many, "key 20", number=2) == wanted[50:]
    assert (page.pagination.total, page.beginnings_only) == (100, way == "beginnings")
    assert names_of(many, "%") == names_of(many, "_ey") == names_of(many, "nobody") == []


def test_a_search_that_finds_more_than_a_thousand_goes_on_by_keys(many: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_search, "MAX_ROWS_WITHOUT_INDEX", 10)
    seen = [record.name for page in walk(many, "key", many.deleted.page("key", 20), "next") for record in page.records]
    assert seen == [f"Key {n:04}" for n in range(1_149, -1, -1)]
    assert len(list(many.deleted.every())) == 2_100


def test_a_page_is_a_few_statements_and_reads_no_sealed_value(many: Vault) -> None:
    db.session.rollback()
    with statements() as seen:
        many.deleted.page()
    sent = [statement for statement in seen if statement not in {"BEGIN", "COMMIT"}]
    assert len(sent) == 3
    assert "sealed" not in " ".join(sent)


def test_chosen_ones_come_back_whole_and_the_others_stay(vault: Vault) -> None:
    ids = delete_named(vault, "one", "two", "three")
    done = vault.deleted.restore([ids[0], ids[2], ids[0], GONE, "x\0y", ""])
    assert (done.names, done.missing, done.refused) == (("one", "three"), 3, {})
    assert vault.resolve(ids[0]) == LLM
    assert names_of(vault) == ["two"]
    assert vault.deleted.restore([ids[0]]).missing == 1


def test_a_taken_name_is_refused_nothing_is_lost_and_a_new_name_helps(vault: Vault) -> None:
    ids = delete_named(vault, "Mine", "other")
    llm(vault, "MINE")
    assert [record.name_taken for record in vault.deleted.records(ids)] == [False, True]
    done = vault.deleted.restore(ids)
    assert (done.names, done.refused) == ((), {ids[0]: NAME_IN_USE})
    assert names_of(vault) == ["other", "Mine"]
    (free,) = vault.deleted.new_names(["Mine"])
    assert vault.deleted.restore(ids, {ids[0]: free}).names == ("Mine (restored)", "other")
    assert vault.resolve(ids[0]) == LLM


def test_two_of_one_name_cannot_both_keep_it(vault: Vault) -> None:
    ids = [*delete_named(vault, "same"), *delete_named(vault, "SAME")]
    assert vault.deleted.problems(vault.deleted.records(ids)) == {ids[0]: NAME_CHOSEN_TWICE}
    assert vault.deleted.restore(ids).refused == {ids[1]: NAME_CHOSEN_TWICE}
    assert vault.deleted.restore(ids, {ids[1]: "same again"}).names == ("same", "same again")


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, "a\0b", "x" * 5000])
def test_an_impossible_new_name_is_refused_with_a_sentence(vault: Vault, name: str) -> None:
    (public_id,) = delete_named(vault, "one")
    refused = vault.deleted.restore([public_id], {public_id: name}).refused
    assert refused[public_id].endswith(".")
    assert names_of(vault) == ["one"]


@ON_SQLITE
def test_free_names_are_free_and_differ(vault: Vault) -> None:
    llm(vault, "a (restored)")
    delete_named(vault, "a (restored 2)")

    @settings(max_examples=25)
    @given(st.lists(st.sampled_from(["a", "A", "b", "x" * 255, "x" * 250]), max_size=9))
    def holds(names: list[str]) -> None:
        found = free_names(db.session, names)
        keys = [name.casefold() for name in found]
        assert len(set(keys)) == len(names)
        assert not {"a (restored)", "a (restored 2)"} & set(keys)
        assert all(new[:244].startswith(old[:200]) and len(new) <= 255 for old, new in zip(names, found, strict=True))

    holds()
    assert free_names(db.session, ["a", "b"]) == ["a (restored 3)", "b (restored)"]
    assert len(set(free_names(db.session, ["same"] * 500))) == 500


def test_thousands_come_back_in_one_transaction(vault: Vault) -> None:
    fill(3_000)
    ids = all_ids()
    vault.delete(ids, "ann")
    with statements() as seen:
        done = vault.deleted.restore([*ids, GONE])
    assert (len(done.names), done.missing) == (3_000, 1)
    assert (seen.count("BEGIN"), seen.count("COMMIT")) == (1, 1)
    assert vault.page().pagination.total == 3_000


@pytest.mark.parametrize("start", ["INSERT INTO credential", "DELETE FROM deleted_credential"])
def test_a_fault_at_any_statement_restores_none(vault: Vault, start: str) -> None:
    ids = delete_named(vault, "one", "two")

    def fail(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith(start):
            raise StorageError("The disk broke.")

    event.listen(db.engine, "after_cursor_execute", fail)
    try:
        with pytest.raises(StorageError):
            vault.deleted.restore(ids, {ids[0]: "new"})
    finally:
        event.remove(db.engine, "after_cursor_execute", fail)
    assert names_of(vault) == ["two", "one"]
    assert vault.page().records == ()


def test_the_same_restoring_and_erasing_at_once_happens_once(vault: Vault, together: Together) -> None:
    fill(100)
    ids = all_ids()
    vault.delete(ids)
    results = together(*(lambda: len(vault.deleted.restore(ids).names) for _ in range(3)))
    assert sorted(results, key=str) == [0, 0, 100]
    vault.delete(ids)
    results = together(*(lambda: vault.deleted.erase(ids) for _ in range(3)))
    assert sorted(results, key=str) == [0, 0, 100]


def test_a_name_that_is_taken_between_the_look_and_the_move_is_refused(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    (public_id,) = delete_named(vault, "one")
    llm(vault, "One")
    looks: list[int] = []

    def look(*args: Any) -> set[str]:
        looks.append(1)
        return taken_keys(*args) if len(looks) > 1 else set()  # at the first look the name was still free

    monkeypatch.setattr(restore_chosen, "taken_keys", look)
    assert vault.deleted.restore([public_id]).refused == {public_id: NAME_IN_USE}
    assert (len(looks), names_of(vault)) == (2, ["one"])


def test_erased_is_gone_with_all_that_belongs_to_it(vault: Vault) -> None:
    ids = delete_named(vault, "one", "two")
    vault.deleted.restore([ids[0]])
    vault.edit(ids[0], version=1, name="one", values=LLM | {"api_key": "sk-other-0123456789"})
    vault.delete([ids[0]])
    assert vault.deleted.erase([ids[0], GONE, "x\0"]) == 1
    assert names_of(vault) == ["two"]
    assert scalar("SELECT count(*) FROM replaced_secret") == 0
    assert vault.deleted.restore([ids[0]]).missing == 1


@ON_SQLITE
def test_what_is_erased_is_in_no_file_and_in_no_index(vault: Vault, config: Config) -> None:
    ids = delete_named(vault, "zebrafish", "quokka")
    sealed = scalar("SELECT sealed FROM deleted_credential WHERE name = 'zebrafish'")
    assert vault.deleted.erase(ids[:1]) == 1
    db.session.remove()
    folder = Path(config.data_dir)
    files = {file.name: file.read_bytes() for file in folder.iterdir() if file.name.startswith(DATABASE_FILE)}
    assert files
    assert [name for name, content in files.items() if sealed.encode() in content or b"zebra" in content] == []
    assert any(b"quokka" in content for content in files.values())


def test_a_stored_credential_is_never_erased(vault: Vault) -> None:
    record = llm(vault)
    assert vault.deleted.erase([record.public_id]) == 0
    assert vault.get(record.public_id) == record


@ON_SQLITE
def test_with_a_wrong_key_restoring_works(vault: Vault, config: Config, make_app: Any, keys: str) -> None:
    (public_id,) = delete_named(vault, "one", by="ann")
    locked = make_app(Config(**(vars_of(config) | {"field_encryption_key": Fernet.generate_key().decode()})))
    with locked.app_context():
        other: Vault = locked.extensions["credstore"].vault
        assert other.key_state().locked
        assert other.deleted.restore([public_id]).names == ("one",)
    assert vault.resolve(public_id) == LLM


def vars_of(config: Config) -> dict[str, Any]:
    return {name: getattr(config, name) for name in ("data_dir", "secret_key", "bind")}


def test_rows_from_before_the_migration_have_nobody(config: Config) -> None:
    app = create_app(config)
    with app.app_context():
        with db.engine.connect().execution_options(**write_options("sqlite")) as connection, connection.begin():
            command.upgrade(_config(connection), "0007")
        then = {column["name"] for column in inspect(db.engine).get_columns("deleted_credential")}
        row = credential_row(1, id=1, batch=GONE, deleted_at=datetime.now(UTC))
        row = {name: value for name, value in row.items() if name in then}
        names = ", ".join(row)
        values = row | {"public": "{}", "deleted_at": f"{row['deleted_at']:%Y-%m-%d %H:%M:%S}", "expires_at": None}
        more = "created_at, updated_at, version, content_version, expiry_from_provider"
        db.session.execute(
            text(
                f"INSERT INTO deleted_credential ({names}, {more}) VALUES ({', '.join(f':{name}' for name in row)},"
                " '2026-01-01 00:00:00', '2026-01-01 00:00:00', 1, 1, 0)"
            ),
            values,
        )
        db.session.commit()
        with db.engine.connect().execution_options(**write_options("sqlite")) as connection, connection.begin():
            command.upgrade(_config(connection), "head")
        (record,) = app.extensions["credstore"].vault.deleted.page().records
        assert (record.name, record.deleted_by) == (row["name"], "")
    close(app)
