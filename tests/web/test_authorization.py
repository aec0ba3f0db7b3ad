"""The authorization check of every route: requests without a session or from another site are refused."""

from collections.abc import Iterator

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from credstore.config import Config
from credstore.errors import ConfigError
from credstore.extension import Credstore
from credstore.web.authorization import PUBLIC_ENDPOINTS
from credstore.web.views import create_edit, credential_list, credential_test, delete_restore, deleted, put_back
from tests.page import Page
from tests.web.conftest import JSON, Store

UNKNOWN_ID = "11111111-1111-4111-8111-111111111111"
PUBLIC_PAGES = {"login", "setup", "invitation", "healthz", "readyz", "static", "metrics_page"}
PUBLIC_PAGES |= {"oidc_sign_in", "oidc_callback", "oidc_sign_out"}


def protected_routes(app: Flask) -> Iterator[tuple[str, str]]:
    """Every method and URL of the application that needs a sign-in; of the API see tests/api/test_access.py."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in PUBLIC_ENDPOINTS and not rule.endpoint.startswith("credstore_api."):
            for method in rule.methods or ():
                yield method, address(rule)


def address(rule: Rule) -> str:
    return (
        rule.rule.replace("<uuid:public_id>", UNKNOWN_ID)
        .replace("<uuid:run_id>", UNKNOWN_ID)
        .replace("<int:token_id>", "7")
        .replace("<int:user_id>", "7")
        .replace("<int:invitation_id>", "7")
    )


def test_the_public_pages_are_those_that_must_be() -> None:
    assert {f"credstore.{name}" for name in PUBLIC_PAGES} == PUBLIC_ENDPOINTS


def test_every_other_view_needs_a_sign_in(app: Flask, client: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = False  # the authorization check alone must hold
    seen = list(protected_routes(app))
    assert len(seen) > 30
    for method, url in seen:
        answer = client.open(url, method=method)
        assert answer.status_code == 303, f"{method} {url}"
        assert answer.location.startswith("/login"), f"{method} {url}"
        assert client.open(url, method=method, headers=JSON).status_code == 401, f"{method} {url}"


def test_every_url_has_its_ids_filled_in(app: Flask) -> None:
    assert not [url for _, url in protected_routes(app) if "<" in url]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"])
def test_a_new_view_needs_a_sign_in_without_further_code(
    config: object, make_app: object, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    register = delete_restore.register

    def one_more(bp: Blueprint) -> None:
        register(bp)
        methods = ["GET", "POST", "PUT", "DELETE", "PATCH"]
        bp.add_url_rule("/credentials/new-idea", "new_idea", lambda: "secrets", methods=methods)

    monkeypatch.setattr(delete_restore, "register", one_more)
    app = make_app(config)  # type: ignore[operator]
    app.config["WTF_CSRF_ENABLED"] = False
    answer = app.test_client().open("/credentials/new-idea", method=method)
    assert answer.status_code == 303
    assert b"secrets" not in answer.data


@pytest.mark.parametrize("where", ["cross-site", "same-site", "nonsense"])
def test_what_another_site_posts_is_refused_even_with_the_token(
    admin: Page, store: Store, app: Flask, where: str
) -> None:
    row = store()
    admin.get("/credentials")
    token = admin._token("/")
    admin.post(f"/credentials/{row}/delete", status=403, headers={"Sec-Fetch-Site": where})
    assert "This form was sent from another site, so credstore refused it." in admin.text
    refused = admin.client.post(
        f"/credentials/{row}/delete", data={"csrf_token": token}, headers=JSON | {"Sec-Fetch-Site": where}
    )
    assert refused.json is not None
    assert (refused.status_code, refused.json["code"]) == (403, "cross-site")
    admin.get("/credentials")
    assert "OpenAI production" in admin.text


@pytest.mark.parametrize("where", ["same-origin", "none"])
def test_a_request_of_this_site_or_of_the_user_passes(admin: Page, store: Store, where: str) -> None:
    row = store()
    admin.get("/credentials", headers={"Sec-Fetch-Site": "cross-site"})  # a link from elsewhere may be followed
    admin.post(f"/credentials/{row}/delete", headers={"Sec-Fetch-Site": where})


@pytest.mark.usefixtures("admin")
def test_sign_in_too_is_refused_from_another_site(app: Flask) -> None:
    visitor = Page(app.test_client())
    visitor.get("/login")
    visitor.post("/login", {"username": "a", "password": "b"}, status=403, headers={"Sec-Fetch-Site": "cross-site"})


def test_every_post_needs_the_token(app: Flask, admin: Page, store: Store) -> None:
    store()
    for method, url in protected_routes(app):
        if method == "POST":
            answer = admin.client.post(url, data={"csrf_token": "made up"})
            assert answer.status_code == 400, url
            assert "This form is no longer valid" in answer.text


def test_the_token_of_another_session_is_refused(app: Flask, admin: Page, store: Store) -> None:
    row = store()
    other = Page(app.test_client())
    other.get("/login")
    token = other._token("/login")
    admin.post(f"/credentials/{row}/delete", {"csrf_token": token}, status=400)


def test_head_and_options_of_a_signed_in_person_give_no_body(admin: Page, app: Flask) -> None:
    for method in ("HEAD", "OPTIONS"):
        answer = admin.client.open("/credentials", method=method)
        assert answer.status_code == 200
        assert answer.data == b""


def test_the_root_url_redirects_to_the_list(admin: Page, client: FlaskClient) -> None:
    assert admin.get("/", status=303).location == "/credentials"


def test_every_module_of_views_is_tested_here(app: Flask) -> None:
    """So that a module that is not registered does not make this file pass by testing nothing."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    for module, name in (
        (credential_list, "index"),
        (create_edit, "save"),
        (credential_test, "test"),
        (delete_restore, "restore"),
        (deleted, "erase_chosen"),
        (put_back, "put_back"),
    ):
        assert hasattr(module, name)
        assert f"credstore.{name}" in endpoints


def test_a_host_application_without_a_secret_key_is_refused_at_once(config: Config) -> None:
    """Or each of its forms would be a status of 500."""
    with pytest.raises(ConfigError, match="before Credstore") as caught:
        Credstore(Flask("host"), config=config, authorize=lambda: None)
    assert caught.value.sentence.count(".") == 2  # that of app.secret_key, and the end
