"""Sessions end by sign-out, after the idle time, and after the longest time."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event, func, select, text

from credstore.accounts import Accounts
from credstore.models import LoginSession, db
from tests.access.conftest import HERE, IDLE, LONGEST, NAME, PASSWORD

START = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def token(accounts: Accounts) -> str:
    with time_machine.travel(START, tick=False):
        accounts.create(NAME, PASSWORD)
        return accounts.sign_in(NAME, PASSWORD, HERE)


def at(after: timedelta) -> time_machine.travel:
    return time_machine.travel(START + after, tick=False)


def test_signing_out_ends_this_session_only(accounts: Accounts, token: str) -> None:
    with at(timedelta(0)):
        other = accounts.sign_in(NAME, PASSWORD, HERE)
        accounts.sign_out(token)
        assert accounts.session_user(token) is None
        assert accounts.session_user(other) is not None
        accounts.sign_out(token)


@pytest.mark.parametrize("wrong", ["", "x", "\ud800", "a\0b", "x" * 100_000])
def test_a_made_up_token_is_nobody(accounts: Accounts, token: str, wrong: str) -> None:
    with at(timedelta(0)):
        assert accounts.session_user(wrong) is None
        assert accounts.session_user(token.swapcase()) is None


def test_idle(accounts: Accounts, token: str) -> None:
    with at(IDLE - timedelta(seconds=1)):
        assert accounts.session_user(token) is not None
    with at(2 * IDLE - timedelta(seconds=2)):
        assert accounts.session_user(token) is not None, "a request keeps the session alive"
    with at(3 * IDLE):
        assert accounts.session_user(token) is None


def test_longest(accounts: Accounts, token: str) -> None:
    step = timedelta(minutes=20)
    for number in range(1, LONGEST // step):
        with at(number * step):
            assert accounts.session_user(token) is not None
    with at(LONGEST):
        assert accounts.session_user(token) is None


def test_one_select_and_at_most_one_update_a_minute(accounts: Accounts, token: str) -> None:
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2].split()[0]))
    for seconds, expected in [(0, ["SELECT"]), (59, ["SELECT"]), (61, ["SELECT", "UPDATE"]), (100, ["SELECT"])]:
        with at(timedelta(seconds=seconds)):
            db.session.rollback()
            statements.clear()
            assert accounts.session_user(token) is not None
            assert [word for word in statements if word not in {"BEGIN", "SET"}] == expected


def test_a_session_can_be_read_while_nothing_can_be_written(accounts: Accounts, token: str, database_url: str) -> None:
    if database_url:
        pytest.skip("query_only is SQLite's")
    db.session.execute(text("PRAGMA query_only=ON"))
    db.session.commit()
    with at(timedelta(minutes=5)):
        assert accounts.session_user(token) is not None


def test_expired_rows_are_removed_at_the_next_sign_in(accounts: Accounts, token: str) -> None:
    with at(LONGEST):
        accounts.sign_in(NAME, PASSWORD, HERE)
        assert db.session.scalar(select(func.count()).select_from(LoginSession)) == 1
