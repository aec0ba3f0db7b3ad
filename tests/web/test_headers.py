"""The security headers of every answer, and how long an answer may be kept."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from tests.page import Page
from tests.web.conftest import JSON, Store

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
WANTED = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def headers_of(answer: Any) -> dict[str, list[str]]:
    return {name: answer.headers.getlist(name) for name in (*WANTED, "Cache-Control", "Strict-Transport-Security")}


def wanted(cache: str = "no-store") -> dict[str, list[str]]:
    return {name: [value] for name, value in WANTED.items()} | {
        "Cache-Control": [cache],
        "Strict-Transport-Security": [],
    }


def test_every_answer_carries_them_once(app: Flask, admin: Page, client: FlaskClient, store: Store) -> None:
    row = store()
    app.testing = False
    app.view_functions["credstore.show"] = lambda public_id: 1 / 0
    asked = [
        admin.client.get("/credentials"),
        admin.client.get("/credentials/new"),
        admin.client.get(f"/credentials/{row}/edit"),
        admin.client.get(f"/credentials/{row}"),  # crashes
        admin.client.get("/credentials", headers=JSON),
        admin.client.get("/nowhere"),
        admin.client.get("/nowhere", headers=JSON),
        admin.client.get("/credentials/static/nothing.css"),
        admin.client.post("/credentials"),
        admin.client.post("/credentials/new"),
        admin.client.open("/credentials", method="OPTIONS"),
        admin.client.get("/credentials/new", headers={"Host": "evil.example"}),
        client.get("/credentials"),
        client.get("/credentials", headers=JSON),
        client.get("/login"),
        client.get("/setup"),
        client.get("/healthz"),
        client.get("/readyz"),
    ]
    statuses = {answer.status_code for answer in asked}
    assert statuses == {200, 303, 400, 401, 403, 404, 405, 500}
    for answer in asked:
        assert headers_of(answer) == wanted(), f"{answer.request.path} {answer.status_code}"


def test_static_files_are_kept_for_ever_by_their_digest(app: Flask, admin: Page) -> None:
    page = admin.get("/credentials").text
    files = re.findall(r'"(/credentials/static/[^"]+)"', page)
    assert {file.partition("?")[0].rpartition("/")[2] for file in files} == {
        "credstore.css",
        "credstore.js",
        "dialogs.js",
        "forms.css",
        "icon.svg",
        "shortcuts.js",
    }
    for file in files:
        assert re.search(r"\?v=[0-9a-f]{12}$", file)
        with app.test_client().get(file) as answer:
            assert answer.status_code == 200
            assert headers_of(answer) == wanted("public, max-age=31536000, immutable")
            etag = answer.headers["ETag"]
        with app.test_client().get(file, headers={"If-None-Match": etag}) as answer:
            assert answer.status_code == 304
            assert headers_of(answer) == wanted("public, max-age=31536000, immutable")


@pytest.mark.parametrize("path", ["../credstore/cipher.py", "%2e%2e/wsgi.py", "..%2fwsgi.py", "/etc/passwd", "%00"])
def test_static_serves_its_folder_and_nothing_else(client: FlaskClient, path: str) -> None:
    assert client.get(f"/credentials/static/{path}").status_code in {303, 308, 400, 404}


def test_https_answers_ask_for_https_from_then_on(client: FlaskClient) -> None:
    answer = client.get("/login", base_url="https://localhost")
    assert answer.headers.getlist("Strict-Transport-Security") == ["max-age=31536000"]


def test_the_server_names_no_versions(client: FlaskClient) -> None:
    assert "Server" not in client.get("/login").headers


@pytest.mark.usefixtures("admin")
def test_a_broken_database_s_error_page_carries_them_too(app: Flask, client: FlaskClient) -> None:
    def broken() -> None:
        raise OperationalError("select 1", {}, Exception("x"))

    app.testing = False
    app.view_functions["credstore.login"] = broken
    answer = client.get("/login")
    assert answer.status_code == 500
    assert headers_of(answer) == wanted()
