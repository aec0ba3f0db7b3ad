"""A vault whose provider is a function, and what the tests need to look behind it: SQL, statements, other threads."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from credstore.models import db
from credstore.probe import ProbeRequest, ProbeResponse
from credstore.tester import Tester
from credstore.vault import Record, Vault

KEY = "sk-CANARY-0123456789abcdef"
LOCAL = "http://127.0.0.1:11434/v1"
LLM = {"provider_type": "openai_compatible", "api_key": KEY, "base_url": LOCAL}
PUBLIC = {"provider_type": "openai_compatible", "base_url": LOCAL}
ON_SQLITE = pytest.mark.parametrize("database_url", [""], ids=["sqlite"])  # where the database makes no difference
TOKEN = "123456789:CANARYcanary_0123456789"


class Provider:
    """The outbound client of these tests: accepts KEY alone. `before` runs inside each request."""

    def __init__(self) -> None:
        self.asks: list[ProbeRequest] = []
        self.key = KEY
        self.before: Callable[[], None] = lambda: None

    def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
        self.asks.append(ask)
        self.before()
        right = ask.headers.get("Authorization") == f"Bearer {self.key}"
        return ProbeResponse(status=200, json={"data": [{"id": "m"}]}) if right else ProbeResponse(status=401)


@pytest.fixture
def llm_provider(stored_app: Flask) -> Provider:
    fake_client = Provider()
    stored_app.extensions["credstore"].vault.tests.tester = Tester(fake_client)
    return fake_client


def llm(vault: Vault, name: str = "an LLM", **values: str) -> Record:
    return vault.create("llm", name, LLM | values)


def sql(statement: str, **values: Any) -> None:
    """Change the database behind credstore's back."""
    db.session.execute(text(statement), values)
    db.session.commit()


def scalar(statement: str, **values: Any) -> Any:
    db.session.rollback()  # ends a read that began before another thread wrote
    found = db.session.execute(text(statement), values).scalar()
    db.session.rollback()
    return found


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement, BEGIN and COMMIT of the block, in order."""
    seen: list[str] = []
    engine = db.engine

    def execute(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    def begin(conn: Any) -> None:
        seen.append("BEGIN")

    def commit(conn: Any) -> None:
        seen.append("COMMIT")

    listeners = (("before_cursor_execute", execute), ("begin", begin), ("commit", commit))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield seen
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


Together = Callable[..., list[Any]]


@pytest.fixture
def together(stored_app: Flask) -> Together:
    """Runs calls at once, each in a thread and session of its own; gives results, or the exceptions raised."""

    def one(call: Callable[[], Any]) -> Any:
        with stored_app.app_context():
            try:
                return call()
            except Exception as error:
                return error

    def run(*calls: Callable[[], Any]) -> list[Any]:
        db.session.rollback()
        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, calls))

    return run


def fill(number: int, key_id: str = "00000000") -> None:
    """Insert many rows by SQL; their sealed values are rubbish on purpose."""
    # One statement for each row took most of the time of a test that has thousands. The second of these two adds to
    # counts that are there.
    statement = """
        WITH RECURSIVE numbers(n) AS (
            SELECT CAST(:first AS INTEGER) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :end
        ), rows AS (
            SELECT n, 'row ' || n AS name, substr(CAST(1000000000000 + n AS TEXT), 2) AS digits FROM numbers
        )
        INSERT INTO credential
            (public_id, name, name_key, kind, public, secret_names, sealed, key_id, created_at, updated_at, version)
        SELECT '00000000-0000-4000-8000-' || digits, name, name, 'llm', '{"provider_type": "openai"}', 'api_key',
            'rubbish', :key_id, '2026-01-01 00:00:00', '2026-01-01 00:00:00', 1
        FROM rows ORDER BY n
    """
    for first, end in ((0, number // 2), (number // 2, number)):
        if first < end:
            db.session.execute(text(statement), {"first": first, "end": end, "key_id": key_id})
    if number:
        db.session.commit()
