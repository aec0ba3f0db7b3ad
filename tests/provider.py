"""A provider server with real sockets, well and badly behaved: each base path is one kind of provider.

provider.url("/openai/v1")   the base URL of a provider that behaves like OpenAI
provider.key                 the one right key, a canary
provider.requests            every request so far; `asked("/openai")` those under a path
"""

import json
import os
import secrets
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

LONGEST_WAIT = 60.0  # seconds after which even a hanging answer gives up
MOST_REQUESTS = 5_000
MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it came; header names are lower-cased."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str:
        """The key that came with it, wherever it was put."""
        return self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    reason: str | None = None


class Handler(BaseHTTPRequestHandler):
    """Reads one request, records it, answers as the base path says."""

    server: "Server"
    protocol_version = "HTTP/1.0"  # one request a connection: nothing is left open behind a test
    timeout = LONGEST_WAIT

    def answer(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), MOST_BYTES)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Recorded(self.command, self.path, headers, self.rfile.read(length))
        self.server.provider.record(self.server, request)
        reply = self.server.provider.behave(self.server, request, self)
        if reply is not None:
            self.reply(reply)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = answer  # noqa: N815 - the standard library's names

    def reply(self, reply: Reply) -> None:
        self.send_response(reply.status, reply.reason)
        for name, value in ({"Content-Length": str(len(reply.body))} | reply.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


class Server(ThreadingHTTPServer):
    daemon_threads = False  # joined on close, so that no socket outlives the test
    request_queue_size = 128

    def __init__(self, provider: "Provider") -> None:
        self.provider = provider
        super().__init__(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves early is what half of the behaviours are for."""

    def stop(self) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Provider:
    """Two servers: the provider, and the stranger that `/redirect` points at."""

    def __init__(self) -> None:
        self.key = f"sk-canary-{secrets.token_hex(20)}"
        self.requests: deque[Recorded] = deque(maxlen=MOST_REQUESTS)
        self.strayed: deque[Recorded] = deque(maxlen=MOST_REQUESTS)
        self.closing = threading.Event()
        self._changed = threading.Condition()
        self._main, self._stranger = Server(self), Server(self)

    def url(self, base: str) -> str:
        return self._main.url + base

    @property
    def host(self) -> str:
        """host:port, as CREDSTORE_EGRESS_ALLOW takes it."""
        return f"127.0.0.1:{self._main.server_port}"

    def asked(self, base: str) -> list[Recorded]:
        return [request for request in list(self.requests) if request.path.startswith(base)]

    def wait_for(self, count: int, base: str = "/", seconds: float = 10.0) -> None:
        """Until `count` requests under `base` have come."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.asked(base)) >= count, seconds):
                raise AssertionError(f"{len(self.asked(base))} of {count} requests to {base} came in {seconds} s")

    def release(self) -> None:
        """Let everything that hangs or drips end now."""
        self.closing.set()

    def record(self, server: Server, request: Recorded) -> None:
        with self._changed:
            (self.requests if server is self._main else self.strayed).append(request)
            self._changed.notify_all()

    def behave(self, server: Server, request: Recorded, handler: Handler) -> Reply | None:
        if server is self._stranger:
            return as_json(200, MODELS)
        base, _, rest = urlsplit(request.path).path.removeprefix("/").partition("/")
        call = Call(self, request, handler, "/" + rest)
        return BEHAVIOURS.get(base, absent)(call)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()
        self._main.stop()
        self._stranger.stop()


@dataclass(frozen=True, slots=True)
class Call:
    """One request, seen by a behaviour. `rest` is the path below the base's first part, without the query."""

    provider: Provider
    request: Recorded
    handler: Handler
    rest: str

    @property
    def right(self) -> bool:
        return self.request.key == self.provider.key

    @property
    def listing(self) -> bool:
        return self.request.method == "GET" and self.rest.endswith("/models")

    @property
    def completion(self) -> bool:
        return self.request.method == "POST" and self.rest.endswith(("/chat/completions", "/messages"))


MODELS: dict[str, Any] = {
    "object": "list",
    "data": [{"id": "gpt-5-mini", "object": "model", "created": 1, "owned_by": "system"}],
}
CLAUDES = {
    "data": [
        {"type": "model", "id": "claude-haiku-4-5", "display_name": "Haiku", "created_at": "2026-01-01T00:00:00Z"}
    ],
    "has_more": True,
    "first_id": "claude-haiku-4-5",
    "last_id": "claude-haiku-4-5",
}
SCOPES = "You have insufficient permissions for this operation. Missing scopes: api.model.read."


def as_json(status: int, value: Any, **headers: str) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"} | headers)


def error(status: int, message: str, code: str | None = None, kind: str = "invalid_request_error") -> Reply:
    return as_json(status, {"error": {"message": message, "type": kind, "param": None, "code": code}})


def absent(call: Call) -> Reply:
    return error(404, f"Invalid URL ({call.request.method} {call.request.path})")


def wrong(call: Call) -> Reply:
    """As OpenAI does it, but worse: the whole key comes back in the message."""
    return error(401, f"Incorrect API key provided: {call.request.key}.", "invalid_api_key")


def completion(call: Call, *, checked: bool = True) -> Reply:
    if not call.completion:
        return absent(call)
    if checked and not call.right:
        return wrong(call)
    model = (call.request.json or {}).get("model")
    if not model:
        return error(400, "you must provide a model parameter")
    if model != MODELS["data"][0]["id"]:
        return error(404, f"The model `{model}` does not exist or you do not have access to it.", "model_not_found")
    return as_json(200, {"object": "chat.completion", "model": model, "choices": [{"message": {"content": "H"}}]})


def openai(call: Call) -> Reply:
    if not call.right:
        return wrong(call)
    if call.request.headers.get("openai-organization", "").startswith("org-wrong"):
        return error(401, "No such organization: org-wrong.", "invalid_organization")
    return as_json(200, MODELS) if call.listing else completion(call)


def anthropic(call: Call) -> Reply:
    def says(status: int, kind: str, message: str) -> Reply:
        return as_json(status, {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"})

    if call.request.headers.get("x-api-key") != call.provider.key:
        return says(401, "authentication_error", "invalid x-api-key")
    if "anthropic-version" not in call.request.headers:
        return says(400, "invalid_request_error", "anthropic-version: header is required")
    if call.listing and call.rest == "/v1/models":
        return as_json(200, CLAUDES)
    if call.completion:
        return says(400, "invalid_request_error", "model: Field required")
    return says(404, "not_found_error", "Not found")


def open_listing(call: Call) -> Reply:
    return as_json(200, MODELS) if call.listing else completion(call)


def any_key(call: Call) -> Reply:
    return as_json(200, MODELS) if call.listing else completion(call, checked=False)


def limited(call: Call) -> Reply:
    if not call.right:
        return wrong(call)
    return error(401, SCOPES) if call.listing else completion(call)


def no_credit(call: Call) -> Reply:
    if not call.right:
        return wrong(call)
    return error(429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota")


def busy(_call: Call) -> Reply:
    body = {"error": {"message": "Rate limit reached.", "type": "requests", "code": "rate_limit_exceeded"}}
    return as_json(429, body, **{"Retry-After": "7"})


def redirect(call: Call) -> Reply:
    return Reply(302, b"", {"Location": call.provider._stranger.url + call.request.path})


def hang(call: Call) -> Reply:
    call.provider.closing.wait(LONGEST_WAIT)
    return Reply(503)


def drip(call: Call) -> None:
    """A well-formed answer, one byte each 50 ms, longer than anybody should wait."""
    call.handler.reply(Reply(200, b"{", {"Content-Type": "application/json", "Content-Length": "100000"}))
    for _ in range(int(LONGEST_WAIT * 20)):
        if call.provider.closing.wait(0.05):
            return
        call.handler.wfile.write(b" ")


def flood(call: Call) -> None:
    """Up to 64 MiB of JSON whitespace, for the cap on the body."""
    call.handler.reply(Reply(200, b"{", {"Content-Type": "application/json", "Content-Length": str(1 << 26)}))
    for _ in range(1 << 10):
        if call.provider.closing.is_set():
            return
        call.handler.wfile.write(b" " * (1 << 16))


def reset(call: Call) -> None:
    """No answer: the connection is torn down."""
    connection = call.handler.connection
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())


def echo(call: Call) -> Reply:
    """The key in every place where a careless client would show it."""
    key = call.request.key
    body = {"error": {"message": f"Bad key {key}", "type": key, "code": key, "param": key}, "detail": key, key: key}
    return Reply(
        401,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "WWW-Authenticate": f'Bearer realm="{key}"', "X-Echo": key},
        f"Unauthorized {key}",
    )


BEHAVIOURS: dict[str, Callable[[Call], Reply | None]] = {
    "openai": openai,
    "anthropic": anthropic,
    "open": open_listing,
    "anykey": any_key,
    "nolist": completion,
    "limited": limited,
    "nocredit": no_credit,
    "busy": busy,
    "html": lambda call: Reply(200, b"<!doctype html><title>Welcome</title>", {"Content-Type": "text/html"}),
    "badjson": lambda call: Reply(200, b'{"object": "list", "data": [', {"Content-Type": "application/json"}),
    "bare": lambda call: Reply(200),
    "redirect": redirect,
    "hang": hang,
    "drip": drip,
    "flood": flood,
    "reset": reset,
    "down": lambda call: error(503, "The server is overloaded.", None, "server_error"),
    "echo": echo,
    "forbidden": lambda call: error(403, "Country, region, or territory not supported.", "unsupported_country"),
}
