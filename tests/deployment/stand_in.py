"""Stands in for docker, kubectl and systemctl where the documents' commands are run: they are not on this machine.

It runs inside the sandbox, with PyYAML beside it. It checks that what a command names is there (files, images,
services, secrets, jobs), and runs credstore where the tool would.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import yaml

CREDSTORE = "/opt/credstore/bin/credstore"
STATE = Path("/run/stand-in")  # one empty file for each image, secret, job and resource that exists


def there(*names: str) -> Path:
    return STATE / "_".join(name.replace("/", "-") for name in names)


def make(*names: str) -> None:
    STATE.mkdir(exist_ok=True)
    there(*names).touch()


def need(*names: str) -> None:
    if not there(*names).exists():
        sys.exit(f"there is no {' '.join(names)}")


def credstore(words: list[str], **environment: str) -> int:
    return subprocess.run([CREDSTORE, *words], env={**os.environ, **environment}, check=False).returncode


def docker(words: list[str]) -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--file")
    options.add_argument("--tag")
    options.add_argument("--rm", action="store_true")
    options.add_argument("--detach", action="store_true")
    if words[0] == "compose":
        known, _ = options.parse_known_args(words[1:3])
        return compose(Path(known.file), words[3:])
    if words[0] == "build":
        known, rest = options.parse_known_args(words[1:])
        assert Path(known.file).is_file(), known.file
        assert rest == ["."], rest
        make("image", known.tag)
        return 0
    assert words[:2] == ["run", "--rm"], words
    need("image", words[2])
    return credstore(words[3:])


def compose(file: Path, words: list[str]) -> int:
    declared = yaml.safe_load(file.read_text())
    for secret in declared["secrets"].values():
        assert (file.parent / secret["file"]).read_text().strip(), f"{secret['file']} is empty"
    if words[:2] == ["up", "--detach"]:
        return 0
    assert words[:2] == ["run", "--rm"], words
    assert words[2] in declared["services"], words[2]
    folder = f"/data/{file.stem}"
    Path(folder).mkdir(parents=True, exist_ok=True)
    return credstore(words[3:], CREDSTORE_DATA_DIR=folder)


def kubectl(words: list[str]) -> int:
    options = argparse.ArgumentParser()
    for name in ("--filename", "--namespace", "--for"):
        options.add_argument(name)
    for name in ("--from-literal", "--from-file"):
        options.add_argument(name, action="append", default=[])
    known, rest = options.parse_known_args(words)
    if known.namespace:
        need("namespace", known.namespace)
    if rest[:3] == ["create", "secret", "generic"]:
        values = [pair.partition("=")[2] for pair in known.from_literal]
        assert all([*values, *(Path(pair.partition("=")[2]).read_text() for pair in known.from_file)]), "it is empty"
        make("secret", rest[3])
    elif rest[0] == "apply":
        for each in yaml.safe_load_all(Path(known.filename).read_text()):
            make(each["kind"].lower(), each["metadata"]["name"])
    else:
        assert rest[0] in {"wait", "delete"}, rest
        for resource in rest[1:]:
            need(*resource.split("/"))
    return 0


def systemctl(words: list[str]) -> int:
    if words[:2] == ["enable", "--now"]:
        assert Path(f"/etc/systemd/system/{words[2]}.service").is_file(), words[2]
    return 0


if __name__ == "__main__":
    TOOLS = {"docker": docker, "kubectl": kubectl, "systemctl": systemctl, "journalctl": lambda words: 0}
    raise SystemExit(TOOLS[sys.argv[1]](sys.argv[2:]))
