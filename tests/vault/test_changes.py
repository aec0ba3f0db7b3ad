"""The feed of changes: each change once, in order, none skipped by a cursor whatever order writers commit in."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from credstore.database import write_options
from credstore.errors import CursorExpired
from credstore.models import db, utc_now
from credstore.vault import Vault, change_positions
from credstore.vault.change_positions import purge_changes
from tests.vault.conftest import PUBLIC, Together, fill, llm, scalar, sql
from tests.vault.test_delete import all_ids


def actions(vault: Vault, after: int = 0) -> list[tuple[str, str]]:
    return [(change.action, change.public_id) for change in vault.changes(after, 1000).changes]


def test_what_becomes_of_a_credential_is_told_in_order(vault: Vault) -> None:
    one = llm(vault, "one").public_id
    vault.edit(one, version=1, name="renamed", values=PUBLIC)
    vault.record_use(one, "w")
    two = llm(vault, "two").public_id
    vault.move_references(one, two)
    vault.move_references(one, two)  # there is nothing left to move
    batch = vault.delete([one]).batch
    vault.restore(batch)
    told = [("created", one), ("edited", one), ("created", two), ("moved", one), ("deleted", one), ("restored", one)]
    assert actions(vault) == told
    assert vault.changes(3, 1).changes[0].moved_to == two


@pytest.mark.parametrize("number", [150, 400])
def test_a_deletion_of_many_and_its_undo_are_told_for_each(vault: Vault, number: int) -> None:
    """SQLite drops its triggers for a large deletion."""
    fill(number)
    ids, start = all_ids(), vault.newest_cursor()
    batch = vault.delete(ids).batch
    assert sorted(actions(vault, start)) == sorted(("deleted", each) for each in ids)
    since = "SELECT count(*) FROM credential_change WHERE action = 'deleted' AND changed_at > '{}'"
    for moment, told in ((timedelta(minutes=-5), number), (timedelta(minutes=5), 0)):
        assert scalar(since.format(f"{utc_now() + moment:%Y-%m-%d %H:%M:%S.%f}+00")) == told
    start = vault.newest_cursor()
    vault.restore(batch)
    assert sorted(actions(vault, start)) == sorted(("restored", each) for each in ids)


def test_pages_of_any_size_give_each_change_once(vault: Vault) -> None:
    ids = [llm(vault, f"number {number}").public_id for number in range(7)]
    for limit in (1, 2, 3, 7, 8):
        cursor, seen, more = 0, list[str](), True
        while more:
            found = vault.changes(cursor, limit)
            seen += [change.public_id for change in found.changes]
            cursor, more = found.cursor, found.more
        assert seen == ids
        assert vault.changes(cursor).changes == ()


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_writer_that_commits_late_is_not_skipped(vault: Vault) -> None:
    """It takes its id first and commits last. The cursor has passed the other one's by then."""
    insert = text("INSERT INTO credential_change (action, public_id, changed_at) VALUES ('edited', :id, now())")
    with db.engine.connect().execution_options(**write_options("postgresql")) as late:
        late.execute(insert, {"id": "late"})
        sql(str(insert), id="early")
        first = vault.changes()
        assert [change.public_id for change in first.changes] == ["early"]
        late.commit()
    assert scalar("SELECT min(id) FROM credential_change WHERE public_id = 'late'") == 1
    assert [change.public_id for change in vault.changes(first.cursor).changes] == ["late"]


def test_a_reader_beside_many_writers_misses_nothing_and_sees_nothing_twice(vault: Vault, together: Together) -> None:
    written, ended = list[str](), threading.Semaphore(0)

    def read() -> list[str]:
        cursor, seen, last = 0, list[str](), False
        left = 4
        while not last:
            left -= ended.acquire(blocking=False)
            last = not left  # one more look after the last writer
            found = vault.changes(cursor, 5)
            seen += [change.public_id for change in found.changes]
            cursor, last = found.cursor, last and not found.more
        return seen

    def write(start: int) -> None:
        try:
            written.extend(llm(vault, f"{start}-{number}").public_id for number in range(12))
        finally:
            ended.release()

    seen, *others = together(read, *(lambda start=start: write(start) for start in range(4)))
    assert others == [None] * 4
    assert sorted(seen) == sorted(written)


def test_readers_at_once_number_each_change_once(vault: Vault, together: Together) -> None:
    ids = [llm(vault, f"number {number}").public_id for number in range(20)]
    results = together(*(lambda: vault.changes(0, 100) for _ in range(6)))
    assert all([change.public_id for change in result.changes] == ids for result in results), results
    assert len({change.position for change in results[0].changes}) == 20


def test_old_changes_and_too_many_are_forgotten_and_their_cursors_refused(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        llm(vault, f"number {number}")
    assert vault.newest_cursor() == 6
    sql("UPDATE credential_change SET changed_at = :old WHERE position <= 2", old=datetime(2020, 1, 1, tzinfo=UTC))
    purge_changes(db.session)
    monkeypatch.setattr(change_positions, "MOST_KEPT", 3)
    purge_changes(db.session)
    assert [change.position for change in vault.changes().changes] == [4, 5, 6]
    assert [change.position for change in vault.changes(3).changes] == [4, 5, 6]
    for expired in (1, 2, 7, -1, 2**31 - 1):
        with pytest.raises(CursorExpired):
            vault.changes(expired)


def test_a_clock_that_was_wrong_makes_no_hole(vault: Vault) -> None:
    for number in range(4):
        llm(vault, f"number {number}")
    vault.newest_cursor()
    sql("UPDATE credential_change SET changed_at = :old WHERE position IN (1, 3)", old=datetime(2020, 1, 1, tzinfo=UTC))
    purge_changes(db.session)
    assert [change.position for change in vault.changes().changes] == [2, 3, 4]


def test_the_newest_change_stays_so_that_no_position_is_given_twice(vault: Vault) -> None:
    llm(vault, "old")
    assert vault.newest_cursor() == 1
    sql("UPDATE credential_change SET changed_at = :old", old=datetime(2020, 1, 1, tzinfo=UTC))
    purge_changes(db.session)
    llm(vault, "new")
    assert vault.newest_cursor() == 2
