"""`credstore run`: what the program gets, its exit status, real signals, a real terminal; and that no secret shows."""

import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from credstore.cli import main
from credstore.cli.child_process import child_environment, secret_descriptor
from credstore.config import Config, settings
from tests.conftest import MakeApp

KEY = "sk-CANARY-run-5f1c9d0e7b3a"
BOT = "123456789:AAbbccCANARYddeeff"
SECONDS = 30  # after which a wait fails


@pytest.fixture
def environment(make_app: MakeApp, keys: str, tmp_path: Path) -> dict[str, str]:
    """What `credstore` finds of an installation with three credentials."""
    config = Config(data_dir=tmp_path / "data", field_encryption_key=keys, secret_key="s" * 40, log_level="warning")
    app: Flask = make_app(config)
    with app.app_context():
        vault = app.extensions["credstore"].vault
        vault.create("llm", "OpenAI production", {"provider_type": "openai", "api_key": KEY})
        vault.create("telegram", "Bot #2", {"bot_token": BOT})
        vault.create("git", "Deploy", {"extra_config": '{"token": "CANARY-git", "bad": "a\\u0000b"}'})
    own = {"FIELD_ENCRYPTION_KEY": keys, "SECRET_KEY": "s" * 40, "CREDSTORE_DATA_DIR": str(tmp_path / "data")}
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "PYTHONWARNINGS": "error"} | own


def words(*options: str, command: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "credstore", "run", *options, "--", *command]


REPORT = """
import json, os, subprocess, sys
from pathlib import Path
commands = []
for process in Path("/proc").glob("[0-9]*"):
    try:
        commands.append((process / "cmdline").read_text())
    except OSError:
        pass  # it has ended
again = subprocess.run("cat $BOT_FILE; echo $OPENAI_API_KEY", shell=True, capture_output=True, close_fds=False)
print(json.dumps({
    "arguments": sys.argv[1:],
    "pid": os.getpid(),
    "umask": os.umask(0),
    "environment": dict(os.environ),
    "file": [Path(os.environ["BOT_FILE"]).read_text() for _ in range(2)],
    "child": again.stdout.decode(),
    "commands": commands,
}))
sys.exit(7)
"""


def test_what_a_program_gets_and_its_exit_status(environment: dict[str, str], tmp_path: Path) -> None:
    # A folder that others have written: nothing of its file is read.
    (tmp_path / ".env").write_text(
        "FROM_FILE=1\nCREDSTORE_URL=https://attacker.example\nFIELD_ENCRYPTION_KEY_COMMAND=touch started\n"
    )
    options = ["--env", "OPENAI_API_KEY=@openai PRODUCTION", "--fd", "BOT_FILE=@Bot #2", "--env", "GIT=@Deploy#token"]
    shell = 'grep SigIgn /proc/$$/status; exec "$@"'
    command = ["bash", "-c", shell, "bash", sys.executable, "-c", REPORT, "--env", "two words", "--"]
    with subprocess.Popen(
        words(*options, command=command),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | {"KEPT": "yes"},
        cwd=tmp_path,
        umask=0o027,
    ) as process:
        out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err) == (7, "")
    ignored, _, report = out.partition("\n")
    mask = int(ignored.split()[1], 16)
    assert not [number for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT) if mask & 1 << number - 1]
    assert not (tmp_path / "started").exists()
    got: dict[str, Any] = json.loads(report)
    assert (got["pid"], got["umask"]) == (process.pid, 0o027), "nobody is in between"
    assert got["arguments"] == ["--env", "two words", "--"]
    path = got["environment"].pop("BOT_FILE")
    assert re.fullmatch(r"/dev/fd/\d+", path)
    kept = {name: environment[name] for name in ("PATH", "HOME", "LANG", "PYTHONWARNINGS")} | {"KEPT": "yes"}
    of_the_shell = {"PWD", "SHLVL", "_", "OLDPWD"}
    found = {name: text for name, text in got["environment"].items() if name not in of_the_shell}
    assert found == kept | {"OPENAI_API_KEY": KEY, "GIT": "CANARY-git"}
    assert got["file"] == [BOT, BOT]
    assert got["child"] == f"{BOT}{KEY}\n"
    assert not [command for command in got["commands"] if KEY in command or BOT in command or "CANARY-git" in command]
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]


# Starts a child of its own in the same process group, and says what both of them got.
FAMILY = """
trap 'echo "child TERM"; kill $!; wait; exit 43' TERM
trap 'echo "child HUP"' HUP
sh -c 'trap "echo grandchild TERM; exit" TERM; echo ready; while :; do sleep 0.05; done' &
while :; do wait $!; done
"""


@pytest.fixture(autouse=True)
def no_signal_is_ignored() -> Iterator[None]:
    """Also where the tests run under nohup, or behind a script's `&`: a program inherits what is ignored."""
    ignored = [number for number in (signal.SIGHUP, signal.SIGINT) if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


def test_signals_reach_the_program_itself(environment: dict[str, str], tmp_path: Path) -> None:
    with subprocess.Popen(
        words(command=["bash", "-c", FAMILY]), stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        assert process.stdout.readline() == "child HUP\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "child TERM\ngrandchild TERM\n"
        assert process.wait(SECONDS) == 43


def test_a_program_that_a_signal_ends_ends_so_for_who_started_it(environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        words(command=["sh", "-c", "kill -KILL $$"]), check=False, env=environment, cwd=tmp_path, timeout=SECONDS
    )
    assert done.returncode == -signal.SIGKILL


class Terminal:
    """A shell with job control on a terminal of its own."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.master, slave = pty.openpty()
        shell = ["setsid", "--ctty", "bash", "--norc", "--noprofile", "-i"]
        quiet = {"PS1": "", "PS2": "", "TERM": "dumb", "HISTFILE": str(folder / "history")}
        self.process = subprocess.Popen(
            shell, stdin=slave, stdout=slave, stderr=slave, env=environment | quiet, cwd=folder
        )
        os.close(slave)
        self._seen = ""
        self.text = ""

    def send(self, text: str) -> None:
        os.write(self.master, text.encode())

    def wait_for(self, pattern: str) -> None:
        """Until what was written since the last call matches."""
        while not (match := re.search(pattern, self._seen)):
            ready, _, _ = select.select([self.master], [], [], SECONDS)
            assert ready, f"{pattern!r} did not come: {self._seen!r}"
            new = os.read(self.master, 65536).decode(errors="replace")
            self._seen += new
            self.text += new
        self._seen = self._seen[match.end() :]


@pytest.fixture
def terminal(environment: dict[str, str], tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal(environment, tmp_path)
    yield found
    if found.process.poll() is None:
        found.process.kill()
    found.process.wait()
    os.close(found.master)


def test_a_terminal_stops_continues_and_interrupts_it(terminal: Terminal, environment: dict[str, str]) -> None:
    """Control-Z and Control-C reach the program and its children; the shell sees how they ended."""
    code = """
trap 'echo continued-$((6*8))' CONT
trap 'echo interrupted-$((6*9)); exit 5' INT
echo started-$((6*7))
while :; do sleep 0.05; done"""
    terminal.send("stty -echo; set -o history\n")
    command = shlex.join(words("--env", "KEY=@OpenAI production", command=["bash", "-c", code]))
    terminal.send(f"{command}; echo status-$?\n")
    terminal.wait_for("started-42")
    terminal.send("\x1a")
    terminal.wait_for(f"status-{128 + signal.SIGTSTP}")
    terminal.send("fg; echo again-$?\n")
    terminal.wait_for("continued-48")
    terminal.send("\x03")
    terminal.wait_for("interrupted-54")
    terminal.wait_for("again-5")
    terminal.send("exit\n")
    terminal.process.wait(SECONDS)
    history = (Path(environment["HOME"]) / "history").read_text()
    assert "OpenAI production" in history
    assert KEY not in history + terminal.text


@pytest.fixture
def here(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command in this process, as far as starting the program."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("credstore.cli.run.become", lambda command, *_: print("started", *command))  # noqa: T201
    return CliRunner()


REFUSED = [
    (["--env", "KEY=@No such"], 125, "There is no credential “No such”"),
    (
        ["--env", "KEY=@OpenAI production#nothing"],
        125,
        "“OpenAI production” has no field “nothing”. Its fields: api_key",
    ),
    (["--fd", "KEY=@Deploy#bad"], 125, "“Deploy” holds a NUL"),
    (["--env", "KEY=@Deploy#token", "--fd", "KEY=@Deploy"], 2, "KEY is set twice"),
    *(
        (["--env", text], 2, "Write NAME=@")
        for text in ("CANARY-x", "KEY=CANARY-x", "KEY=@", "1KEY=@a", "=@a", "A B=@a")
    ),
]


@pytest.mark.parametrize(("options", "status", "sentence"), REFUSED)
def test_nothing_is_started_where_a_secret_cannot_be_had(
    here: CliRunner, options: list[str], status: int, sentence: str
) -> None:
    done = here.invoke(main, ["run", *options, "--", "program"])
    assert (done.exit_code, "started" in done.output) == (status, False), done.output
    assert sentence in done.output
    assert "CANARY" not in done.output


def test_an_unreadable_credential_is_named(here: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", "A" * 43 + "=")
    done = here.invoke(main, ["run", "--env", "KEY=@Deploy", "program"])
    assert done.exit_code == 125
    assert "“Deploy” cannot be used" in done.output


def test_the_dashes_may_be_left_out(here: CliRunner) -> None:
    done = here.invoke(main, ["run", "--env", "KEY=@Deploy", "program", "--env", "-x"])
    assert (done.exit_code, done.output) == (0, "started program --env -x\n")


@pytest.mark.parametrize(("command", "status"), [("no-such-program", 127), ("./folder", 126)])
def test_a_program_that_cannot_be_started(
    environment: dict[str, str], tmp_path: Path, command: str, status: int
) -> None:
    (tmp_path / "folder").mkdir()
    done = subprocess.run(
        words(command=[command]), check=False, env=environment, cwd=tmp_path, timeout=SECONDS, capture_output=True
    )
    assert done.returncode == status
    assert f"“{command}”" in done.stderr.decode()


@pytest.mark.parametrize("local", [True, False])
def test_a_program_gets_no_setting_of_credstore(local: bool) -> None:
    of_either = {"SECRET_KEY", "DATABASE_URL"}  # another program may have these itself
    variables = {one.metadata["env"] + suffix for one in settings() for suffix in ("", "_FILE")}
    variables |= {"CREDSTORE_TOKEN", "CREDSTORE_PRIVATE_KEY_FILE"}
    left = child_environment(dict.fromkeys(variables, "x"), {"KEY": "y"}, local=local)
    assert left.keys() - {"KEY"} == (set() if local else of_either | {f"{name}_FILE" for name in of_either})
    theirs = {"SECRET_KEY_BASE": "x", "DATABASE_URL_REPLICA": "x", "FIELD_ENCRYPTION_KEYS": "x"}
    assert child_environment({"KEY": "x"} | theirs, {"KEY": "y"}, local=local) == {"KEY": "y"} | theirs


def test_a_mistyped_folder_is_told(environment: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "credstore", "run", "--env", "A=@x", "--data-dir", "mistyped", "--", "true"]
    done = subprocess.run(command, check=False, env=environment, cwd=tmp_path, timeout=SECONDS, capture_output=True)
    assert done.returncode == 125
    assert b"There is no database at " in done.stderr
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_descriptor_gives_the_text(in_memory: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not in_memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    descriptor = secret_descriptor("é" * 1000)
    assert os.get_inheritable(descriptor)
    with os.fdopen(descriptor, encoding="utf-8") as file:
        assert file.read() == "é" * 1000
