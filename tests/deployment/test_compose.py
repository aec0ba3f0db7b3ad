"""deploy/compose.yaml and compose.postgres.yaml: linted, merged, and started with what they say."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet
from sqlalchemy import make_url

from tests.deployment.sandbox import Container
from tests.fixtures.serving import REPO

DEPLOY = REPO / "deploy"
FILES = ("compose.yaml", "compose.postgres.yaml")
PASSWORD = "correct horse battery staple\n"
# A digest cannot be known before the image is built, and would keep PostgreSQL from its security releases.
NOT_PINNED_BY_DIGEST = "CL-0019"


def merged(base: Any, more: Any) -> Any:
    """What compose makes of `extends`: mappings by name, lists one after the other, the rest replaced."""
    if isinstance(base, dict) and isinstance(more, dict):
        return {name: merged(base.get(name), more.get(name)) for name in {**base, **more}}
    if isinstance(base, list) and isinstance(more, list):
        return base + more
    return base if more is None else more


def services(file: str) -> dict[str, dict[str, Any]]:
    """The services of a file, with what they extend."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((DEPLOY / file).read_text())["services"]
    for name, service in found.items():
        if base := service.pop("extends", None):
            found[name] = merged(services(base["file"])[base["service"]], service)
    return found


def lint(*paths: Path) -> set[str]:
    """The rules that compose-lint finds broken."""
    command = [sys.executable, "-m", "compose_lint", "check", "--format", "json", *map(str, paths)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=DEPLOY)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return set(_rules(json.loads(done.stdout)))


def _rules(report: Any) -> Iterator[str]:
    for value in report.values() if isinstance(report, dict) else report if isinstance(report, list) else ():
        yield from _rules(value)
    if isinstance(report, dict) and "rule_id" in report:
        yield report["rule_id"]


@pytest.mark.parametrize("file", FILES)
def test_the_linter_finds_nothing_but_tags(file: str) -> None:
    assert lint(DEPLOY / file) <= {NOT_PINNED_BY_DIGEST}


def test_the_linter_finds_a_planted_fault(tmp_path: Path) -> None:
    planted = tmp_path / "compose.yaml"
    planted.write_text((DEPLOY / "compose.yaml").read_text().replace("read_only: true", "privileged: true"))
    assert {"CL-0002", "CL-0007"} <= lint(planted)


@pytest.mark.parametrize("file", FILES)
def test_compose_reads_the_file(file: str) -> None:
    """By compose itself, where the client has it."""
    command = ["docker", "compose", "--file", str(DEPLOY / file), "config", "--quiet"]
    try:
        known = subprocess.run(["docker", "compose", "version"], check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        known = False
    if not known:
        pytest.skip("docker compose is not installed (its plugin is docker-compose-plugin); compose-lint read the file")
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", FILES)
def test_volumes_and_secrets_are_declared_and_none_is_in_the_repository(file: str) -> None:
    declared = yaml.safe_load((DEPLOY / file).read_text())
    for service in services(file).values():
        assert set(service.get("secrets", ())) <= set(declared["secrets"])
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(declared["volumes"])
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    folders = {Path(secret["file"]).parent for secret in declared["secrets"].values()}
    assert folders == {Path("secrets")}
    assert "deploy/secrets/" in (REPO / ".gitignore").read_text().splitlines()


def secret_files(service: dict[str, Any], folder: Path, values: dict[str, str]) -> dict[str, Path]:
    """Where each secret of a service is mounted, and a file with its value."""
    folder.mkdir(mode=0o755)
    for name in service["secrets"]:
        (folder / name).write_text(values[name] + "\n")
    return {f"/run/secrets/{name}": folder / name for name in service["secrets"]}


def environment(service: dict[str, Any]) -> dict[str, str]:
    """The environment, with the defaults where ${NAME:-default} stands."""
    return {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)) for name, value in service["environment"].items()}


MakeContainer = Callable[..., Container]


@pytest.mark.parametrize("file", FILES)
def test_the_service_starts_with_what_the_file_says(
    file: str, make_container: MakeContainer, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    service = services(file)["credstore"]
    values = {"field_encryption_key": Fernet.generate_key().decode(), "secret_key": "s" * 43}
    volumes: dict[str, Path] = {}
    url = ""
    if file == "compose.postgres.yaml":
        url = request.getfixturevalue("empty_postgres_url")
        sockets = make_url(url).query.get("host", "")
        if not str(sockets).startswith("/"):
            pytest.skip("DATABASE_URL_TEST names no socket on this machine, and the container has no other network")
        Path(str(sockets)).chmod(0o755)
        volumes = {"/sockets": Path(str(sockets))}
        url = make_url(url).update_query_dict({"host": "/sockets"}).render_as_string(hide_password=False)
        values["database_url"] = url
    files = secret_files(service, tmp_path / "secrets", values)
    container = make_container(
        environment=environment(service),
        user=int(service["user"].partition(":")[0]),
        files=files,
        read_only=service["read_only"],
        tmpfs=[each.partition(":")[0] for each in service["tmpfs"]],
    )
    container.volumes = {**container.volumes, **volumes}
    assert {target for _, target in (volume.split(":") for volume in service["volumes"])} <= set(container.volumes)
    container.run("credstore", "admin", "create", "--username", "ann", "--password-stdin", stdin=PASSWORD)
    with container.running("localhost"):
        assert container.get("/readyz", "localhost")[0] == 200
        assert container.get("/login", "localhost")[0] == 200
    assert values["field_encryption_key"] not in container.log()
    made = (container.volumes["/data"] / "credstore.sqlite3").exists()
    assert made is not bool(url), "the database is where the file says"
