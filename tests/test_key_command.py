"""FIELD_ENCRYPTION_KEY_COMMAND: what it prints are the keys; a failure is one sentence that holds no secret."""

import os
import re
import shlex
import signal
import subprocess
import time
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from click.testing import CliRunner

from credstore.cli import main
from credstore.config import KEY_FILE, Config
from credstore.encryption.keyring import Keyring, generate_key
from credstore.errors import ConfigError
from credstore.key_command import keys_from_command
from tests.documents import read_documents

# The same in each process of the tests, since they are in the names of tests.
KEY, OTHER = (urlsafe_b64encode((words * 4)[:32]).decode() for words in (b"first key ", b"other key "))
COMMAND = "FIELD_ENCRYPTION_KEY_COMMAND"
EXAMPLES = re.findall(rf"`{COMMAND}=([^`]+)`", read_documents()["docs/operations.md"].text)
# Stands in for the real program: it knows the arguments that read a key, and answers as the real one does.
STAND_INS = {
    "bao": ("kv get -mount=secret -field=key credentials-page", "cat key"),
    "vault": ("kv get -mount=secret -field=key credentials-page", "cat key"),
    "aws": (
        "kms decrypt --ciphertext-blob fileb:///etc/credstore/key.encrypted --output text --query Plaintext",
        "base64 -w0 key; echo",
    ),
    "gcloud": (
        "kms decrypt --location=global --keyring=credentials-page --key=key"
        " --ciphertext-file=/etc/credstore/key.encrypted --plaintext-file=-",
        "printf %s $(cat key)",
    ),
    "az": (
        "keyvault secret show --vault-name company --name credentials-page-key --query value --output tsv",
        "cat key",
    ),
}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the PATH with the stand-ins; the file `key` holds what they give."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "key").write_text(f"{KEY}\n")
    for name, (arguments, answer) in STAND_INS.items():
        put(folder, name, f'[ "$*" = "{arguments}" ] || {{ echo "wrong: $*" >&2; exit 2; }}\ncd {folder}\n{answer}')
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def put(folder: Path, name: str, script: str) -> str:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def read(tmp_path: Path, **env: str) -> Config:
    return Config.from_env({"HOME": str(tmp_path), **env})


@pytest.mark.parametrize("command", EXAMPLES, ids=[command.split()[0] for command in EXAMPLES])
def test_the_documented_commands_give_the_key(command: str, programs: Path, tmp_path: Path) -> None:
    assert Keyring(read(tmp_path, **{COMMAND: command}).field_encryption_key).key_ids == Keyring(KEY).key_ids


def test_every_stand_in_is_documented() -> None:
    asked = {word for command in EXAMPLES for word in re.findall(r"[a-z]+", command)}
    assert set(STAND_INS) <= asked


@pytest.mark.parametrize("printed", [f"{KEY},{OTHER}", f"{KEY}\\n{OTHER}\\n", f"  {KEY} , {OTHER} "])
def test_several_keys_keep_their_order(printed: str, tmp_path: Path) -> None:
    program = put(tmp_path, "keys", f"printf '{printed}'")
    assert (
        Keyring(read(tmp_path, **{COMMAND: program}).field_encryption_key).key_ids == Keyring(f"{KEY},{OTHER}").key_ids
    )


def test_what_is_said_of_the_keys_names_where_they_are_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By variable, by a file that one names, by the keys folder and by a program: in errors and by the commands."""
    data, folder, file = tmp_path / "data", tmp_path / "data-keys", tmp_path / "of my own"
    folder.mkdir()
    file.write_text("rubbish")
    monkeypatch.chdir(tmp_path)
    program = put(tmp_path, "keys", 'cat "of my own"')
    ways = {
        "FIELD_ENCRYPTION_KEY": {"FIELD_ENCRYPTION_KEY": "rubbish"},
        f"the file {file}": {"FIELD_ENCRYPTION_KEY_FILE": str(file)},
        f"what {COMMAND} prints": {COMMAND: program},
        f"the file {folder / KEY_FILE}": {},
    }
    (folder / KEY_FILE).write_text("rubbish")
    runner, common = CliRunner(), {"CREDSTORE_DATA_DIR": str(data), "SECRET_KEY": "s" * 40}
    assert runner.invoke(main, ["db", "upgrade"], env=common).exit_code == 0
    for where, env in ways.items():
        output = runner.invoke(main, ["keys", "rotate"], env=common | env).output
        assert output.startswith(f"Error: Key 1 of 1 in {where} is malformed: ")
    for path in (file, folder / KEY_FILE):
        path.write_text(KEY)
    ways["FIELD_ENCRYPTION_KEY"]["FIELD_ENCRYPTION_KEY"] = KEY
    for where, env in ways.items():
        output = runner.invoke(main, ["keys", "status"], env=common | env).output
        assert output.endswith(f"\nThe configured keys are from {where}.\n")
        output = runner.invoke(main, ["keys", "retire", Keyring(KEY).key_id], env=common | env).output
        assert output.endswith(f"encrypts new secrets. Put another key first in {where}.\n")
        assert KEY not in output


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    given = read(tmp_path, **{COMMAND: f"echo '{KEY}' ; touch {tmp_path / 'made'}"}).field_encryption_key
    assert ";" in given, "the shell's words are arguments"
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["FIELD_ENCRYPTION_KEY", "FIELD_ENCRYPTION_KEY_FILE"])
def test_the_plain_variable_beside_it_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(KEY)
    value = KEY if name == "FIELD_ENCRYPTION_KEY" else str(tmp_path / "file")
    with pytest.raises(ConfigError, match=f"Both FIELD_ENCRYPTION_KEY and {COMMAND} are set") as caught:
        read(tmp_path, **{name: value, COMMAND: "echo CANARY"})
    assert KEY not in caught.value.sentence


def test_the_keys_folder_is_not_read_and_no_key_is_made(tmp_path: Path) -> None:
    keys = tmp_path / "data-keys"
    keys.mkdir()
    (keys / KEY_FILE).write_text(OTHER)
    env = {"CREDSTORE_DATA_DIR": str(tmp_path / "data"), COMMAND: f"echo {KEY}"}
    assert read(tmp_path, **env).field_encryption_key == KEY
    with pytest.raises(ConfigError, match="ended with the status 1"):
        read(tmp_path, **env | {COMMAND: "false"})


FAILURES = {
    "echo 'permission denied' >&2; exit 2": "ended with the status 2. It says: permission denied",
    f"echo {KEY}; echo failed >&2; exit 1": "ended with the status 1. It says: failed",
    f"echo {KEY}; echo got {KEY} >&2; exit 1": "ended with the status 1. Its error output is not shown",
    f"echo the key {KEY[:20]} is bad >&2; exit 1": "ended with the status 1. Its error output is not shown",
    "echo wrong: hunter2 >&2; exit 1": "ended with the status 1. Its error output is not shown",
    "echo 'the password: opensesame' >&2; exit 1": "ended with the status 1. Its error output is not shown",
    "yes": "prints too much",
    "echo hunter2; echo wrong: hunter2 >&2; exit 1": "ended with the status 1. Its error output is not shown",
    "printf 'first\\nred \\033[31mline\\n' >&2; exit 3": "ended with the status 3. It says: red [31mline",
    "exit 3": "ended with the status 3.",
    "kill -9 $$": "ended with the status -9.",
    "echo 'no such secret' >&2": "printed nothing. It says: no such secret",
    "true": "printed nothing.",
    "head -c 100000 /dev/zero | tr '\\0' a": "prints too much",
}


@pytest.mark.parametrize(("script", "words"), FAILURES.items())
def test_a_failure_is_one_sentence_without_a_secret(script: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        keys_from_command(put(tmp_path, "keys", script))
    assert caught.value.sentence.startswith(f"{COMMAND} {words}")
    hidden = (KEY, KEY[:20], "hunter2", "opensesame", "\033")
    assert not any(part in caught.value.sentence for part in hidden)


@pytest.mark.parametrize("command", ["CANARY", "/CANARY/x --token CANARY", "''", "/tmp"])
def test_what_cannot_be_run_is_not_repeated(command: str) -> None:
    with pytest.raises(ConfigError, match="cannot be run") as caught:
        keys_from_command(command)
    assert "CANARY" not in f"{caught.value!r}"
    assert caught.value.__suppress_context__


def test_a_quotation_mark_without_its_partner_is_told() -> None:
    with pytest.raises(ConfigError, match="quotation mark"):
        keys_from_command("bao 'CANARY")


def test_a_command_that_hangs_ends_with_all_that_it_started(tmp_path: Path) -> None:
    program = put(tmp_path, "keys", f"sleep 60 & echo $! > {tmp_path / 'child'}; wait")
    started = time.monotonic()
    with pytest.raises(ConfigError, match=r"did not end within 0\.5 seconds"):
        keys_from_command(program, seconds=0.5)
    assert time.monotonic() - started < 10
    child = Path(f"/proc/{(tmp_path / 'child').read_text().strip()}/stat")
    deadline = time.monotonic() + 10
    while runs(child) and time.monotonic() < deadline:  # a process that was killed may still be on its way out
        time.sleep(0.01)
    assert not runs(child)


def runs(stat: Path) -> bool:
    """Whether the process of this file of /proc is there, and no zombie."""
    try:
        return stat.read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_process_in_a_session_of_its_own_that_keeps_the_pipe_is_not_waited_for(tmp_path: Path) -> None:
    program = put(tmp_path, "keys", f"echo {KEY}; setsid sleep 60 & echo $! > {tmp_path / 'child'}")
    started = time.monotonic()
    try:
        with pytest.raises(ConfigError, match=r"did not end within 0\.5 seconds"):
            keys_from_command(program, seconds=0.5)
        assert time.monotonic() - started < 10
    finally:
        os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)


def test_text_that_is_no_key_is_refused_without_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Key 1 of 2 in FIELD_ENCRYPTION_KEY is malformed") as caught:
        Keyring(read(tmp_path, **{COMMAND: "echo CANARY text"}).field_encryption_key)
    assert "CANARY" not in caught.value.sentence


def test_commands_that_need_no_key_do_not_run_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = put(tmp_path, "keys", f"echo run >> {tmp_path / 'calls'}; echo {generate_key()}")
    env = {COMMAND: shlex.quote(asked), "CREDSTORE_DATA_DIR": str(tmp_path / "data"), "FIELD_ENCRYPTION_KEY": ""}
    for words in (("db", "upgrade"), ("db", "check"), ("admin", "setup-url"), ("egress", "check", "https://a.test")):
        CliRunner().invoke(main, words, env=env)
    assert not (tmp_path / "calls").exists()
    assert CliRunner().invoke(main, ("keys", "status"), env=env).exit_code == 0
    assert (tmp_path / "calls").read_text() == "run\n"


@pytest.mark.parametrize("when", ["at its start", "while it runs"])
def test_the_program_ends_with_whoever_is_asked_to_end(monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """A signal raises SystemExit anywhere, also before the call that starts the program has returned."""
    started: list[int] = []
    start = subprocess.Popen.__init__

    def note(process: subprocess.Popen[bytes], *given: object, **named: object) -> None:
        start(process, *given, **named)  # type: ignore[call-overload]
        started.append(process.pid)
        if when == "at its start":
            raise SystemExit

    def asked_to_end(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(subprocess.Popen, "__init__", note)
    if when == "while it runs":
        monkeypatch.setattr("credstore.key_command._read", asked_to_end)
    with pytest.raises(SystemExit):
        keys_from_command("sleep 60")
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)
