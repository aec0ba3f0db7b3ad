"""Stands in for a container engine: image folders as root folders, and processes that see nothing but them.

A process gets a mount namespace and a network of its own (unshare), an image folder as its root (chroot), and the
user and the privileges that its file asks for (setpriv). Python and the system's libraries are those of this machine,
mounted where the official images have them.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tests.fixtures.serving import START_SECONDS, STOP_SECONDS

TOOLS = ("unshare", "nsenter", "setpriv", "chroot", "mount", "ip")
PREFIX = Path(sys.base_prefix)
SYSTEM = ("usr", "bin", "sbin", "lib", "lib64", "proc", "dev")
# What name look-ups, TLS and pip need. The users are written anew: nothing of this machine's accounts is copied.
ETC = ("ssl", "ca-certificates", "pip.conf", "xdg/pip", "ld.so.cache", "alternatives", "resolv.conf", "login.defs")
USERS = {"passwd": "root:x:0:0:root:/root:/bin/sh\n", "group": "root:x:0:\n", "shadow": "root:*::::::\n", "gshadow": ""}
# Waits while nothing listens, but not for long: it may have come too early to be inside the container.
ASK = """
import http.client, json, sys, time
until = time.monotonic() + float(sys.argv[3])
while True:
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=10)
    try:
        connection.request("GET", sys.argv[1], headers={"Host": sys.argv[2]})
        break
    except ConnectionRefusedError:
        if time.monotonic() > until:
            raise
        time.sleep(0.02)
answer = connection.getresponse()
print(json.dumps([answer.status, answer.read().decode()]))
"""


def why_not() -> str:
    """Why this machine cannot run the sandbox, "" where it can."""
    if os.geteuid() != 0:
        return "only root may mount and chroot, which stand in for a container engine"
    for tool in TOOLS:
        if not shutil.which(tool):
            return f"{tool} is missing (Debian's packages util-linux, mount, coreutils and iproute2)"
    if subprocess.run(["unshare", "--mount", "--net", "true"], check=False, capture_output=True).returncode:
        return "this kernel permits no mount and network namespaces here"
    return ""


def make_image(folder: Path) -> Path:
    """A root folder with empty mount points and the little of /etc that programs need."""
    for name in ("etc", "opt", "run", "root", "src", "tmp", "var", "run/secrets"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in SYSTEM:
        here = Path("/", name)
        if here.is_symlink():  # /bin is usr/bin
            (folder / name).symlink_to(here.readlink())
        elif here.exists():
            (folder / name).mkdir()
    for name in ETC:
        here = Path("/etc", name)
        if here.is_dir():
            shutil.copytree(here, folder / "etc" / name, symlinks=True)
        elif here.exists():
            shutil.copy(here, folder / "etc" / name)
    if not PREFIX.is_relative_to("/usr"):
        (folder / PREFIX.relative_to("/")).mkdir(parents=True)
    for name, text in USERS.items():
        (folder / "etc" / name).write_text(text)
    return folder


def _mounts(image: Path, root: Path) -> Iterator[str]:
    """The commands that mount this machine's system into `root`, where the image folder is or will be mounted."""
    for name in SYSTEM:
        if (image / name).is_dir() and not (image / name).is_symlink():
            yield f"mount --rbind /{name} {root / name}"
    if Path("/usr") != PREFIX:
        yield f"mount --bind {PREFIX} {root / 'usr/local'}"
        if not PREFIX.is_relative_to("/usr"):  # where its shared libraries are looked for
            yield f"mount --bind {PREFIX} {root}{PREFIX}"
    else:  # the official images have /usr/local/bin/python
        yield f"mount -t tmpfs tmpfs {root / 'usr/local'}"
        yield f"mkdir {root / 'usr/local/bin'}"
        yield f"ln -s {os.path.realpath(sys.executable)} {root / 'usr/local/bin/python'}"


def build(
    image: Path,
    command: str,
    environment: Mapping[str, str],
    *,
    volumes: Mapping[str, Path] = MappingProxyType({}),
    stdin: str = "",
) -> str:
    """Run a command as root in /src of the image folder, with this machine's network; its output.

    AssertionError where it fails.
    """
    lines = ["set -eu", "mount --make-rprivate /", *_mounts(image, image)]
    for here in Path("/opt").iterdir():  # pip's configuration may name folders of packages there
        if here.is_dir() and here.name != "credstore":
            (image / "opt" / here.name).mkdir(exist_ok=True)
            lines.append(f"mount --bind {here} {image / 'opt' / here.name}")
    for inside, outside in volumes.items():
        (image / inside.lstrip("/")).mkdir(exist_ok=True)
        lines.append(f"mount --bind {outside} {image}{inside}")
    words = ["env", "-C", "/src", "-i", *(f"{name}={value}" for name, value in environment.items())]
    lines.append(shlex.join(["exec", "chroot", str(image), *words, "/bin/bash", "-euo", "pipefail", "-c", command]))
    done = subprocess.run(
        ["unshare", "--mount", "setsid", "/bin/sh", "-c", "\n".join(lines)],  # without a terminal to ask on
        check=False,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@dataclass(kw_only=True)
class Container:
    """What an engine would be told. `volumes` and `files` go from a path inside to a folder or file outside."""

    image: Path
    mount_point: Path  # an empty folder; the image is mounted there, for this process alone
    command: Sequence[str]
    environment: Mapping[str, str]
    user: int
    volumes: Mapping[str, Path] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    tmpfs: Sequence[str] = ()
    read_only: bool = True
    folder: str = "/"  # where its processes start
    process: subprocess.Popen[bytes] | None = None

    @property
    def log_file(self) -> Path:
        return self.mount_point.with_suffix(".log")

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def _prepare(self) -> Iterator[str]:
        root = self.mount_point
        for inside in (*self.volumes, *self.tmpfs):
            (self.image / inside.lstrip("/")).mkdir(parents=True, exist_ok=True)
        for inside in self.files:
            (self.image / inside.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            (self.image / inside.lstrip("/")).touch()
        yield from ("set -eu", "mount --make-rprivate /", "ip link set lo up", f"mount --bind {self.image} {root}")
        yield from _mounts(self.image, root)
        for inside, outside in {**self.volumes, **self.files}.items():
            yield f"mount --bind {outside} {root}{inside}"
        for inside, outside in self.files.items():
            yield f"mount -o remount,bind,ro {root}{inside} # {outside}"
        for inside in self.tmpfs:
            yield f"mount -t tmpfs -o mode=1777,size=64m tmpfs {root}{inside}"
        if self.read_only:
            yield f"mount -o remount,bind,ro {root}"

    def _privileges(self) -> list[str]:
        none = ["--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
        words = [f"{name}={value}" for name, value in self.environment.items()]
        return [
            "setpriv",
            f"--reuid={self.user}",
            f"--regid={self.user}",
            *none,
            "env",
            "-C",
            self.folder,
            "-i",
            *words,
        ]

    def start(self, command: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
        """Start `command`, or the container's own, and return at once."""
        words = ["exec", "chroot", str(self.mount_point), *self._privileges(), *(command or self.command)]
        script = "\n".join([*self._prepare(), shlex.join(words)])
        self.mount_point.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                ["unshare", "--mount", "--net", "/bin/sh", "-c", script],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def run(self, *command: str, stdin: str = "", check: bool = True) -> int:
        """One command in a container like this, to its end; its exit status. Its output goes to the log."""
        process = self.start(command)
        process.communicate(stdin.encode(), timeout=60)
        assert not check or process.returncode == 0, f"{command}:\n{self.log()}"
        return process.returncode

    def exec(self, *command: str) -> subprocess.CompletedProcess[str]:
        """One command inside the running container."""
        assert self.process
        enter = ["nsenter", "--target", str(self.process.pid), "--mount", "--net", "--root", "--wd=/"]
        return subprocess.run(
            [*enter, *self._privileges(), *command], check=False, capture_output=True, text=True, timeout=30
        )

    def get(self, path: str, host: str, *, wait: float = 0) -> tuple[int, str]:
        """Status and body of a request to port 8000 of the container; `wait` seconds until something listens."""
        done = self.exec("python", "-c", ASK, path, host, str(wait))
        if done.returncode:
            return 0, done.stderr
        status, body = json.loads(done.stdout)
        return int(status), str(body)

    @contextmanager
    def running(self, host: str) -> Iterator["Container"]:
        """The container from its first answer of /healthz to the end of the block."""
        self.process = self.start()
        try:
            deadline = time.monotonic() + START_SECONDS
            while self.get("/healthz", host, wait=1)[0] != 200:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"it did not start:\n{self.log()}")
                time.sleep(0.1)
            yield self
        finally:
            self.process.terminate()
            try:
                self.process.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.communicate()
