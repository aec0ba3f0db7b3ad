"""An HTTP client with cookies and the CSRF token, for a real server. It keeps every response."""

import http.client
import http.cookies
import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.fixtures.serving import Server

PASSWORD = "correct horse battery staple"


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    text: str
    seconds: float


@dataclass
class Person:
    server: Server
    cookies: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    token: str = ""

    def request(self, method: str, path: str, data: dict[str, object] | None = None, **headers: str) -> Response:
        """One request on a connection of its own."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if data is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode({"csrf_token": self.token} | data, doseq=True)
        started = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=40)
        try:
            connection.request(method, path, body, {"Cookie": cookies} | headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        answer = Response(response.status, dict(response.getheaders()), text, time.monotonic() - started)
        for header in response.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in http.cookies.SimpleCookie(header).items()}
        self.seen.append(f"{answer.headers}\n{text}")
        if found := re.search(r'name="csrf_token"[^>]* value="([^"]+)"', text):
            self.token = found[1]
        return answer

    def get(self, path: str, **headers: str) -> Response:
        return self.request("GET", path, **headers)

    def post(self, path: str, data: dict[str, object] | None = None, **headers: str) -> Response:
        return self.request("POST", path, data or {}, **headers)

    def sign_in(self, username: str = "ann", password: str = PASSWORD) -> "Person":
        self.get("/login")
        assert self.post("/login", {"username": username, "password": password}).status == 303
        self.get("/credentials/new")
        return self

    def create(self, name: str, **llm: str) -> str:
        own = {"provider_type": "openai_compatible", "api_key": "sk-1234567890"} | llm
        data = {"type": "llm", "name": name} | {f"llm-{field}": value for field, value in own.items()}
        made = self.post("/credentials/new", data, Accept="application/json")
        assert made.status == 201, made.text
        return re.search(r'"id":\s*"([0-9a-f-]{36})"', made.text)[1]  # type: ignore[index]
