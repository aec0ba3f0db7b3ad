"""The image of deploy/Dockerfile, built by its own commands."""

import fcntl
import os
import shutil
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.deployment.dockerfile import Instruction, Stage, read_dockerfile
from tests.deployment.sandbox import Container, build, make_image, why_not
from tests.fixtures.serving import REPO

PIP = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name == "SSL_CERT_FILE"}
ROOT_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"} | PIP
DOCKERFILE = REPO / "deploy" / "Dockerfile"


def copy(instruction: Instruction, image: Path, built: dict[str, Path]) -> None:
    """Do what COPY says: from the repository, or from an earlier stage."""
    words = instruction.words
    source, left_out = REPO, ["__pycache__"]
    if words[0].startswith("--from="):
        source, left_out = built[words.pop(0).removeprefix("--from=")], []  # with what pip compiled
    *names, target = words
    for name in names:
        here = source / name.lstrip("/")
        there = image / (target.lstrip("/") if target.startswith("/") else f"src/{target}")
        if here.is_dir():
            shutil.copytree(here, there, symlinks=True, ignore=shutil.ignore_patterns(*left_out))
        else:
            there = there / here.name if target.endswith("/") else there
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(here, there)


def build_stage(stage: Stage, image: Path, built: dict[str, Path]) -> None:
    make_image(image)
    for instruction in stage.instructions:
        if instruction.word == "COPY":
            copy(instruction, image, built)
        elif instruction.word == "RUN":
            build(image, instruction.text, ROOT_ENVIRONMENT)


@pytest.fixture(scope="session")
def image_stage() -> Stage:
    """The last stage of the Dockerfile: what the image is."""
    return read_dockerfile(DOCKERFILE)[-1]


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root folder that the Dockerfile makes; the processes of pytest-xdist build it once."""
    if reason := why_not():
        pytest.skip(reason)
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder, stages = shared / "images", read_dockerfile(DOCKERFILE)
    with (shared / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            built: dict[str, Path] = {}
            for stage in stages:
                build_stage(stage, folder / stage.name, built)
                built[stage.name] = folder / stage.name
            (folder / "complete").touch()
    return folder / stages[-1].name


@pytest.fixture
def make_container(image: Path, image_stage: Stage, tmp_path: Path) -> Callable[..., Container]:
    """A factory of containers from the image, with its command, environment, user and volume, or what is given."""
    numbers = count(1)

    def make(*, environment: Mapping[str, str], **given: Any) -> Container:
        data = tmp_path / "volume"
        if not data.exists():  # an engine fills a new volume with what the image has there, and its owner
            data.mkdir(mode=0o700)
            os.chown(data, (image / "data").stat().st_uid, (image / "data").stat().st_gid)
        start = [*image_stage.last("ENTRYPOINT").words, *image_stage.last("CMD").words]
        options = {"command": start, "user": image_stage.user, "volumes": {"/data": data}, "tmpfs": ["/tmp"]}
        mount_point = tmp_path / f"container-{next(numbers)}"
        both = image_stage.environment | environment
        return Container(image=image, mount_point=mount_point, environment=both, **(options | given))

    return make
