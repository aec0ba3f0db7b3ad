"""The page of machine tokens: a token is shown once, and can be revoked. See also test_reauthentication."""

from typing import Any

import pytest
from flask import Flask

from credstore.accounts.token_text import is_token
from tests.page import Page

NEW = {"name": "n8n", "scopes": ["read", "test"], "expires": "30d", "public_key": ""}


def issue(admin: Page, status: int = 200, **more: Any) -> str:
    """The text of the token that the page shows, "" for none."""
    admin.get("/tokens")
    admin.post("/tokens", NEW | more, status=status)
    assert admin.document is not None
    return "".join(one.attrs["value"] for one in admin.document.find("input") if one.attrs.get("id") == "token")


def test_a_token_is_shown_once_and_works_until_it_is_revoked(admin: Page, app: Flask) -> None:
    text = issue(admin)
    assert is_token(text)
    headers = {"Authorization": f"Bearer {text}"}
    assert app.test_client().get("/api/v1/credentials", headers=headers).status_code == 200
    admin.canaries.add(text)
    admin.get("/tokens")
    assert all(words in admin.text for words in ("n8n", f"{text[:8]}…", "read, test", "by ann", "last used"))
    admin.post("/tokens/1/revoke", status=303)
    admin.get("/tokens")
    assert "Revoked" in admin.text
    assert app.test_client().get("/api/v1/credentials", headers=headers).status_code == 401
    admin.post("/tokens/7/revoke", status=404)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"name": " "}, "Give the token a name"),
        ({"scopes": []}, "Choose one or more"),
        ({"scopes": ["use"]}, "needs a public key"),
        ({"public_key": "x"}, "no public key of X25519"),
        ({"expires": "soon"}, "Write days or hours"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(
    admin: Page, app: Flask, more: dict[str, Any], sentence: str
) -> None:
    assert issue(admin, status=400, **{"name": "kept name"} | more) == ""
    assert sentence in admin.text
    assert admin.document is not None
    if "name" not in more:
        assert [one.attrs["value"] for one in admin.document.find("input", name="name")] == ["kept name"]
    with app.app_context():
        assert not app.extensions["credstore"].tokens.list()


def test_a_name_that_looks_like_a_secret_is_not_shown_again(admin: Page) -> None:
    secret = "sk-proj-CANARY0123456789abcdefABCDEF"
    admin.canaries.add(secret)
    issue(admin, status=400, name=secret)
    assert "This looks like a secret" in admin.text


def test_the_page_about_the_api_names_every_operation(admin: Page) -> None:
    admin.get("/api/v1/docs")
    for words in ("POST /api/v1/credentials/{credential}/test", "Scope: references", "NewTelegram", "428"):
        assert words in admin.text
