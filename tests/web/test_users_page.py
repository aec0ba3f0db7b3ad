"""The page of users: roles, removal, and invitations that are shown once and make a new user."""

from urllib.parse import urlsplit

import pytest
from flask import Flask

from credstore.accounts import Role
from tests.conftest import PASSWORD
from tests.page import Page

NEW = {"username": "bob", "password": "a password for bob alone"}


def invite(admin: Page, role: str = "editor") -> str:
    """The path of the link that the page shows."""
    admin.get("/users")
    admin.post("/users/invite", {"role": role}, status=200)
    assert admin.document is not None
    link = admin.document.find("input", id="link")[0].attrs["value"]
    return link.removeprefix("http://localhost")


@pytest.fixture
def bob(app: Flask, admin: Page) -> Page:
    """An editor, invited by the administrator."""
    page = Page(app.test_client())
    page.get(invite(admin))
    token = page.document.find("input", name="token")[0].attrs["value"] if page.document else ""
    page.post("/invitation", NEW | {"token": token})
    return page


def test_an_invitation_makes_a_user_who_is_signed_in(admin: Page, app: Flask) -> None:
    path = invite(admin)
    admin.canaries.add(urlsplit(path).query.removeprefix("token="))
    admin.get("/users")
    assert "As editor" in admin.text
    assert "by ann" in admin.text
    guest = Page(app.test_client())
    guest.get(path)
    assert "Your role is editor. Looks at, adds, changes" in guest.text
    token = guest.document.find("input", name="token")[0].attrs["value"] if guest.document else ""
    guest.post("/invitation", NEW | {"token": token, "password": "short"}, status=400)
    assert "This is too short: use at least 15 characters." in guest.text
    assert guest.document is not None
    assert guest.document.find("input", name="username")[0].attrs["value"] == "bob"
    guest.post("/invitation", NEW | {"token": token})
    guest.get("/credentials")
    assert "Add Credential" in guest.text
    assert "bob" in guest.text
    guest.get("/users", status=403)
    guest.get(path, status=403)
    assert "This invitation is closed" in guest.text
    admin.get("/users")
    assert "bob" in admin.text
    assert "Open invitations" not in admin.text


def test_a_role_is_changed_and_a_user_removed(admin: Page, bob: Page, app: Flask) -> None:
    with app.app_context():
        number = app.extensions["credstore"].users.named("bob").id
    admin.get("/users")
    admin.post(f"/users/{number}/role", {"role": "viewer"}, follow=True)
    assert "bob has the role viewer now." in admin.text
    bob.get("/credentials")
    assert "Add Credential" not in bob.text
    admin.post(f"/users/{number}/role", {"role": "owner"}, follow=True)
    assert "Choose a role. Nothing was changed." in admin.text
    admin.post(f"/users/{number}/remove", follow=True)
    assert "bob is removed" in admin.text
    assert bob.get("/credentials", status=303).location.startswith("/login")
    for unknown in (number, 10**30):
        admin.post(f"/users/{unknown}/remove", status=404)


def test_nobody_locks_themselves_out(admin: Page, app: Flask) -> None:
    with app.app_context():
        number = app.extensions["credstore"].users.named("ann").id
    admin.get("/users")
    assert admin.document is not None
    assert not [one for one in admin.document.find("button") if f"/users/{number}/" in one.attrs.get("formaction", "")]
    for act in ("remove", "role"):
        admin.post(f"/users/{number}/{act}", {"role": "viewer"}, status=409)
        assert "Another administrator can." in admin.text
        admin.get("/users")


def test_an_invitation_is_withdrawn(admin: Page, visitor: Page, app: Flask) -> None:
    path = invite(admin)
    with app.app_context():
        number = app.extensions["credstore"].invitations.list()[0].id
    admin.post(f"/users/invitations/{number}/withdraw", follow=True)
    assert "The invitation is withdrawn." in admin.text
    Page(app.test_client()).get(path, status=403)
    admin.post(f"/users/invitations/{number}/withdraw", status=404)


def test_an_invitation_needs_a_role(admin: Page, app: Flask) -> None:
    admin.get("/users")
    admin.post("/users/invite", {"role": "owner"}, status=400)
    assert "Choose a role." in admin.text
    with app.app_context():
        assert not app.extensions["credstore"].invitations.list()
    assert PASSWORD not in admin.text
    assert Role.ADMIN in admin.text
