"""Each route states the role that it needs, and each role gets what it may have: no page offers what is refused."""

import base64
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from credstore.accounts import Role, Visitor
from credstore.audit import AuditFilters
from credstore.config import DATABASE_FILE, Config
from credstore.database import close_database
from credstore.extension import Credstore
from credstore.web.authorization import PUBLIC_ENDPOINTS
from credstore.web.route_roles import ROLE_OF_ENDPOINT, role_needed
from tests.conftest import PASSWORD
from tests.page import Page
from tests.web.conftest import JSON, Store

UNKNOWN_ID = "11111111-1111-4111-8111-111111111111"
As = Callable[[Role], Page]


@pytest.fixture
def as_role(app: Flask) -> As:
    """A page of somebody who has signed in, and has that role."""

    def sign_in(role: Role) -> Page:
        with app.app_context():
            app.extensions["credstore"].users.create(f"the {role}", PASSWORD, role)
        page = Page(app.test_client())
        page.sign_in(f"the {role}", PASSWORD)
        return page

    return sign_in


def routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """The endpoint, the method and an address of every view that needs a sign-in."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in PUBLIC_ENDPOINTS and not rule.endpoint.startswith("credstore_api."):
            for method in sorted(rule.methods or ()):
                yield rule.endpoint, method, re.sub(r"<int:\w+>", "7", re.sub(r"<uuid:\w+>", UNKNOWN_ID, rule.rule))


def test_each_route_states_the_role_that_it_needs(app: Flask) -> None:
    assert {endpoint for endpoint, _, _ in routes(app)} == set(ROLE_OF_ENDPOINT)
    assert not set(ROLE_OF_ENDPOINT) & PUBLIC_ENDPOINTS
    assert role_needed("credstore.a new one") is role_needed(None) is Role.ADMIN


@pytest.mark.parametrize("role", list(Role))
def test_each_role_against_each_route(app: Flask, as_role: As, role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    page, refused = as_role(role), 0
    app.config["WTF_CSRF_ENABLED"] = False  # the check of the role alone must hold
    for starts in ("start", "start_rotation"):  # a thread in the background
        monkeypatch.setattr(app.extensions["credstore"].runner, starts, lambda _: None)
    for endpoint, method, url in routes(app):
        if endpoint == "credstore.logout":
            continue
        for headers in ({}, JSON, {"X-Credstore": "fragment"}):
            answer = page.client.open(url, method=method, headers=headers)
            where = f"{role}: {method} {url}: {answer.status_code}"
            if method == "OPTIONS" and role.includes(role_needed(endpoint)):
                assert answer.status_code == 200, where
            elif role.includes(role_needed(endpoint)):
                assert answer.status_code not in {401, 403, *range(500, 600)}, where
            else:
                refused += 1
                assert answer.status_code == 403, where
                if headers and method != "HEAD":
                    assert answer.json["code"] == "role"  # type: ignore[index]
    assert (refused > 0) == (role is not Role.ADMIN)
    assert page.client.post("/logout").status_code == 303


def offered(page: Page) -> set[tuple[str, str]]:
    """The method and the address of everything on the page that can be pressed or followed."""
    assert page.document is not None
    found = {("GET", link.attrs["href"]) for link in page.document.find("a") if link.attrs.get("href")}
    for button in page.document.find("button"):
        form = page.document.form_of(button)
        if form is not None and form.attrs.get("method", "get") != "dialog":
            method = form.attrs.get("method", "get").upper()
            found.add((method, button.attrs.get("formaction") or form.attrs["action"]))
    return {(method, url.partition("#")[0].partition("?")[0]) for method, url in found if url.startswith("/")}


@pytest.mark.parametrize("role", list(Role))
def test_no_page_offers_what_is_refused(app: Flask, as_role: As, store: Store, role: Role) -> None:
    """From the list and every page that can be reached from it by links."""
    row, gone = store("OpenAI production"), store("Old one")
    with app.app_context():
        vault = app.extensions["credstore"].vault
        vault.edit(row, name="OpenAI production", values={"provider_type": "openai", "api_key": "sk-other"}, version=1)
        vault.delete([gone])
        vault.cancel_run(vault.start_run())
    page = as_role(role)
    adapter = app.url_map.bind("localhost")
    seen, waiting, pressed = set[str](), ["/credentials", "/credentials/new", "/credentials/deleted"], set[str]()
    while waiting:
        url = waiting.pop()
        if url in seen or url.startswith("/credentials/static"):
            continue
        seen.add(url)
        page.get(url, status=None, follow=True)
        for method, address in offered(page):
            endpoint, _ = adapter.match(address, method)
            if endpoint not in PUBLIC_ENDPOINTS and not endpoint.startswith("credstore_api."):
                assert role.includes(role_needed(endpoint)), f"{url} offers {method} {address}"
            pressed.add(endpoint)
            if method == "GET":
                waiting.append(address)
    assert {"credstore.index", "credstore.show", "credstore.runs", "credstore.deleted"} <= pressed
    assert ({"credstore.new", "credstore.confirm_one", "credstore.put_back", "credstore.test_again"} <= pressed) == (
        role is not Role.VIEWER
    )
    assert ("credstore.confirm_erase" in pressed) == ("credstore.tokens" in pressed) == (role is Role.ADMIN)


def test_a_viewer_is_told_which_role_is_missing(as_role: As, store: Store) -> None:
    row, viewer = store(), as_role(Role.VIEWER)
    viewer.get(f"/credentials/{row}")
    viewer.post(f"/credentials/{row}/delete", status=403)
    assert "This needs the role editor, and yours is viewer." in viewer.text
    viewer.get("/credentials")
    assert "OpenAI production" in viewer.text


def test_a_role_that_was_taken_away_ends_with_the_next_request(app: Flask, as_role: As) -> None:
    admin, editor = as_role(Role.ADMIN), as_role(Role.EDITOR)
    admin.get("/settings")
    with app.app_context():
        users = app.extensions["credstore"].users
        users.set_role(users.named("the editor").id, Role.ADMIN)
        users.set_role(users.named("the admin").id, Role.VIEWER)
    admin.get("/settings", status=403)
    editor.get("/settings")


def test_a_form_of_an_editor_does_not_come_back_to_a_viewer(app: Flask, as_role: As) -> None:
    as_role(Role.VIEWER)
    visitor = Page(app.test_client())
    visitor.get("/login")
    visitor.post("/credentials/new", {"type": "llm", "name": "kept"}, status=401)
    assert visitor.document is not None
    typed = visitor.document.find("input", name="typed_input")[0].attrs["value"]
    visitor.post("/login", {"username": "the viewer", "password": PASSWORD, "typed_input": typed}, status=403)
    assert "kept" not in visitor.text


class Host:
    """A host application whose `authorize` returns `answer`, and a client of it."""

    def __init__(self, config: Config, migrated_sqlite: Path) -> None:
        config.data_dir.mkdir(parents=True)
        shutil.copyfile(migrated_sqlite, config.data_dir / DATABASE_FILE)
        self.answer: object = None
        self.app = Flask("host", static_folder=None)
        self.app.config.update(SECRET_KEY="s" * 40, WTF_CSRF_ENABLED=False)
        self.credstore = Credstore(self.app, config=config, authorize=lambda: self.answer)  # type: ignore[arg-type, return-value]
        self.client = self.app.test_client()

    def actors(self) -> list[str]:
        with self.app.app_context():
            return [entry.actor for entry in self.credstore.audit.page(AuditFilters()).entries]


@pytest.fixture
def host(config: Config, migrated_sqlite: Path) -> Iterator[Host]:
    made = Host(config, migrated_sqlite)
    yield made
    close_database(made.app)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(None, 200), (Role.ADMIN, 200), (Role.EDITOR, 200), (Role.VIEWER, 403), (("no", 401), 401), ("elsewhere", 200)],
)
def test_a_host_application_may_name_a_role(host: Host, answer: object, expected: int) -> None:
    host.answer = answer
    found = host.client.get("/credentials/new")
    assert found.status_code == expected
    assert (found.text == "elsewhere") == (answer == "elsewhere")


@pytest.mark.parametrize("answer", [None, *Role, *(Visitor(role, "ann") for role in Role)], ids=str)
def test_only_an_explicit_role_opens_more_than_an_editor_has(
    host: Host, answer: Role | Visitor | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each route of a host application, against all that its `authorize` may return."""
    role = answer.role if isinstance(answer, Visitor) else answer or Role.EDITOR
    host.answer, refused = answer, set[str]()
    for starts in ("start", "start_rotation"):  # a thread in the background
        monkeypatch.setattr(host.credstore.runner, starts, lambda _: None)
    for endpoint, method, url in routes(host.app):
        status = host.client.open(url.replace("<path:rest>", "x"), method=method).status_code
        assert (status == 403) == (not role.includes(role_needed(endpoint))), f"{method} {url}: {status}"
        assert status < 500
        refused |= {endpoint} if status == 403 else set()
    needs_admin = {"credstore.settings", "credstore.audit", "credstore.issue_token", "credstore.rotate_keys"}
    assert (needs_admin <= refused) == (role is not Role.ADMIN)
    assert ("Settings" in host.client.get("/credentials").text) == (role is Role.ADMIN)


def test_whom_a_host_lets_pass_without_a_role_gets_no_token(host: Host) -> None:
    """It would read every secret."""
    key = base64.b64encode(bytes(range(32))).decode()
    form = {"name": "mine", "scopes": ["read", "use"], "expires": "90d", "public_key": key}
    assert host.client.post("/credentials/tokens", data=form).status_code == 403
    with host.app.app_context():
        assert not host.credstore.tokens.list()
    host.answer = Visitor(Role.ADMIN, "ann")
    assert host.client.post("/credentials/tokens", data=form).status_code == 200
    with host.app.app_context():
        assert [token.created_by for token in host.credstore.tokens.list()] == ["ann"]


@pytest.mark.parametrize(
    ("answer", "actor"),
    [
        (None, "host application"),
        (Role.EDITOR, "host application"),
        (Visitor(Role.EDITOR), "host application"),
        (Visitor(Role.EDITOR, "ann"), "ann"),
        (Visitor(Role.EDITOR, " a\0\n\ud800\u202eb "), "a b"),
        (Visitor(Role.EDITOR, "Program"), "user Program"),
        (Visitor(Role.EDITOR, "token of ann"), "user token of ann"),
        (Visitor(Role.EDITOR, "x" * 200), "x" * 150),
    ],
)
def test_the_name_that_a_host_gives_is_in_the_audit_log(host: Host, answer: object, actor: str) -> None:
    host.answer = answer
    form = {"type": "llm", "name": "One", "llm-provider_type": "openai", "llm-api_key": "sk-test-0123456789"}
    assert host.client.post("/credentials/new", data=form).status_code == 303
    assert host.actors() == [actor]
    assert "Sign out" not in host.client.get("/credentials").text
    with host.app.app_context():
        (row,) = (record.public_id for record in host.credstore.vault.page().records)
    assert host.client.post(f"/credentials/{row}/delete").status_code == 303
    deleted = host.client.get("/credentials/deleted", headers=JSON)
    assert f'"deleted_by":"{actor}"'.replace('"host application"', "null") in deleted.text
