"""No answer of any route has six characters of a planted secret, for no role and no scope, and whatever goes wrong.

Each route of the application is called with every method that it takes: by nobody and by each role, or with a token of
each scope; with bodies that fit, that do not fit, and that hold secrets where none belong. What a provider answers
repeats the secret that it was sent.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, text
from werkzeug.test import TestResponse

from credstore import create_app
from credstore.accounts import Role, passwords
from credstore.accounts.token_rules import SCOPES
from credstore.config import Config
from credstore.models import LoginFailure, db
from credstore.probe import ProbeRequest, ProbeResponse
from credstore.tester import Tester
from credstore.vault import ListFilters
from credstore.web.api import NAME, ROUTES
from tests.conftest import PASSWORD, MakeApp, close
from tests.page import Page

# Of letters that no id, hash or time has, so that no piece is met by chance. Twelve differ from each other.
SECRETS = {
    "API key": "sk-QzVxKwJyHqTgZnXvMkPwYjRhQsGzTx",
    "replaced API key": "sk-GzQxNvTwKyZjMhXqVgPnRkWsJzYtHx",
    "bot token": "AAHqZxVwKyGnTjXzQvMkPwYhRsJgNxTzQvK",
    "git token": "ghp_XqZwVyKjTnHgMzQxPvRkYwJsGhTzNq",
    "tool token": "ZkQyXwVjHnTgKzMqPxYvRwJhGsTzNkQxVw",
    "draft key": "sk-TxWzGqKvYnJhMkXzQwVpRgZsHjNyTq",
}
UNKNOWN_ID = "11111111-1111-4111-8111-111111111111"
JSON = {"Accept": "application/json"}
ALL_STATUSES = {200, 201, 303, 400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 428, 429, 503}


def pieces() -> dict[bytes, str]:
    """Six characters of each secret in clear, and what is certain of them in base64, wherever they begin in it."""
    found: dict[bytes, str] = {}
    for name, secret in SECRETS.items():
        for part in (secret[at : at + 6].encode() for at in range(len(secret) - 5)):
            found[part] = name
            for shift in range(3):
                packed = base64.b64encode(b"\0" * shift + part)
                found[packed[(0, 2, 3)[shift] : len(packed) - (0, 3, 2)[shift]]] = f"{name} in base64"
    return found


PIECES = pieces()


def leaks(answers: Mapping[bytes, str]) -> list[str]:
    """Which secret is in which answer; the texts by what they answer."""
    whole = b"\n".join({line for one in answers for line in one.splitlines()})  # pages have most lines in common
    met = [piece for piece in PIECES if piece in whole]
    return [f"{PIECES[piece]} in {answers[one]}" for piece in met for one in answers if piece in one]


class Echo:
    """A provider that refuses what it is sent, and repeats all of it."""

    def send(self, request: ProbeRequest, *, deadline: float) -> ProbeResponse:
        told = f"{request.url} {dict(request.headers)}"
        return ProbeResponse(status=401, json={"ok": False, "description": told, "error": {"message": told}})


@dataclass
class Walk:
    """Calls routes, and keeps every answer. `plant` stores the credentials anew, a secret in each kind of field."""

    app: Flask
    answers: dict[bytes, str] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    ids: list[str] = field(default_factory=list)
    planter: "Walk | None" = None  # where this application is locked

    def plant(self) -> None:
        with self.app.app_context():
            vault = self.app.extensions["credstore"].vault
            vault.delete(
                [one.public_id for one in vault.list_by_key(ListFilters.clean(), limit=200).records], force=True
            )
            llm = {"provider_type": "openai", "api_key": SECRETS["replaced API key"]}
            config = {"url": "https://git.example.com/r", "token": SECRETS["git token"]}
            headers = {"Authorization": f"Bearer {SECRETS['tool token']}"}
            made = [
                vault.create("llm", "Model", llm).public_id,
                vault.create("telegram", "Bot", {"bot_token": f"907351842:{SECRETS['bot token']}"}).public_id,
                vault.create("git", "Git", {"extra_config": json.dumps(config)}).public_id,
                vault.create(
                    "tool", "Tool", {"extra_config": json.dumps({"url": config["url"], "headers": headers})}
                ).public_id,
                vault.create("llm", "Damaged", llm | {"api_key": SECRETS["API key"]}).public_id,
                vault.create("llm", "Used", llm | {"api_key": SECRETS["API key"]}).public_id,
            ]
            vault.edit(made[0], version=1, name="Model", values=llm | {"api_key": SECRETS["API key"]})
            vault.put_reference(made[5], "workflow:42")
            with db.engine.begin() as connection:
                statement = text("UPDATE credential SET sealed = 'gAAAA' WHERE public_id = :id")
                connection.execute(statement, {"id": made[4]})
            self.ids[:] = made

    def ask(self, client: FlaskClient, method: str, url: str, who: str, **more: Any) -> TestResponse:
        answer = client.open(url, method=method, **more)
        self.statuses[answer.status_code] += 1
        whole = str(answer.headers).encode() + b"\n" + answer.data
        answer.close()
        self.answers.setdefault(whole, f"{method} {url} by {who}: {answer.status_code}")
        assert answer.status_code != 500, f"{method} {url} by {who}"
        if method not in {"GET", "HEAD", "OPTIONS"} and answer.status_code < 400:
            (self.planter or self).plant_what_is_gone()
        return answer

    def plant_what_is_gone(self) -> None:
        with self.app.app_context():
            found = self.app.extensions["credstore"].vault.summaries(self.ids)
        if len(found) < len(self.ids):
            self.plant()

    def addresses(self, *, api: bool) -> Iterator[tuple[str, str, str]]:
        """The endpoint, a method, and the address with a place for an id. Signing out is the last."""
        rules = sorted(self.app.url_map.iter_rules(), key=lambda rule: rule.endpoint == "credstore.logout")
        for rule in rules:
            if rule.endpoint.startswith(f"{NAME}.") is api:
                for method in sorted(rule.methods or ()):
                    address = re.sub(r"<int:\w+>", "7", re.sub(r"<uuid:\w+>", "{id}", rule.rule))
                    yield rule.endpoint, method, re.sub(r"<path:\w+>", "credstore.css", address)


@pytest.fixture
def walk(config: Config, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    close(make_app(config))  # it has made the database
    app = create_app(config, Tester(Echo()))
    app.config["WTF_CSRF_ENABLED"] = False
    for starts in ("start", "start_rotation"):  # a thread in the background
        monkeypatch.setattr(app.extensions["credstore"].runner, starts, lambda _: None)
    with app.app_context():
        for role in Role:
            app.extensions["credstore"].users.create(f"the {role}", PASSWORD, role)
    found = Walk(app)
    found.plant()
    yield found
    close(app)


def with_ids(walk: Walk, address: str, most: int = 7) -> Iterator[str]:
    """The address of each credential, and of one that is not there."""
    for number in range(min(most, 7) if "{id}" in address else 1):
        yield address.replace("{id}", [*walk.ids, UNKNOWN_ID][number])


def form() -> dict[str, str]:
    """A form of any page: every secret field has a secret, in a form that is refused for something else."""
    config = json.dumps({"token": SECRETS["git token"]})
    fields = {
        "llm-api_key": SECRETS["draft key"],
        "llm-provider_type": "anthropic",
        "type": "llm",
        "name": "",
        "version": "1",
    }
    fields |= {"telegram-bot_token": SECRETS["bot token"], "git-extra_config": config, "tool-extra_config": config}
    return fields | {"model": SECRETS["draft key"], "then": "test_draft", "paste": SECRETS["draft key"]}


def walk_pages(walk: Walk, client: FlaskClient, who: str, all_headers: list[dict[str, str]], most: int = 1) -> None:
    """With the first of the headers at the addresses of at most so many credentials."""
    for endpoint, method, address in walk.addresses(api=False):
        if endpoint == "credstore.logout" and method == "POST":
            continue
        body: dict[str, Any] = {"data": form()} if method == "POST" else {}
        for number, headers in enumerate(all_headers if method in {"GET", "POST"} else all_headers[:1]):
            for url in with_ids(walk, address, most if number == 0 and method in {"GET", "POST"} else 1):
                walk.ask(client, method, url, who, headers=headers, **body)
        if method == "POST":
            walk.ask(client, method, next(with_ids(walk, address)), who, json=form())


def bodies(walk: Walk) -> dict[str, dict[str, Any]]:
    """A body that fits, of each route of the API that takes one."""
    other = {"type": "llm", "name": "New", "fields": {"provider_type": "openai", "api_key": SECRETS["draft key"]}}
    return {
        "create": other,
        "change": {"fields": {"api_key": SECRETS["draft key"]}},
        "test_draft": {name: part for name, part in other.items() if name != "name"},
        "delete_many": {"ids": walk.ids},
        "restore_batch": {"batch": UNKNOWN_ID},
        "put_reference": {"consumer": "workflow:42"},
        "replace_references": {"consumer": "workflow:42", "references": [{"credential": walk.ids[5]}]},
        "move_references": {"to": walk.ids[0]},
        "use": {"consumer": "workflow:42"},
    }


def requests_of(walk: Walk, name: str) -> Iterator[dict[str, Any]]:
    """What is sent to a route: right, wrong in every way, and with secrets where none belong."""
    secret = SECRETS["draft key"]
    yield {"headers": {"If-Match": "*"}}
    yield {"headers": {"If-Match": f'"{secret}"'}}
    yield {"query_string": {"consumer": secret, "cursor": secret, "limit": secret}}
    yield {"query_string": {"cursor": "999999"} | ({"sort": "name"} if name == "list_credentials" else {})}
    yield {"query_string": {"consumer": "workflow:42"}}
    yield {"query_string": {"force": "true"}}
    if name in bodies(walk):
        fits = bodies(walk)[name]
        for headers in ({"If-Match": "*"}, {}, {"If-Match": '"77"'}):
            yield {"json": fits, "headers": headers}
        yield {"json": fits | {secret: secret}, "headers": {"If-Match": "*"}}
        yield {"json": {key: [secret] for key in fits}, "headers": {"If-Match": "*"}}
        yield {"json": fits | {"type": "llm", "fields": {"provider_type": "anthropic", "api_key": secret, secret: 1}}}
        yield {
            "json": fits | {"fields": {"provider_type": "anthropic", "api_key": secret}},
            "headers": {"If-Match": "*"},
        }
        yield {"data": f'{{"{secret}', "content_type": "application/json"}
        yield {"data": {"api_key": secret}}
        yield {"data": secret.encode() * 70_000, "content_type": "application/json"}


def walk_api(walk: Walk, tokens: Mapping[str, str], scopes: Mapping[str, str]) -> None:
    """With every token, and with one of the route's own scope in every way."""
    client = walk.app.test_client()
    for endpoint, method, address in walk.addresses(api=True):
        name = endpoint.removeprefix(f"{NAME}.")
        walk.ask(client, "PROPFIND", next(with_ids(walk, address)), "nobody")
        for who, token in tokens.items():
            url = next(with_ids(walk, address))
            bearer = {"Authorization": f"Bearer {token}"}
            if who != scopes.get(name):
                walk.ask(client, method, url, who, headers=bearer)
                continue
            for request in requests_of(walk, name):
                headers = bearer | request.pop("headers", {})
                walk.ask(client, method, next(with_ids(walk, address)), who, headers=headers, **request)
            for url in with_ids(walk, address):
                fits = {"json": bodies(walk)[name]} if name in bodies(walk) else {}
                walk.ask(client, method, url, who, headers=bearer | {"If-Match": "*"}, **fits)


def issue(app: Flask, *scopes: str) -> str:
    public_key = base64.b64encode(X25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    with app.app_context():
        tokens = app.extensions["credstore"].tokens
        return str(tokens.issue(name="walk", scopes=scopes, public_key=public_key).text)


def signed_in(app: Flask, role: Role) -> FlaskClient:
    """From here on forms need no CSRF token."""
    app.config["WTF_CSRF_ENABLED"] = True
    page = Page(app.test_client())
    page.sign_in(f"the {role}", PASSWORD)
    app.config["WTF_CSRF_ENABLED"] = False
    return page.client


def walk_refusals(walk: Walk, refusing: Flask, tokens: Mapping[str, str], scopes: Mapping[str, str]) -> None:
    """Every route of an application that is locked, or that takes one request a minute from a token."""
    other = Walk(refusing, walk.answers, walk.statuses, walk.ids, planter=walk)
    with refusing.app_context(), db.engine.begin() as connection:
        connection.execute(delete(LoginFailure))  # those of the walk, after which this sign-in would have to wait
    client = signed_in(refusing, Role.ADMIN)
    for endpoint, method, address in other.addresses(api=True):
        name = endpoint.removeprefix(f"{NAME}.")
        fits = {"json": bodies(other)[name]} if name in bodies(other) else {}
        headers = {"Authorization": f"Bearer {tokens[scopes.get(name, 'read')]}", "If-Match": "*"}
        other.ask(client, method, next(with_ids(other, address)), "a refused one", headers=headers, **fits)
    for _, method, address in other.addresses(api=False):
        body = form() if method == "POST" else None
        other.ask(client, method, next(with_ids(other, address)), "a refused admin", data=body)


def test_no_answer_has_a_piece_of_a_secret(walk: Walk, config: Config, make_app: MakeApp) -> None:
    app = walk.app
    walk_pages(walk, app.test_client(), "nobody", [{}, JSON])
    for role in Role:
        if role is Role.ADMIN:
            walk_pages(walk, signed_in(app, role), role, [{}, JSON, {"X-Credstore": "fragment"}], most=7)
        else:
            walk_pages(walk, signed_in(app, role), role, [JSON])
    tokens = {scope: issue(app, scope) for scope in SCOPES} | {"nobody": "crs_x"}
    scopes = {route.name: route.scope for route in ROUTES}
    assert set(bodies(walk)) == {route.name for route in ROUTES if route.body is not None}
    walk_api(walk, tokens, scopes)
    walk_refusals(walk, make_app(replace(config, api_requests_per_minute=1)), tokens, scopes)
    walk_refusals(walk, make_app(replace(config, field_encryption_key=Fernet.generate_key().decode())), tokens, scopes)
    assert set(walk.statuses) >= ALL_STATUSES, sorted(ALL_STATUSES - set(walk.statuses))
    assert len(walk.answers) > 500
    assert leaks(walk.answers)[:20] == []


@pytest.mark.parametrize("wrap", [str, lambda part: base64.b64encode(f"key={part}.".encode()).decode()])
@pytest.mark.parametrize("shift", range(3))
def test_the_search_finds_six_characters(wrap: Callable[[str], str], shift: int) -> None:
    for secret in SECRETS.values():
        told = f"<p>{wrap('-' * shift + secret[4:10])}</p>"
        assert leaks({told.encode(): "a page"})
        assert not leaks({told.swapcase()[::-1].encode(): "a page"})
