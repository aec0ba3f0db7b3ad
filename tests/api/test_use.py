"""`POST /api/v1/credentials/ID/use`: what it answers, to whom, and that no answer holds a secret."""

import base64
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask, Response
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import text
from werkzeug.test import TestResponse

from credstore.accounts.machine_tokens import MachineTokens
from credstore.client import Client, ClientSettings
from credstore.client_errors import EnvelopeRefused, ServerRefused
from credstore.config import Config
from credstore.database import close_database
from credstore.envelope import new_nonce, open_envelope
from credstore.errors import NotFound, StorageBusy
from credstore.extension import Credstore
from credstore.models import db
from credstore.public_ids import new_public_id
from tests.browser.live_site import open_app
from tests.conftest import MakeApp
from tests.fixtures.serving import Server
from tests.page import Page

SECRET = "sk-CANARY-use-0zq9ye8xd7wc6vb5ua4t"
KEY = X25519PrivateKey.generate()
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
LLM = {"provider_type": "openai", "api_key": SECRET}


@dataclass
class Installation:
    app: Flask
    public_id: str
    token: str

    def issue(self, *scopes: str, **more: Any) -> str:
        with self.app.app_context():
            tokens = self.app.extensions["credstore"].tokens
            return str(tokens.issue(name="n8n", scopes=scopes, public_key=PUBLIC, **more).text)

    def use(self, token: str | None = None, public_id: str = "", **more: Any) -> TestResponse:
        headers = {} if token == "" else {"Authorization": f"Bearer {token or self.token}"}
        address = f"/api/v1/credentials/{public_id or self.public_id}/use"
        sent = more if {"json", "data"} & more.keys() else {"json": {}} | more
        return self.app.test_client().post(address, headers=headers | sent.pop("headers", {}), **sent)


def install(app: Flask) -> Installation:
    with app.app_context():
        public_id = app.extensions["credstore"].vault.create("llm", "Model of team 7", LLM).public_id
    found = Installation(app, public_id, "")
    found.token = found.issue("use")
    return found


@pytest.fixture
def here(stored_app: Flask) -> Installation:
    return install(stored_app)


@pytest.fixture
def on_sqlite(app: Flask) -> Installation:
    return install(app)


def no_secret_in(answer: Response) -> None:
    """No six characters of the secret in a row, in clear or in base64, in the body or a header."""
    text = answer.get_data(as_text=True) + str(answer.headers)
    raw = SECRET.encode()
    packed = "".join(
        base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4].decode() + "\n" for shift in range(3)
    )
    for form in (SECRET, *packed.split()):
        assert not [form[at : at + 6] for at in range(len(form) - 5) if form[at : at + 6] in text]


def test_the_answer_opens_with_the_registered_key(here: Installation) -> None:
    answer = here.use(json={"consumer": "workflow:42", "node": "ask"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.content_type == "application/json"
    assert "Set-Cookie" not in answer.headers
    no_secret_in(answer)
    content = open_envelope(answer.get_json(), KEY, token=here.token, credential=here.public_id)
    assert content["values"] == LLM
    with here.app.app_context():
        assert here.app.extensions["credstore"].vault.get(here.public_id).last_used_at is not None
    assert here.use().status_code == 200, "nobody in particular: the token itself is the consumer"
    with here.app.app_context():
        found = here.app.extensions["credstore"].vault.references_of(here.public_id).references
        assert [(one.consumer, one.node, one.registered) for one in found] == [
            ("token n8n", "", False),
            ("workflow:42", "ask", False),
        ]
    assert here.use(public_id=here.public_id.upper()).status_code == 200


def test_what_is_deleted_while_the_token_is_noted_is_not_given(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To note that a token is used may wait for another writer."""

    def delete_meanwhile(*_: object) -> None:
        here.app.extensions["credstore"].vault.delete([here.public_id])

    monkeypatch.setattr(MachineTokens, "_touch", delete_meanwhile)
    assert here.use().status_code == 404


def test_an_answer_is_bound_to_the_nonce_of_its_request(on_sqlite: Installation) -> None:
    nonces = [new_nonce(), new_nonce(), ""]
    answers = [on_sqlite.use(json={"nonce": nonce} if nonce else {}).get_json() for nonce in nonces]
    for (sent, answer), claimed in product(zip(nonces, answers, strict=True), nonces):
        with nullcontext() if claimed == sent else pytest.raises(EnvelopeRefused):
            open_envelope(answer, KEY, token=on_sqlite.token, credential=on_sqlite.public_id, nonce=claimed)


def test_nothing_is_sent_where_the_use_cannot_be_noted(
    on_sqlite: Installation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def busy(*_: object) -> None:
        raise StorageBusy("The database is busy with another change. Nothing was saved; try again.")

    monkeypatch.setattr("credstore.vault.record_use.RecordUse._record", busy)
    answer = on_sqlite.use()
    assert (answer.status_code, answer.get_json()["code"]) == (503, "storage-busy")
    assert "ciphertext" not in answer.get_data(as_text=True)
    assert "CANARY" not in caplog.text


REFUSED: dict[str, tuple[Callable[[Installation], TestResponse], int, str]] = {
    "no token": (lambda it: it.use(""), 401, "unauthorized"),
    "basic": (lambda it: it.use("", headers={"Authorization": "Basic YTpi"}), 401, "unauthorized"),
    "no such token": (lambda it: it.use("crs_" + "a" * 38), 401, "unauthorized"),
    "without the scope": (lambda it: it.use(it.issue("read", "write", "test", "references")), 403, "scope"),
    "expired": (lambda it: it.use(expire(it)), 401, "unauthorized"),
    "revoked": (lambda it: it.use(revoke(it)), 401, "unauthorized"),
    "no such credential": (lambda it: it.use(public_id=new_public_id()), 404, "not-found"),
    "a name": (lambda it: it.use(public_id="Model of team 7"), 404, "http-404"),
    "a consumer that is a number": (lambda it: it.use(json={"consumer": 7}), 400, "invalid-fields"),
    "a short nonce": (lambda it: it.use(json={"nonce": "x" * 15}), 400, "invalid-fields"),
    "a long nonce": (lambda it: it.use(json={"nonce": "x" * 129}), 400, "invalid-fields"),
    "a nonce of two lines": (lambda it: it.use(json={"nonce": "x" * 16 + "\n"}), 400, "invalid-fields"),
    "a long node": (lambda it: it.use(json={"node": "x" * 201}), 400, "invalid-fields"),
    "a line break": (lambda it: it.use(json={"node": "a\nb"}), 400, "invalid-fields"),
    "a list": (lambda it: it.use(json=[1]), 400, "invalid-fields"),
    "no JSON": (lambda it: it.use(data="{", content_type="application/json"), 400, "http-400"),
    "nothing": (lambda it: it.use(data=""), 415, "http-415"),
    "a form": (lambda it: it.use(data={"consumer": "x"}), 415, "http-415"),
    "something unknown": (lambda it: it.use(json={"CANARY-use": 1}), 400, "invalid-fields"),
    "too large": (lambda it: it.use(data=b" " * 2_000_001, content_type="application/json"), 413, "http-413"),
    "deleted": (lambda it: it.use(public_id=delete(it)), 404, "not-found"),
    "changed outside": (lambda it: it.use(public_id=damage(it)), 409, "tampered"),
}


def expire(it: Installation) -> str:
    token = it.issue("use")
    change(
        it, "UPDATE machine_token SET expires_at = '2020-01-01 00:00:00' WHERE id = (SELECT max(id) FROM machine_token)"
    )
    return token


def revoke(it: Installation) -> str:
    token = it.issue("use")
    with it.app.app_context():
        tokens = it.app.extensions["credstore"].tokens
        tokens.revoke(tokens.list()[0].id)
    return token


def delete(it: Installation) -> str:
    with it.app.app_context():
        it.app.extensions["credstore"].vault.delete([it.public_id])
    return it.public_id


def damage(it: Installation) -> str:
    change(it, "UPDATE credential SET sealed = 'gAAAA'")
    return it.public_id


def change(it: Installation, statement: str) -> None:
    with it.app.app_context(), db.engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(("ask", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_problem_details(
    on_sqlite: Installation, ask: Callable[[Installation], TestResponse], status: int, code: str
) -> None:
    answer = ask(on_sqlite)
    problem = answer.get_json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in answer.headers) is (status in {401, 403})
    assert bool(problem.get("errors")) is (code == "invalid-fields")
    assert ("Model of team 7" in problem["detail"]) is (code == "tampered")
    no_secret_in(answer)


def test_a_session_is_no_token(on_sqlite: Installation, admin: Page) -> None:
    address = f"/api/v1/credentials/{on_sqlite.public_id}/use"
    assert admin.client.post(address, json={}).status_code == 401


def test_a_locked_credstore_says_so(on_sqlite: Installation, config: Config, make_app: MakeApp) -> None:
    locked = make_app(replace(config, field_encryption_key=Fernet.generate_key().decode()))
    answer = replace(on_sqlite, app=locked).use()
    assert (answer.status_code, answer.get_json()["code"]) == (503, "locked")
    assert "Retry-After" in answer.headers


def test_it_works_inside_a_host_that_checks_every_form(config: Config, migrated_sqlite: Any) -> None:
    config.data_dir.mkdir(parents=True)
    (config.data_dir / "credstore.sqlite3").write_bytes(migrated_sqlite.read_bytes())
    host = Flask("host")
    host.secret_key = "h" * 40
    CSRFProtect(host)
    Credstore(host, config=config, authorize=lambda: None)
    it = install(host)
    answer = it.use()
    assert answer.status_code == 200
    assert open_envelope(answer.get_json(), KEY, token=it.token, credential=it.public_id)["values"] == LLM
    assert it.use("").get_json()["code"] == "unauthorized"
    close_database(host)


def test_the_client_opens_what_a_real_server_answers(site: Server) -> None:
    app = open_app(site)
    it = install(app)
    settings = ClientSettings(url=site.url, token=it.token, private_key=KEY)
    with Client(settings) as client:
        values = client.use(it.public_id, consumer="workflow:42", node="ask")
        assert (values == LLM, values.name, values.text()) == (True, "Model of team 7", SECRET)
        with pytest.raises(NotFound):
            client.use(new_public_id())
    with Client(replace(settings, token=it.issue("read"))) as reader, pytest.raises(ServerRefused) as caught:
        reader.use(it.public_id)
    assert (caught.value.status, caught.value.problem) == (403, "scope")
    close_database(app)
    log = site.log()
    assert f"credential used: {it.public_id}" in log
    assert not any(SECRET[at : at + 6] in log for at in range(len(SECRET) - 5))
    assert it.token not in log
