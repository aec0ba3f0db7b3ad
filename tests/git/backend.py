"""A real git server: `git http-backend` behind a small HTTP server that judges Basic authentication.

server.url("private.git")   the URL of a repository; private.git, public.git and secret.git exist
server.requests             (method, path with query, status) of every request so far
"""

import base64
import os
import subprocess
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

WRITER, READER, STRANGER = "writer-canary-51f0aa", "reader-canary-77c2bb", "stranger-canary-90d1cc"
KNOWN = {WRITER, READER, STRANGER}
MAY_READ = {"private.git": {WRITER, READER}, "secret.git": {"nobody"}}
MAY_WRITE = {"private.git": {WRITER}, "public.git": {WRITER}}


class Handler(BaseHTTPRequestHandler):
    server: "GitServer"
    timeout = 20

    def answer(self) -> None:
        parts = urlsplit(self.path)
        name = parts.path.split("/")[1]
        token = self.token()
        if self.server.ban_after is not None and len(self.server.requests) >= self.server.ban_after:
            self.refuse(403)
            return
        writing = "git-receive-pack" in self.path
        closed = name in MAY_READ or writing or (self.server.strict and token is not None)
        if closed and token not in KNOWN:
            self.refuse(401)
        elif token not in MAY_READ.get(name, {token}) or (writing and token not in MAY_WRITE.get(name, ())):
            self.refuse(self.server.denied)
        else:
            self.backend(parts.path, parts.query, token)

    do_GET = do_POST = answer  # noqa: N815 - the standard library's names

    def token(self) -> str | None:
        given = self.headers.get("Authorization", "")
        if not given.startswith("Basic "):
            return None
        return base64.b64decode(given.removeprefix("Basic ")).decode().partition(":")[2]

    def refuse(self, status: int) -> None:
        self.record(status)
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", self.server.challenge)
        self.end_headers()

    def backend(self, path: str, query: str, token: str | None) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "HOME": str(self.server.root),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": self.headers.get("Content-Length", "0"),
        } | ({"REMOTE_USER": "someone"} if token else {})
        body = self.rfile.read(int(environment["CONTENT_LENGTH"]))
        done = subprocess.run(
            ["git", "http-backend"], env=environment, input=body, capture_output=True, timeout=20, check=False
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = [line.partition(": ")[::2] for line in head.decode().split("\r\n")]
        status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
        self.record(status)
        self.send_response(status)
        for name, value in headers:
            if name != "Status":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def record(self, status: int) -> None:
        self.server.requests.append((self.command, self.path, status))

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


class GitServer(ThreadingHTTPServer):
    """`strict`: a wrong token is refused even where none is needed, as GitHub does.

    `denied`: the status for a known token that may not; `ban_after`: so many requests are judged, then all get a 403.
    """

    daemon_threads = False  # joined on close, so that no socket outlives the test

    def __init__(
        self,
        root: Path,
        *,
        strict: bool = False,
        denied: int = 403,
        challenge: str = 'Basic realm="git"',
        ban_after: int | None = None,
    ) -> None:
        self.root = root
        self.strict = strict
        self.denied, self.challenge, self.ban_after = denied, challenge, ban_after
        self.requests: deque[tuple[str, str, int]] = deque(maxlen=1000)
        super().__init__(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


def git(root: Path, *words: str) -> str:
    who = {f"GIT_{role}_{part}": "a@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", *words], input=b"", env=os.environ | who, cwd=root, check=True, capture_output=True, timeout=20
    )
    return done.stdout.decode().strip()


def make_repositories(root: Path) -> Path:
    """private.git and public.git with one commit each, secret.git that nobody may read, empty.git without commits."""
    for name in ("private.git", "public.git", "secret.git", "empty.git"):
        git(root, "init", "-q", "--bare", name)
    for name in ("private.git", "public.git"):
        commit = git(root, "-C", name, "commit-tree", "-m", "one", git(root, "-C", name, "mktree"))
        git(root, "-C", name, "update-ref", "refs/heads/main", commit)
    return root
