"""Every shell block of the README and of docs/ is run, in a root folder that has nothing but the repository.

docker, kubectl, systemctl and journalctl are stood in for; what the files that they read would start is started by the
other tests of this folder.
"""

import json
import re
import shlex
import shutil
import sqlite3
from pathlib import Path

import pytest
import yaml
from sqlalchemy import make_url

from credstore.encryption.keyring import generate_key
from tests.deployment import stand_in
from tests.deployment.conftest import ROOT_ENVIRONMENT
from tests.deployment.sandbox import USERS, Container, build
from tests.documents import Block, read_documents
from tests.fixtures.serving import REPO
from tests.provider import Provider
from tests.test_readme import RUN, TEST

SHELL = [
    block
    for name, document in read_documents().items()
    if name == "README.md" or name.startswith("docs/")
    for block in document.blocks
    if block.language == "sh" and block.code.strip() != TEST  # which runs this test
]
PASSWORD = "correct horse battery staple\n" * 2  # it is asked for twice
DATABASE = "postgresql://credstore@db/credstore"
COPIED = ("pyproject.toml", "README.md", "LICENSE", "wsgi.py", "credstore", "templates", "static", "deploy")
FOREVER = ("credstore serve", "gunicorn wsgi:app")
TOOLS = ("docker", "kubectl", "systemctl", "journalctl")
ENVIRONMENT = ROOT_ENVIRONMENT | {"PATH": f"/stand-ins:/opt/credstore/bin:{ROOT_ENVIRONMENT['PATH']}"}


@pytest.fixture(scope="module")
def machine(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder with the repository in /src, credstore in /opt/credstore and /src/.venv, and the stand-ins."""
    folder = tmp_path_factory.mktemp("machine") / "root"
    shutil.copytree(image, folder, symlinks=True)
    for name in COPIED:
        here = REPO / name
        if here.is_dir():
            shutil.copytree(here, folder / "src" / name, ignore=shutil.ignore_patterns("__pycache__", "secrets"))
        else:
            shutil.copy(here, folder / "src" / name)
    for name, text in USERS.items():  # the image has the user already that a document makes
        (folder / "etc" / name).write_text(text)
    (folder / "src" / ".venv").mkdir()
    (folder / "stand-ins").mkdir()
    shutil.copy(stand_in.__file__, folder / "stand-ins")
    for name in TOOLS:
        program = folder / "stand-ins" / name
        program.write_text(f'#!/bin/sh\nexec python3 /stand-ins/stand_in.py {name} "$@"\n')
        program.chmod(0o755)
    shutil.copytree(Path(yaml.__file__).parent, folder / "stand-ins" / "yaml", ignore=shutil.ignore_patterns("*.so"))
    (folder / "src" / "password.txt").write_text(PASSWORD)
    keys = folder / "root/.local/share/credstore-keys"  # what the commands of an installation that is in use find
    (folder / "etc/systemd/system").mkdir(parents=True)
    for place in (keys, folder / "run/secrets"):
        place.mkdir(parents=True, exist_ok=True)
        (place / "field_encryption_key").write_text(generate_key())
        (place / "secret_key").write_text("s" * 43)
    with sqlite3.connect(folder / "src" / "credstore.sqlite3") as database:
        database.execute("CREATE TABLE planted (x)")
    database.close()
    build(folder, "credstore db upgrade", ENVIRONMENT)
    return folder


@pytest.mark.parametrize("block", SHELL, ids=lambda block: block.where)
def test_the_commands_run(block: Block, machine: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    volumes, code = {"/src/.venv": machine / "opt" / "credstore"}, block.code
    if DATABASE in code:
        url = make_url(request.getfixturevalue("empty_postgres_url"))
        sockets = str(url.query.get("host", ""))
        if not sockets.startswith("/"):
            pytest.skip("DATABASE_URL_TEST names no socket on this machine")
        Path(sockets).chmod(0o755)
        volumes["/sockets"] = Path(sockets)
        code = code.replace(DATABASE, url.update_query_dict({"host": "/sockets"}).render_as_string(hide_password=False))
    before, forever = split(code)
    environment = ENVIRONMENT | ({"HOME": "/fresh"} if RUN in code else {})
    if "credstore test" in code:
        environment |= store_key(machine, request.getfixturevalue("provider"))
    if "credstore run" in code:
        environment |= store_key(machine, request.getfixturevalue("provider"), "OpenAI production")
    script = f"{before}\nexport -p > /run/exported"
    output = build(machine, script, environment, volumes=volumes, stdin=PASSWORD)
    if "credstore test" in code:
        assert [each["outcome"] for each in json.loads(output)["results"]] == ["verified"]
    if forever:
        container = Container(
            image=machine,
            mount_point=tmp_path / "container",
            command=["/bin/bash", "-c", f". /run/exported; exec {forever}"],
            environment=environment,
            user=0,
            volumes=volumes,
            read_only=False,
            folder="/src",
        )
        host = re.search(r"CREDSTORE_TRUSTED_HOSTS=(\S+)", code)
        with container.running(host[1] if host else "127.0.0.1") as server:
            assert server.get("/readyz", host[1] if host else "127.0.0.1")[0] == 200
            assert ("/setup?token=" in server.log()) is ("admin create" not in code)
    if ".backup" in code:
        with sqlite3.connect(machine / "src" / "copy.sqlite3") as copy:
            assert copy.execute("SELECT name FROM sqlite_master").fetchall() == [("planted",)]
        copy.close()


def store_key(machine: Path, provider: Provider, name: str = "Model") -> dict[str, str]:
    """Store a key that the provider accepts, under a name that is free or its own; what lets a test reach it."""
    values = {"provider_type": "openai_compatible", "api_key": provider.key, "base_url": provider.url("/openai/v1")}
    script = f"""
from contextlib import suppress
from credstore import create_app
from credstore.errors import InvalidFields
app = create_app()
with app.app_context(), suppress(InvalidFields):
    app.extensions["credstore"].vault.create("llm", {name!r}, {values!r})
"""
    environment = ENVIRONMENT | {"CREDSTORE_EGRESS_ALLOW": "127.0.0.1"}
    build(machine, shlex.join(["/opt/credstore/bin/python", "-c", script]), environment)
    return environment


def split(code: str) -> tuple[str, str]:
    """What ends by itself, and the command at the end that serves until it is stopped ("" without one).

    `a && b` becomes two lines: with `set -e` a shell ends at the first that fails, but not within `&&`.
    """
    parts = [line if line.startswith("(") else line.replace(" && ", "\n") for line in code.strip().splitlines()]
    *lines, last = "\n".join(parts).splitlines()
    if any(words in last for words in FOREVER):
        return "\n".join(lines), last
    return "\n".join([*lines, last]), ""


def test_what_is_not_there_is_refused(machine: Path) -> None:
    for command in (
        "docker run --rm nothing:local keys generate",
        "docker compose --file deploy/nothing.yaml up --detach",
        "kubectl apply --filename deploy/nothing.yaml",
        "kubectl wait --namespace nowhere job/nothing",
        "systemctl enable --now nothing",
        "credstore nothing",
    ):
        with pytest.raises(AssertionError, match=r"no |No |nothing"):
            build(machine, command, ENVIRONMENT)
