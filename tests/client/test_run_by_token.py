"""`credstore run` on a machine that has neither the database nor the keys."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.stand_in import KEY, SECRET, TOKEN, Api

REPORT = "import json, os; print(json.dumps({**os.environ, 'file': open(os.environ['BOT_FILE']).read()}))"


def run(environment: dict[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "credstore", "run", *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=environment, cwd=folder)


@pytest.fixture
def environment(api: Api, tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "private.key"
    file.write_text(base64.b64encode(KEY.private_bytes_raw()).decode())
    own = {"CREDSTORE_URL": api.server.url_for(""), "CREDSTORE_TOKEN": TOKEN, "CREDSTORE_PRIVATE_KEY_FILE": str(file)}
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"} | own


def test_secrets_come_by_token_and_nothing_is_written_here(
    api: Api, environment: dict[str, str], tmp_path: Path
) -> None:
    api.add("OpenAI", "llm", {"api_key": SECRET, "base_url": "https://a.example"})
    bot = api.add("Bot", "telegram", {"bot_token": "1:CANARY"})
    theirs = {"SECRET_KEY": "of the program", "DATABASE_URL": "postgresql://of-the-program"}
    options = [
        "--env",
        "KEY=@openai",
        "--env",
        "URL=@OpenAI#base_url",
        "--fd",
        f"BOT_FILE=@{bot}",
        "--consumer",
        "job:7",
    ]
    done = run(environment | theirs, tmp_path, *options, "--", sys.executable, "-c", REPORT)
    assert (done.returncode, done.stderr) == (0, "")
    got = json.loads(done.stdout)
    assert got.pop("BOT_FILE").startswith("/dev/fd/")
    kept = {name: environment[name] for name in ("PATH", "HOME", "LANG")}
    given = {"KEY": SECRET, "URL": "https://a.example", "file": "1:CANARY"}
    assert {name: text for name, text in got.items() if name != "LC_CTYPE"} == kept | theirs | given
    assert api.uses == [{"consumer": "job:7", "node": Path(sys.executable).name}] * 3
    assert [file.name for file in tmp_path.iterdir()] == ["private.key"]


def test_what_cannot_be_had_starts_nothing(api: Api, environment: dict[str, str], tmp_path: Path) -> None:
    api.add("OpenAI", "llm", {"api_key": SECRET})
    for change, sentence in (
        ({"CREDSTORE_TOKEN": "crs_other"}, "This token is not known."),
        ({"CREDSTORE_URL": "http://credstore.example"}, "plain http"),
    ):
        done = run(environment | change, tmp_path, "--env", "KEY=@OpenAI", "--", "touch", "started")
        assert done.returncode == 125
        assert sentence in done.stderr
        assert "crs_" not in done.stderr + done.stdout
    assert not (tmp_path / "started").exists()
