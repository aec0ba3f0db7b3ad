"""`credstore serve --test-every`: tests at its start, and after a kill -9 what it noted is told once."""

import signal
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from credstore.config import DATABASE_FILE, Config
from tests.conftest import MakeApp, close
from tests.fixtures.serving import TWO_WORKERS, Server, serving
from tests.provider import Provider


def test_a_killed_server_loses_no_notice(tmp_path: Path, config: Config, make_app: MakeApp, provider: Provider) -> None:
    env = {"FIELD_ENCRYPTION_KEY": config.field_encryption_key, "SECRET_KEY": config.secret_key}
    env |= {"CREDSTORE_NOTIFY_WEBHOOK": provider.url("/bare/hook"), "CREDSTORE_NOTIFY_WEBHOOK_SECRET": "w" * 20}
    server = Server(tmp_path / "home", env=env)
    app = make_app(replace(config, data_dir=server.data_dir))
    values = {"provider_type": "openai_compatible", "base_url": provider.url("/openai/v1"), "api_key": "sk-wrong-01234"}
    with app.app_context():
        app.extensions["credstore"].vault.create("llm", "Bad", values)
    close(app)
    with serving(server, "--test-every", "1m", *TWO_WORKERS):
        wait_for_a_notice(server.data_dir / DATABASE_FILE)
        server.stop(signal.SIGKILL)
    assert not provider.asked("/bare/hook"), "it waits for more of them"
    for _ in range(2):
        server.run("notify", "send")
    (request,) = provider.asked("/bare/hook")
    assert [change["name"] for change in request.json["changes"]] == ["Bad"]
    with closing(sqlite3.connect(server.data_dir / DATABASE_FILE)) as database:
        assert database.execute("SELECT count(*), max(total) FROM test_run").fetchone() == (1, 1), "one of two workers"


def wait_for_a_notice(file: Path) -> None:
    deadline = time.monotonic() + 20
    with closing(sqlite3.connect(file)) as database:
        while not database.execute("SELECT count(*) FROM notice").fetchone()[0]:
            assert time.monotonic() < deadline, "nothing was noted"
            time.sleep(0.05)
