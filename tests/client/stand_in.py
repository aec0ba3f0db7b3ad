"""Stands for the API in the tests of the client: what it was asked, and answers as the API gives them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from credstore.client import ClientSettings
from credstore.envelope import Binding, seal, token_id
from credstore.public_ids import new_public_id

TOKEN = "crs_CANARYtoken0123456789abcdefABCDEF"
KEY = X25519PrivateKey.generate()
SECRET = "sk-CANARY-client-0123456789"


@dataclass
class Api:
    """`credentials` by id: name, type and values.

    `envelope` makes what `use` answers in place of the right one, from the nonce of the request. The credential named
    `broken` gets an answer for nobody.
    """

    server: HTTPServer
    credentials: dict[str, tuple[str, str, dict[str, str]]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    envelope: Callable[[str], dict[str, Any]] | None = None
    broken: str = ""

    @property
    def settings(self) -> ClientSettings:
        return ClientSettings(url=self.server.url_for(""), token=TOKEN, private_key=KEY)

    @property
    def uses(self) -> list[dict[str, Any]]:
        """What came with each request for values, without its nonce. No nonce came twice."""
        bodies = [dict(request.get_json()) for request in self.asked if request.method == "POST"]
        nonces = [body.pop("nonce") for body in bodies]
        assert len(set(nonces)) == len(nonces)
        return bodies

    def add(self, name: str, kind: str, values: dict[str, str]) -> str:
        public_id = new_public_id()
        self.credentials[public_id] = (name, kind, values)
        return public_id

    def answer(self, request: Request) -> Response:
        self.asked.append(request)
        path = urlsplit(request.url).path.removeprefix("/api/v1/credentials")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem(401, "unauthorized", "This token is not known.")
        if not path:
            return self._list(request)
        public_id = path.split("/")[1]
        if public_id not in self.credentials:
            return problem(404, "not-found", "There is no such credential.")
        nonce = request.get_json()["nonce"]
        sealed = self.envelope(nonce) if self.envelope else self.sealed(public_id, nonce)
        return _json(sealed | ({"version": 1} if self.credentials[public_id][0] == self.broken else {}))

    def sealed(self, public_id: str, nonce: str) -> dict[str, Any]:
        name, kind, values = self.credentials[public_id]
        secrets = [one for one in ("api_key", "bot_token", "extra_config") if one in values]
        content = {"name": name, "type": kind, "secret_fields": secrets, "values": values}
        binding = Binding(token=token_id(TOKEN), credential=public_id, version=3, nonce=nonce)
        return seal(content, KEY.public_key().public_bytes_raw(), binding)

    def _list(self, request: Request) -> Response:
        """Two a page."""
        asked = parse_qs(urlsplit(request.url).query)
        wanted = asked.get("q", [""])[0].casefold()
        found = [
            {"id": public_id, "name": name, "type": kind}
            for public_id, (name, kind, _) in self.credentials.items()
            if wanted in name.casefold()
        ]
        start = int(asked.get("cursor", ["0"])[0])
        more = {"next_cursor": str(start + 2)} if len(found) > start + 2 else {"next_cursor": None}
        return _json({"items": found[start : start + 2], **more})


def _json(content: dict[str, Any]) -> Response:
    return Response(json.dumps(content), content_type="application/json")


def problem(status: int, code: str, detail: str) -> Response:
    content = {"title": "Refused", "status": status, "detail": detail, "code": code}
    return Response(json.dumps(content), status, content_type="application/problem+json", headers={"Retry-After": "7"})
