"""Answers are compressed for clients that ask, but never so that another site could learn of a page by its length."""

import base64
import gzip
import re
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pytest
import time_machine
from flask import Flask, request
from flask.testing import FlaskClient
from flask_compress.compat import compression
from werkzeug.test import TestResponse

from credstore.config import Config
from credstore.extension import Credstore
from credstore.migrate import upgrade
from tests.page import Page
from tests.web.conftest import JSON, Store

DECODERS = {"zstd": compression.zstd.decompress, "br": brotli.decompress, "gzip": gzip.decompress}
BROWSER = "gzip, deflate, br, zstd"


def encoding(answer: TestResponse) -> str | None:
    return answer.headers.get("Content-Encoding")


@pytest.mark.parametrize(("accepted", "chosen"), [*((name, name) for name in DECODERS), (BROWSER, "zstd")])
def test_a_page_is_compressed_as_the_client_asks(admin: Page, store: Store, accepted: str, chosen: str) -> None:
    store()
    plain = admin.client.get("/credentials")
    assert encoding(plain) is None
    answer = admin.client.get("/credentials", headers={"Accept-Encoding": accepted})
    assert encoding(answer) == chosen
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(plain.data) / 2
    assert without_token(DECODERS[chosen](answer.data)) == without_token(plain.data)
    for either in (plain, answer):
        assert "Accept-Encoding" in either.headers["Vary"]
        assert either.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "x-unknown"])
def test_who_does_not_ask_gets_it_as_it_is(admin: Page, accepted: str) -> None:
    assert encoding(admin.client.get("/credentials", headers={"Accept-Encoding": accepted})) is None


def test_tiny_answers_stay_as_they_are(admin: Page, store: Store) -> None:
    asked = {"Accept-Encoding": BROWSER}
    assert encoding(admin.client.get("/healthz", headers=asked)) is None
    assert encoding(admin.client.get("/credentials", headers=asked | JSON)) is None  # an empty list
    store()
    assert encoding(admin.client.get("/credentials", headers=asked | JSON)) == "zstd"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_s_request_is_not_compressed(admin: Page, store: Store, site: str) -> None:
    """A page may echo what the address brought beside the CSRF token: its compressed length would tell of both."""
    row = store("findable")
    asked = {"Accept-Encoding": BROWSER, "Sec-Fetch-Site": site}
    for url in ("/credentials?q=findable", "/credentials/new", f"/credentials/{row}/edit"):
        assert encoding(admin.client.get(url, headers=asked)) is None
        assert encoding(admin.client.get(url, headers=asked | {"Sec-Fetch-Site": "none"})) == "zstd"


def token_of(answer: TestResponse) -> str:
    (token,) = set(re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', answer.text))
    return str(token)


def test_what_makes_a_token_valid_changes_with_every_second(admin: Page) -> None:
    """Flask-WTF does not mask the session's value in it; but by itself that value is no token."""
    signatures = set()
    tomorrow = datetime.now(UTC) + timedelta(days=1)  # the session of `admin` has ended by then
    with time_machine.travel(tomorrow, tick=False) as clock:
        admin.sign_in("ann", "correct horse battery staple")
        for url in ("/credentials/new", "/credentials/delete?ids=x", "/login"):
            for _ in range(3):
                clock.shift(timedelta(seconds=1))
                answer = admin.client.get(url, follow_redirects=True)
                value, stamp, signature = token_of(answer).split(".")
                signatures.add(signature)
        assert len(signatures) == 9
        guessed = base64.b64decode(value + "=" * (-len(value) % 4)).decode().strip('"')
        for wrong in (guessed, value, f"{value}.{stamp}.{min(signatures - {signature})}"):
            refused = admin.client.post("/credentials/restore", data={"csrf_token": wrong})
            assert refused.status_code == 400


@pytest.mark.parametrize(("accepted", "chosen"), [*((name, name) for name in DECODERS), (BROWSER, "zstd")])
def test_static_files_are_compressed_once(
    app: Flask, client: FlaskClient, accepted: str, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "/credentials/static/credstore.css?v=1"
    whole = (Path(str(app.blueprints["credstore"].static_folder)) / "credstore.css").read_bytes()
    with client.get(url) as plain:
        assert (plain.data, encoding(plain)) == (whole, None)
    with client.get(url, headers={"Accept-Encoding": accepted}) as first:
        assert encoding(first) == chosen
        assert DECODERS[chosen](first.data) == whole
        assert first.headers["ETag"] != plain.headers["ETag"]
        assert first.headers["Cache-Control"] == "public, max-age=31536000, immutable"

    def refuse(*_: object) -> None:
        raise AssertionError("it was compressed before")

    monkeypatch.setattr("flask_compress.flask_compress._compress_data", refuse)
    with client.get(url, headers={"Accept-Encoding": accepted}) as second:
        assert second.data == first.data
    again = {"Accept-Encoding": accepted, "If-None-Match": first.headers["ETag"]}
    with client.get(url, headers=again) as unchanged:
        assert (unchanged.status_code, unchanged.data) == (304, b"")


def test_a_host_application_s_own_answers_and_settings_stay_its_own(tmp_path: Path, config: Config) -> None:
    host = Flask("host", static_folder=None)
    host.config.update(SECRET_KEY="h" * 40, COMPRESS_LEVEL=2)
    host.add_url_rule("/own", "own", lambda: "x" * 5000)
    Credstore(host, config=config, authorize=lambda: None if request.headers.get("X-User") else ("no", 401))
    upgrade(host)
    client, asked = host.test_client(), {"Accept-Encoding": "gzip", "X-User": "ann"}
    own = client.get("/own", headers=asked)
    assert (encoding(own), "Vary" in own.headers) == (None, False)
    assert encoding(client.get("/nowhere", headers=asked)) is None
    ours = client.get("/credentials", headers=asked)
    assert encoding(ours) == "gzip"
    assert b"No credentials yet" in zlib.decompress(ours.data, 31)
    assert {name: value for name, value in host.config.items() if name.startswith("COMPRESS")} == {"COMPRESS_LEVEL": 2}


def without_token(page: bytes) -> bytes:
    return re.sub(rb'(name="csrf_token"[^>]* value=")[^"]+', rb"\\1", page)
