"""deploy/systemd/credstore.service: checked by systemd itself, and its ExecStart started as it says."""

import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from credstore.encryption.keyring import generate_key
from tests.deployment.sandbox import Container
from tests.fixtures.serving import REPO

UNIT = REPO / "deploy" / "systemd" / "credstore.service"
MOST_EXPOSURE = 20  # of 100, by the count of `systemd-analyze security`
MakeContainer = Callable[..., Container]


def directives() -> list[tuple[str, str]]:
    """(name, value) of every line of the unit, in order."""
    lines = [line for line in UNIT.read_text().splitlines() if line and line[0] not in "#["]
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]


def all_of(name: str) -> list[str]:
    return [value for known, value in directives() if known == name]


def one(name: str) -> str:
    (value,) = all_of(name)
    return value


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("systemd-analyze")
    if not tool:
        pytest.skip("systemd-analyze is not installed (Debian's package: systemd)")
    return subprocess.run([tool, *words], check=False, capture_output=True, text=True, timeout=60)


def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    """Only the program is another one: /opt/credstore is not on this machine."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/credstore/bin/credstore", "/bin/true"))
    done = analyze("verify", "--man=no", "--recursive-errors=no", str(copy))
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if UNIT.name in line], done.stderr


def test_systemd_finds_a_planted_fault(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("NoNewPrivileges=yes", "NoNewPrivilege=yes"))
    assert "NoNewPrivilege" in analyze("verify", "--man=no", "--recursive-errors=no", str(copy)).stderr


def test_the_service_is_hardened_by_the_count_of_systemd() -> None:
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", "--no-pager", str(UNIT))
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd is older than 250: it cannot judge a file")
    assert done.returncode == 0, done.stdout[-600:] + done.stderr


def test_the_program_starts_with_what_the_unit_says(make_container: MakeContainer, tmp_path: Path) -> None:
    """systemd's own part is done here: credentials as files of the service, the folder of its state."""
    keys = {"field_encryption_key": generate_key(), "secret_key": Fernet.generate_key().decode()}
    files = {}
    for credential in all_of("LoadCredential"):
        name, _, source = credential.partition(":")
        assert source == f"/etc/credstore/{name}"
        (tmp_path / name).write_text(keys[name])
        files[f"/run/credentials/{name}"] = tmp_path / name
    environment = dict(pair.replace("%d", "/run/credentials").split("=", 1) for pair in all_of("Environment"))
    state = f"/var/lib/{one('StateDirectory')}"
    assert environment["CREDSTORE_DATA_DIR"] == state
    container = make_container(environment=environment, files=files, command=shlex.split(one("ExecStart")))
    container.volumes = {state: container.volumes["/data"]}
    with container.running("127.0.0.1"):
        assert container.get("/readyz", "127.0.0.1")[0] == 200
        assert "/setup?token=" in container.log(), "the first start prints the set-up URL, which the journal keeps"
    assert (container.volumes[state] / "credstore.sqlite3").exists()
