"""The fixtures that every test may ask for; servers, browser, database and provider live in tests/fixtures/."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings

from credstore import create_app
from credstore.accounts import passwords
from credstore.config import DATABASE_FILE, Config
from credstore.database import close_database
from credstore.log_lines import LOGGERS
from tests.fixtures.command_here import prepare_only
from tests.fixtures.compiled_once import compile_once
from tests.fixtures.frozen_heap import freeze_heap
from tests.fixtures.migrated import migrated_database
from tests.page import Page
from tests.sign_in import LIGHT_HASHES, PASSWORD, SECRET_KEY, USERNAME  # noqa: F401 - tests take them from here

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.provider",
    "tests.fixtures.serving",
    "tests.fixtures.browsing",
    "tests.fixtures.mail",
    "tests.fixtures.signed_in",
]

# Hypothesis would fail an example that takes 200 ms, as any may on a busy machine.
settings.register_profile("without deadline", settings.default, deadline=None)
settings.load_profile("without deadline")

_UMASK = os.umask(0o022)
os.umask(_UMASK)

MakeApp = Callable[[Config], Flask]


def close(app: Flask) -> None:
    """Give back every connection, so that none is left for the garbage collector to complain of."""
    close_database(app)


compile_once()

# Files that take long, the longest first: begun last, one would keep a single process busy at the end.
SLOW_FILES = (
    "browser/test_looks.py",
    "deployment/test_documented_commands.py",
    "vault/test_explain.py",
    "test_bench.py",
    "vault/test_list_laws.py",
    "serving/test_first_start.py",
    "deployment/test_compose.py",
    "browser/test_runs.py",
    "serving/test_under_load.py",
    "serving/test_backup.py",
    "vault/test_put_back_orders.py",
    "deployment/test_kubernetes.py",
    "test_wheel.py",
    "test_canary.py",
    "real_servers/test_llm.py",
    "test_dependencies.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow files first, the others as they were found."""
    ranks = {Path(__file__).parent / name: rank for rank, name in enumerate(SLOW_FILES)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


def pytest_collection_finish() -> None:
    """What is there by now stays to the end: the garbage collector, which would look through all of it in each test,
    takes a third of the time of a test."""
    freeze_heap()


@pytest.fixture(autouse=True)
def restore_umask() -> Iterator[None]:
    """The `credstore` command makes files for their owner alone, and tests run it in their own process."""
    yield
    os.umask(_UMASK)


@pytest.fixture(scope="session", autouse=True)
def no_server_replaces_the_tests() -> Iterator[None]:
    """`credstore serve`, called in this process, does what it does before it becomes the server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("credstore.cli.serve.replace_process", prepare_only)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_memory_is_given_back() -> Iterator[None]:
    """After each change of many rows a server collects garbage, which is quick there. Here it would look through all
    that the tests hold, for 0.1 s and more each time. Tests of servers and of `freed_memory` see it done."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("database", "sqlite_engine"):
            patch.setattr(f"credstore.{module}.return_memory", lambda: None)
        yield


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    """An application configures the loggers of the process; a test finds no handler of another one, also not of one
    that lives as long as the session: it would write into what a command prints."""
    before = [(logger, logger.level) for logger in map(logging.getLogger, LOGGERS)]
    for logger, _ in before:
        logger.handlers.clear()
    yield
    for logger, level in before:
        logger.setLevel(level)
        logger.handlers.clear()


@pytest.fixture(autouse=True)
def light_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of 8 KiB instead of 64 MiB, but where a test is about the hash itself."""
    if "full_hashes" not in request.fixturenames:
        monkeypatch.setattr(passwords, "_hasher", LIGHT_HASHES)
    passwords._dummy_hash.cache_clear()


@pytest.fixture
def full_hashes() -> None:
    """Asks for argon2 as it is in use."""


@pytest.fixture
def keys() -> str:
    """A fresh Fernet key."""
    return Fernet.generate_key().decode()


@pytest.fixture
def config(tmp_path: Path, keys: str) -> Config:
    """Settings of an app on loopback with a data folder of its own; vary it by `dataclasses.replace`."""
    return Config(
        data_dir=tmp_path / "data",
        field_encryption_key=keys,
        secret_key=SECRET_KEY,
        bind="127.0.0.1",
        log_level="warning",  # what a test of a command reads is not mixed with lines of the log
    )


@pytest.fixture
def command_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    """The variables and the folder of an installation that commands in this process find."""
    monkeypatch.chdir(tmp_path)
    values = {"FIELD_ENCRYPTION_KEY": keys, "SECRET_KEY": "s" * 40, "CREDSTORE_DATA_DIR": str(tmp_path / "data")}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty database at the newest revision."""
    file = tmp_path_factory.mktemp("migrated") / DATABASE_FILE
    file.write_bytes(migrated_database())
    return file


@pytest.fixture
def make_app(migrated_sqlite: Path) -> Iterator[MakeApp]:
    """A factory of migrated apps; every one is closed at the end of the test."""
    made: list[Flask] = []

    def make(config: Config) -> Flask:
        file = config.data_dir / DATABASE_FILE
        if not config.database_url and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(migrated_sqlite, file)
        app = create_app(config)
        app.testing = True
        made.append(app)
        return app

    yield make
    for app in made:
        close(app)


@pytest.fixture
def app(make_app: MakeApp, config: Config) -> Flask:
    return make_app(config)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """The bare test client, nobody signed in."""
    return app.test_client()


@pytest.fixture
def visitor(app: Flask) -> Page:
    """A page client that nobody has signed in with yet."""
    return Page(app.test_client())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Runs the test twice: on SQLite ('' = the data folder's file) and on a fresh PostgreSQL database."""
    return "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def stored_app(database_url: str, config: Config, make_app: MakeApp) -> Flask:
    """`app`, on both databases."""
    return make_app(replace(config, database_url=database_url))


@pytest.fixture
def vault(stored_app: Flask) -> Iterator[object]:
    """The vault on both databases, inside an application context; a test client used in it would share its `g`."""
    with stored_app.app_context():
        yield stored_app.extensions["credstore"].vault
