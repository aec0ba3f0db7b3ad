"""What the tests of the pages share: forms filled in, rows stored, statements counted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import event

from credstore.accounts import passwords
from credstore.models import db
from tests.page import Page

KEY = "sk-live-canary-7Hq2Zt9Wn4Lx"
TOKEN = "123456789:AAcanary-Zq8Xw2Lm7Rt4Yv"
JSON = {"Accept": "application/json"}


def llm(name: str = "OpenAI production", **more: str) -> dict[str, Any]:
    """The create form for an LLM; `more` are its own fields without their prefix."""
    own = {"provider_type": "openai", "api_key": KEY} | more
    return {"type": "llm", "name": name} | {f"llm-{field}": value for field, value in own.items()}


def telegram(name: str = "Bot") -> dict[str, Any]:
    return {"type": "telegram", "name": name, "telegram-bot_token": TOKEN}


def extra(kind: str, config: str, name: str = "Deploy key") -> dict[str, Any]:
    return {"type": kind, "name": name, f"{kind}-extra_config": config}


Store = Callable[..., str]


@pytest.fixture
def store(app: Flask) -> Store:
    """Stores an LLM credential through the vault; returns its public id."""

    def put(name: str = "OpenAI production", **values: str) -> str:
        filled = {"provider_type": "openai", "api_key": KEY} | values
        with app.app_context():
            return str(app.extensions["credstore"].vault.create("llm", name, filled).public_id)

    return put


@pytest.fixture
def fill(app: Flask) -> Callable[[int], None]:
    """Fills the list with this many rows, quickly."""

    def put(number: int) -> None:
        with app.app_context():
            vault = app.extensions["credstore"].vault
            for count in range(number):
                vault.create("llm", f"row {count:04}", {"provider_type": "openai", "api_key": f"{KEY}{count}"})

    return put


@pytest.fixture
def program(admin: Page) -> Callable[..., Any]:
    """Asks as a signed-in program does: `program("post", url, data)`; the answer is JSON."""

    def send(method: str, url: str, data: dict[str, Any] | None = None, *, status: int) -> Any:
        if method == "get":
            answer = admin.get(url, status=status, headers=JSON)
        else:
            admin.get("/credentials/new")
            answer = admin.post(url, data, status=status, headers=JSON)
        wanted = "application/json" if status < 400 else "application/problem+json"
        assert answer.mimetype == wanted, answer.mimetype
        return answer.json

    return send


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The SQL sent while the block runs, without BEGIN, COMMIT and the pragmas of a new connection."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def rows(app: Flask, sql: str) -> list[Any]:
    with app.app_context(), db.engine.connect() as connection:
        return list(connection.exec_driver_sql(sql).all())


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is slow on purpose; that it is belongs to tests/access."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
