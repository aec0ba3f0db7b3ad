"""A visitor of one server: signs in, keeps the cookies and the CSRF token, tells how long the last answer took."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tests.bench.http_connection import Connection
from tests.bench.processes import database_pid, processor_seconds
from tests.fixtures.serving import Server
from tests.page import Document

BROWSER_ENCODINGS = "gzip, deflate, br, zstd"  # what Chromium and Firefox send


class Client:
    """`seconds` is what the last request took, from sending it to the last byte of the answer."""

    def __init__(self, server: Server) -> None:
        assert server.process is not None, "the server does not run"
        self._pids = [server.process.pid]
        if url := server.env.get("DATABASE_URL"):
            self._pids.append(database_pid(url))
        self._connection = Connection(server.port)
        self._cookies: dict[str, str] = {}
        self._keeps_cookies = True
        self._token = ""
        self.seconds = 0.0

    def sign_in(self, username: str, password: str) -> None:
        """From now on no new cookie is kept: a notice of each change would gather in it and never be shown."""
        self.open_form("/login")
        self.post("/login", {"username": username, "password": password}, status=303)
        self.open_form("/credentials/new")
        self._keeps_cookies = False

    def open_form(self, path: str) -> None:
        """Keep the CSRF token of a page for the posts to come."""
        page = self.get(path, encoding="identity").decode()
        self._token = Document(page).find("input", name="csrf_token")[0].attrs["value"]

    def close(self) -> None:
        """Close the connection; the next request opens one. gunicorn itself closes those that idle for two seconds."""
        self._connection.close()

    def processor_seconds(self) -> float:
        """What the server's processes have used so far, and the database's."""
        return sum(processor_seconds(pid) for pid in self._pids)

    def get(self, path: str, encoding: str = BROWSER_ENCODINGS) -> bytes:
        """The body as sent, compressed as browsers ask for it; "identity" is without compression."""
        return self._request("GET", path, {"Accept": "text/html", "Accept-Encoding": encoding}, b"", 200)

    def post(self, path: str, form: Mapping[str, str], status: int, accept: str = "text/html") -> Any:
        """Send a form; the JSON that comes back if `accept` asks for it."""
        headers = {"Accept": accept, "Content-Type": "application/x-www-form-urlencoded"}
        body = self._request("POST", path, headers, urlencode({**form, "csrf_token": self._token}).encode(), status)
        return json.loads(body) if accept == "application/json" else body

    def get_json(self, path: str, token: str) -> Any:
        """The JSON of an address of the API, asked for with a machine token and no cookie."""
        return self._send_json("GET", path, {"Authorization": f"Bearer {token}"}, b"", 200)

    def post_json(self, path: str, token: str, body: object, status: int) -> Any:
        """Send JSON with a machine token and no cookie; the JSON that comes back."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self._send_json("POST", path, headers, json.dumps(body).encode(), status)

    def _send_json(self, method: str, path: str, headers: dict[str, str], body: bytes, status: int) -> Any:
        response = self._connection.send(method, path, headers | {"Accept": "application/json"}, body)
        self.seconds = response.seconds
        assert response.status == status, f"{method} {path} -> {response.status}: {response.body[:300]!r}"
        return json.loads(response.body)

    def _request(self, method: str, path: str, headers: dict[str, str], body: bytes, status: int) -> bytes:
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        response = self._connection.send(method, path, headers, body)
        self.seconds = response.seconds
        assert response.status == status, f"{method} {path} -> {response.status}: {response.body[:300]!r}"
        if self._keeps_cookies:
            cookies = re.findall(rb"(?im)^set-cookie: *([^=]+)=([^;\r\n]*)", response.head)
            self._cookies |= {name.decode(): value.decode() for name, value in cookies}
        return response.body
