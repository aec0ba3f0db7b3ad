"""Secrets that are used everywhere are found nowhere: not in files, logs, pages or headers."""

import base64
import json
import logging
import re
import secrets
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from flask import Flask
from flask.testing import FlaskClient

from credstore.credential_types.llm.providers import OpenAICompatible
from credstore.tester import Tester
from tests.conftest import PASSWORD
from tests.fixtures.serving import Server, serving
from tests.page import Page
from tests.provider import Provider
from tests.serving.browser import Person

JSON = "application/json"


def forms(secret: str) -> set[bytes]:
    """Plain, URL-quoted, escaped as JSON, and in base64 wherever it starts within a group of three bytes."""
    raw = secret.encode()
    plain = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), secret.replace('"', '\\"')}
    # The first and last characters of each depend on what stands beside it, so they are left out.
    packed = {base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4] for shift in range(3)}
    packed |= {base64.urlsafe_b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4] for shift in range(3)}
    return {text.encode() for text in plain} | packed


def found(planted: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Which canary is where."""
    return [
        f"{name} in {place}"
        for name, secret in planted.items()
        for place, content in places.items()
        if any(form in content for form in forms(secret))
    ]


def files(folder: Path) -> dict[str, bytes]:
    """Every file of an installation but the keys: the database, its -wal and -shm, the server's output."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and "data-keys" not in file.parts
    }


@pytest.mark.parametrize("wrap", [str, quote, lambda it: base64.b64encode(b"key=" + it.encode()).decode()])
def test_the_search_can_find(tmp_path: Path, wrap: object) -> None:
    canary = "canary/+&" + secrets.token_hex(12)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "log").write_text(f"the key is {wrap(canary)}.")  # type: ignore[operator]
    assert found({"key": canary}, files(tmp_path)) == ["key in data/log"]
    assert not found({"key": canary[::-1]}, files(tmp_path))


def canaries(provider: Provider) -> dict[str, str]:
    fresh = secrets.token_hex(12)
    return {
        "API key": provider.key,
        "echoed API key": f"sk-echo-{fresh}",
        "refused API key": f"sk refused {fresh}",
        "replaced API key": f"sk-old-{fresh}",
        "conflicting API key": f"sk-late-{fresh}",
        "tested API key": f"sk-draft-{fresh}",
        "bot token": f"123456789:AA{fresh}",
        "refused bot token": f"bad-token-{fresh}",
        "Extra Config value": f"config-{fresh}",
        "refused Extra Config": f"broken-{fresh}",
        "guided token": f"guided-{fresh}",
        "refused guided token": f"twice-{fresh}",
        "password": f"password of the canary {fresh}",
        "wrong password": f"wrong password of the canary {fresh}",
    }


@pytest.mark.spec(
    "Sensitive fields (API keys, bot tokens) are encrypted at rest using Fernet encryption via the "
    "FIELD_ENCRYPTION_KEY environment variable."
)
@pytest.mark.spec("The API never returns raw key values -- only the encrypted reference is stored")
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_secret_is_found_anywhere_after_everything_was_done_with_it(
    tmp_path: Path, provider: Provider, log_format: str
) -> None:
    planted = canaries(provider)
    logs = {"CREDSTORE_LOG_FORMAT": log_format, "CREDSTORE_LOG_LEVEL": "debug", "CREDSTORE_SLOW_STATEMENT_MS": "1"}
    with serving(Server(tmp_path / "home", env=logs)) as server:
        link = re.search(r"/setup\?token=(\S+)", server.log())
        assert link is not None
        person = Person(server)
        person.get(link[0])
        assert person.post("/setup", {"token": link[1], "username": "ann", "password": "short"}).status == 400
        person.post("/setup", {"token": link[1], "username": "ann", "password": planted["password"]})
        person.get("/credentials")
        assert person.post("/logout").status == 303
        person.get("/login")
        assert person.post("/login", {"username": "ann", "password": planted["wrong password"]}).status == 401
        person.sign_in("ann", planted["password"])
        _everything(person, provider, planted)
        session = person.cookies["credstore"]
        while_running = files(server.home)
        person.post("/logout")
    for event in ("signed in", "sign-in refused", "credential created", "credential edited", "credential tested"):
        assert event in server.log()
    planted |= {"session id": _session_id(session)}
    pages = {f"answer {number}": text.encode() for number, text in enumerate(person.seen)}
    assert len(pages) > 40
    assert not found(planted, while_running)
    # The cookie's own header is where a session id belongs, and only there; the set-up form carries its token.
    assert not found({name: it for name, it in planted.items() if name != "session id"}, pages)
    assert not found(planted | {"session cookie": session}, files(server.home))
    in_database = {name: content for name, content in while_running.items() if "sqlite3" in name}
    assert any(name.endswith("-wal") for name in in_database)
    assert not found({"set-up token": link[1]}, in_database)


def _session_id(cookie: str) -> str:
    packed = cookie.lstrip(".").split(".")[0]
    raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    token: str = json.loads(zlib.decompress(raw) if cookie.startswith(".") else raw)["_user_id"]
    return token


def _everything(person: Person, provider: Provider, planted: Mapping[str, str]) -> None:
    right, echo = provider.url("/openai/v1"), provider.url("/echo/v1")
    rows = [
        person.create("Right", base_url=right, api_key=planted["API key"]),
        person.create("Echoed", base_url=echo, api_key=planted["echoed API key"]),
        person.create("Edited", base_url=right, api_key=planted["replaced API key"]),
    ]
    config = json.dumps({"token": planted["Extra Config value"]})
    guided = {"git-extra_config_url": provider.url("/r.git")}
    refused = planted["refused guided token"]
    for data in (
        {"type": "telegram", "name": "Bot", "telegram-bot_token": planted["bot token"]},
        {"type": "git", "name": "Git", "git-extra_config": config},
        {"type": "tool", "name": "Tool", "tool-extra_config": config},
        {"type": "git", "name": "Guided", **guided, "git-extra_config_token": planted["guided token"]},
    ):
        assert person.post("/credentials/new", dict(data)).status == 303
        person.get("/credentials")
    for data in (
        {"type": "llm", "name": "Bad", "llm-provider_type": "openai", "llm-api_key": planted["refused API key"]},
        {"type": "llm", "name": "", "llm-provider_type": "openai", "llm-api_key": planted["API key"]},
        {"type": "llm", "name": "right", "llm-provider_type": "openai", "llm-api_key": planted["API key"]},
        {"type": "telegram", "name": "Bad", "telegram-bot_token": planted["refused bot token"]},
        {"type": "git", "name": "Bad", "git-extra_config": "{" + planted["refused Extra Config"]},
        {"type": "git", "name": "Bad", "git-extra_config": config, **guided, "git-extra_config_token": refused},
        {"type": "git", "name": "", "git-extra_config_url": f"https://ann:{refused}@git.example.com/r"},
        {"type": "nobody", "name": "Bad", "llm-api_key": planted["API key"]},
    ):
        for accept in ("text/html", JSON):
            assert person.post("/credentials/new", dict(data), Accept=accept).status == 400
        person.get("/credentials/new")
    edit = {"name": "Edited", "llm-provider_type": "openai_compatible", "llm-base_url": right}
    edited = f"/credentials/{rows[2]}/edit"
    person.get(edited)
    assert person.post(edited, edit | {"version": "1", "llm-api_key": planted["API key"]}).status == 303
    assert person.post(edited, edit | {"version": "1", "llm-api_key": planted["conflicting API key"]}).status == 409
    person.get(edited)
    assert person.post(edited, edit | {"version": "2", "llm-base_url": echo}).status == 400
    _test_and_put_back(person, rows[2], edit | {"llm-base_url": echo, "llm-api_key": planted["tested API key"]})
    for row in rows:
        for headers in ({}, {"Accept": JSON}, {"X-Credstore": "fragment"}):
            assert person.post(f"/credentials/{row}/test", **headers).status in {200, 303}  # type: ignore[arg-type]
        own = planted["echoed API key" if row == rows[1] else "API key"]
        for model, status in (("gpt-5-mini", 303), ("nothing-5", 303), (own, 400)):
            assert person.post(f"/credentials/{row}/completion", {"model": model}).status == status
        for url in (f"/credentials/{row}", f"/credentials/{row}/edit", f"/credentials/{row}/delete", "/credentials"):
            person.get(url)
            person.get(url, Accept=JSON)
    assert person.post("/credentials/new", {"csrf_token": "x", "llm-api_key": planted["API key"]}).status == 400
    person.get(f"/nowhere/{rows[0]}")
    person.get("/credentials")
    gone = person.post("/credentials/delete", {"ids": rows}, Accept=JSON)
    batch = re.search(r'"batch":\s*"([^"]+)"', gone.text)
    assert batch is not None
    assert person.post("/credentials/restore", {"batch": batch[1]}).status == 303
    person.get("/credentials")


def _test_and_put_back(person: Person, row: str, draft: dict[str, object]) -> None:
    """Of a credential at version 2, whose key was replaced."""
    edited = f"/credentials/{row}/edit"
    for then in ("test_draft", "test_new"):
        for headers in ({}, {"Accept": JSON}, {"X-Credstore": "fragment"}):
            assert person.post(edited, draft | {"version": "2", "then": then}, **headers).status == 200  # type: ignore[arg-type]
        person.get(edited)
    back = f"/credentials/{row}/put-back"
    for version, headers, status in (("1", {}, 409), ("1", {"Accept": JSON}, 409), ("2", {}, 303), ("3", {}, 303)):
        person.get(f"/credentials/{row}")
        assert person.post(back, {"version": version}, **headers).status == status
    assert person.post(back, {"version": "4"}, Accept=JSON).status == 200
    assert person.post(back, {"version": "5"}).status == 303  # the key that was in use at first is again


def _log_bytes(caplog: pytest.LogCaptureFixture) -> bytes:
    texts: Iterable[str] = (f"{record.getMessage()} {record.exc_text} {record.exc_info}" for record in caplog.records)
    return (caplog.text + "\n".join(texts)).encode()


@pytest.fixture
def stored(app: Flask, admin: Page, provider: Provider) -> str:
    values = {"provider_type": "openai_compatible", "api_key": provider.key, "base_url": provider.url("/openai/v1")}
    app.testing = False  # a crash must be answered, not raised into the test
    with app.app_context():
        row = app.extensions["credstore"].vault.create("llm", "Local", values).public_id
    admin.get("/credentials")
    admin.canaries.add(provider.key)
    return str(row)


def test_an_exception_inside_a_probe_that_quotes_the_key(
    stored: str,
    app: Flask,
    admin: Page,
    provider: Provider,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def careless(access: object) -> object:
        raise RuntimeError(f"cannot use {provider.key}")
        yield

    monkeypatch.setattr(OpenAICompatible, "probe", careless)
    with caplog.at_level(logging.DEBUG):
        admin.post(f"/credentials/{stored}/test")
        admin.get("/credentials")
    assert "Cannot tell" in admin.text
    assert not found({"key": provider.key}, {"log": _log_bytes(caplog)} | files(Path(app.instance_path)))


@pytest.mark.parametrize("where", ["tester", "vault", "view", "message"])
def test_a_crash_whose_text_quotes_the_key(
    stored: str, app: Flask, admin: Page, provider: Provider, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch, where: str, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def crash(*_: object, **__: object) -> None:
        try:
            raise KeyError(provider.key)
        except KeyError as inner:
            raise RuntimeError(f"a library quotes {provider.key}") from inner

    if where == "tester":
        monkeypatch.setattr(Tester, "run", crash)
    elif where == "vault":
        monkeypatch.setattr(app.extensions["credstore"].vault, "test", crash)
    elif where == "view":
        app.view_functions["credstore.test"] = crash
    else:
        monkeypatch.setattr("credstore.web.views.credential_test.flash_message", crash)
    with caplog.at_level(logging.DEBUG):
        for accept in ("text/html",) if where == "message" else ("text/html", JSON):  # a program gets no message
            admin.get("/credentials")
            admin.post(f"/credentials/{stored}/test", status=500, headers={"Accept": accept})
    captured = capfd.readouterr()
    places = {"log": _log_bytes(caplog), "stdout": captured.out.encode(), "stderr": captured.err.encode()}
    assert b"RuntimeError" in places["log"], "the crash is logged, by its type and place"
    assert not found({"key": provider.key}, places | files(Path(app.instance_path)))


def test_a_password_is_in_no_log(
    app: Flask, client: FlaskClient, admin: Page, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        page = Page(client)
        page.get("/login")
        page.post("/login", {"username": PASSWORD + " typed there", "password": "x"}, status=401)
    assert not found({"password": PASSWORD}, {"log": _log_bytes(caplog)} | files(Path(app.instance_path)))
