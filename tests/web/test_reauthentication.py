"""The password is asked for again, in one place, before pages that give lasting rights; nothing typed is lost."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask

from credstore.web.authorization import PUBLIC_ENDPOINTS
from credstore.web.reauthentication import ENDPOINTS
from tests.conftest import PASSWORD, USERNAME
from tests.page import Page
from tests.web.conftest import JSON
from tests.web.test_roles import routes

NEW = {"name": "n8n & more", "scopes": ["read", "test"], "expires": "30d", "public_key": ""}


@pytest.fixture
def later(admin: Page) -> Iterator[Page]:
    """The administrator, eleven minutes after the sign-in."""
    admin.get("/credentials")
    with time_machine.travel(datetime.now().astimezone() + timedelta(minutes=11)):
        yield admin


def fields(page: Page) -> list[tuple[str, str]]:
    assert page.document is not None
    kept = page.document.find("input", type="hidden")
    return [(one.attrs["name"], one.attrs["value"]) for one in kept if one.attrs["name"] != "csrf_token"]


def test_every_route_of_the_pages_asks(later: Page, app: Flask) -> None:
    """Also that no route of these pages is forgotten, and that no other asks."""
    app.config["WTF_CSRF_ENABLED"] = False
    asked = set()
    for endpoint, method, url in routes(app):
        if endpoint in PUBLIC_ENDPOINTS or endpoint == "credstore.logout" or method == "OPTIONS":
            continue
        answer = later.client.open(url, method=method, headers=JSON)
        if answer.status_code == 403:
            assert method == "HEAD" or answer.json["code"] == "confirm"  # type: ignore[index]
            asked.add(endpoint)
    assert asked == ENDPOINTS
    under = ("/users", "/tokens", "/keys")
    assert {endpoint for endpoint, _, url in routes(app) if url.startswith(under)} == ENDPOINTS


@pytest.mark.parametrize("path", ["/tokens", "/keys", "/users"])
def test_a_page_opens_after_the_password(later: Page, path: str) -> None:
    asked = later.get(path, status=303).location
    assert asked.startswith("/confirm?next=")
    later.get(asked)
    later.post("/confirm", {"next": path, "confirm_password": "wrong"}, status=400)
    assert "This is not your password." in later.text
    assert fields(later) == [("next", path)]
    assert later.post("/confirm", {"next": path, "confirm_password": PASSWORD}).location == path
    for again in ("/tokens", "/keys", "/users"):
        later.get(again)


def test_it_is_asked_for_again_after_ten_minutes(admin: Page) -> None:
    start = datetime.now().astimezone()
    for minutes, status in ((9, 200), (11, 303)):
        with time_machine.travel(start + timedelta(minutes=minutes)):
            admin.get("/tokens", status=status)
    with time_machine.travel(start + timedelta(minutes=11)):
        admin.get("/confirm")
        admin.post("/confirm", {"confirm_password": PASSWORD})
    for minutes, status in ((20, 200), (22, 303)):
        with time_machine.travel(start + timedelta(minutes=minutes)):
            admin.get("/tokens", status=status)


def test_a_form_that_is_sent_too_late_is_kept_and_then_done(later: Page, app: Flask) -> None:
    later.get("/credentials")
    later.post("/tokens", NEW, status=403)
    assert "Nothing was done yet." in later.text
    kept = fields(later)
    sent = {name: [value for one, value in kept if one == name] for name, _ in kept}
    assert sent == {name: value if isinstance(value, list) else [value] for name, value in NEW.items()}
    later.post("/tokens", sent | {"confirm_password": "wrong"}, status=400)
    assert fields(later) == kept
    with app.app_context():
        assert not app.extensions["credstore"].tokens.list()
    later.post("/tokens", sent | {"confirm_password": PASSWORD}, status=200)
    with app.app_context():
        issued = app.extensions["credstore"].tokens.list()
    assert [(one.name, one.scopes, one.created_by) for one in issued] == [("n8n & more", ("read", "test"), USERNAME)]


def test_guessing_must_wait_and_says_how_long(later: Page) -> None:
    later.get("/confirm")
    for _ in range(4):
        later.post("/confirm", {"confirm_password": "wrong"}, status=400)
    refused = later.post("/confirm", {"confirm_password": PASSWORD}, status=429)
    assert int(refused.headers["Retry-After"]) > 0


def test_it_counts_for_one_session_alone(later: Page, app: Flask) -> None:
    later.get("/confirm")
    with app.app_context():
        accounts = app.extensions["credstore"].accounts
        token = accounts.sign_in(USERNAME, PASSWORD, "192.0.2.1")
    later.post("/confirm", {"confirm_password": PASSWORD})
    with time_machine.travel(datetime.now().astimezone() + timedelta(minutes=11)), app.app_context():
        accounts.confirm_password(USERNAME, PASSWORD, address="192.0.2.1", token=token)
        assert accounts.session_user(token).confirmed
        later.get("/tokens", status=303)


@pytest.mark.parametrize("target", ["https://example.org/", "//example.org", "/\\example.org"])
def test_it_leads_to_no_other_site(later: Page, target: str) -> None:
    later.get("/confirm", query_string={"next": target})
    assert later.post("/confirm", {"next": target, "confirm_password": PASSWORD}).location == "/settings"
