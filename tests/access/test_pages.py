"""The sign-in, sign-out and set-up pages, as a browser and as a program meet them."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask, render_template

from credstore.web.authentication import require_sign_in
from tests.access.conftest import NAME, PASSWORD, Site
from tests.page import Page

WRONG = "not the right password"


def test_sign_in_leads_back_to_where_one_was_going(site: Site) -> None:
    page = site.page()
    refused = page.get("/credentials?q=a%20b%26c&page=2", status=303)
    assert urlsplit(refused.location).path == "/login"
    page.get(refused.location)
    arrived = page.post(
        "/login", {"username": NAME, "password": PASSWORD, "next": page.document.find(name="next")[0].attrs["value"]}
    )
    assert arrived.location == "/credentials?q=a%20b%26c&page=2"
    assert "secret list" in page.get("/credentials").text


def test_after_a_post_there_is_nowhere_to_go_back_to(site: Site) -> None:
    site.app.config["WTF_CSRF_ENABLED"] = False
    assert site.app.test_client().post("/credentials").location == "/login"


@pytest.mark.parametrize(
    "headers",
    [{"Accept": "application/json"}, {"X-Credstore": "fragment"}, {"X-Credstore": "fragment", "Accept": "*/*"}],
)
def test_a_program_is_told_in_json(site: Site, headers: dict[str, str]) -> None:
    answer = site.page().get("/credentials", status=401, headers=headers)
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert {"type": "about:blank", "status": 401, "code": "sign-in"}.items() <= answer.json.items()
    assert {"title", "detail"} <= answer.json.keys()


@pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*", ""])
def test_a_browser_is_sent_to_the_page(site: Site, accept: str) -> None:
    site.page().get("/credentials", status=303, headers={"Accept": accept})


HOSTILE = [
    "//evil.example",
    "///evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\u00a0/evil.example",
    "/\u200b/evil.example",
    "evil.example",
    "/" + "a" * 3000,
]


@pytest.mark.parametrize("target", HOSTILE)
def test_next_never_leads_to_another_site(site: Site, target: str) -> None:
    page = site.page()
    page.get("/login", query_string={"next": target})
    assert page.post("/login", {"username": NAME, "password": PASSWORD, "next": target}).location == "/credentials"
    assert page.get("/login", status=303, query_string={"next": target}).location == "/credentials"


def test_a_path_with_two_slashes_leads_to_this_site(site: Site) -> None:
    with site.app.test_request_context(environ_overrides={"PATH_INFO": "//evil.example/"}):
        answer = require_sign_in()
        assert answer is not None
        assert site.app.make_response(answer).location == "/login?next=/evil.example/"


@pytest.mark.parametrize("username", [NAME, "nobody"])
def test_a_failed_sign_in_keeps_the_name_and_not_the_password(site: Site, username: str) -> None:
    page = site.page()
    page.canaries.add(WRONG)
    page.get("/login")
    page.post("/login", {"username": username, "password": WRONG, "next": "/credentials"}, status=401)
    assert page.document is not None
    assert page.document.find("input", name="username")[0].attrs["value"] == username
    assert page.document.find("input", name="next")[0].attrs["value"] == "/credentials"
    assert not page.document.find("input", name="password")[0].attrs.get("value")


def test_the_answer_does_not_tell_whether_the_name_exists(site: Site) -> None:
    answers = []
    for username in (NAME, "nob"):
        page = site.page()
        page.get("/login")
        page.post("/login", {"username": username, "password": WRONG}, status=401)
        answers.append(page.text)
    assert answers[0] == answers[1]


@pytest.mark.parametrize("data", [{}, {"username": NAME}, {"password": PASSWORD}])
def test_an_incomplete_form(site: Site, data: dict[str, str]) -> None:
    page = site.page()
    page.get("/login")
    page.post("/login", data, status=400)
    assert "Enter your" in page.text


def test_too_many_attempts(site: Site) -> None:
    page = site.page()
    page.get("/login")
    for _ in range(4):
        page.post("/login", {"username": NAME, "password": WRONG}, status=401)
    answer = page.post("/login", {"username": NAME, "password": WRONG}, status=429)
    assert int(answer.headers["Retry-After"]) >= 1
    assert "Too many sign-in attempts" in page.text
    assert page.document is not None
    assert page.document.find("input", name="username")[0].attrs["value"] == NAME


def test_without_the_token_nothing_is_posted(site: Site) -> None:
    for url in ("/login", "/logout", "/setup"):
        assert site.app.test_client().post(url, data={"username": NAME, "password": PASSWORD}).status_code == 400
    page = site.signed_in()
    page.post("/logout", {"csrf_token": "made up"}, status=400)
    assert "secret list" in page.get("/credentials").text


def cookie(page: object, name: str = "credstore", **where: str) -> str:
    found = page.client.get_cookie(name, **where)  # type: ignore[attr-defined]
    return found.value if found else ""


def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    page = site.signed_in()
    copied = cookie(page)
    assert "secret list" in page.get("/credentials").text
    site.app.config["WTF_CSRF_ENABLED"] = False
    answer = page.client.post("/logout")
    assert answer.status_code == 303
    assert answer.location == "/login"
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert not cookie(page)
    thief = site.page()
    thief.client.set_cookie("credstore", copied)
    assert thief.get("/credentials", status=303).location.startswith("/login")


def test_signing_out_twice_does_no_harm(site: Site) -> None:
    client = site.signed_in().client
    site.app.config["WTF_CSRF_ENABLED"] = False
    assert [client.post("/logout").location for _ in range(2)] == ["/login", "/login"]


def test_a_session_from_before_the_sign_in_is_worth_nothing_after_it(site: Site) -> None:
    page = site.page()
    page.get("/login")
    planted = cookie(page)
    page.post("/login", {"username": NAME, "password": PASSWORD})
    first = cookie(page)
    thief = site.page()
    thief.client.set_cookie("credstore", planted)
    thief.get("/credentials", status=303)
    with page.client.session_transaction() as session:
        kept = set(session)
    assert "csrf_token" not in kept, "nothing of the old session lives on"
    site.app.config["WTF_CSRF_ENABLED"] = False
    page.client.post("/login", data={"username": NAME, "password": PASSWORD})
    thief.client.set_cookie("credstore", first)
    thief.get("/credentials", status=303)
    assert "secret list" in page.get("/credentials").text


def test_cookie_on_plain_http(site: Site) -> None:
    page = site.page()
    page.get("/login")
    header = page.post("/login", {"username": NAME, "password": PASSWORD}).headers["Set-Cookie"]
    assert header.startswith("credstore=")
    flags = {part.strip() for part in header.split(";")[1:]}
    assert flags == {"HttpOnly", "Path=/", "SameSite=Lax"}


def test_cookie_on_https(site: Site) -> None:
    site.app.config.update(SESSION_COOKIE_DOMAIN="example.org", SESSION_COOKIE_PATH="/x", SESSION_COOKIE_SAMESITE=None)
    secure = {"base_url": "https://vault.example.org", "headers": {"Referer": "https://vault.example.org/login"}}
    page = site.page()
    page.get("/login", **secure)
    header = page.post("/login", {"username": NAME, "password": PASSWORD}, **secure).headers["Set-Cookie"]
    assert header.startswith("__Host-credstore=")
    flags = {part.strip() for part in header.split(";")[1:]}
    assert flags == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}
    assert "secret list" in page.get("/credentials", **secure).text


def test_https_does_not_take_the_plain_cookie(site: Site) -> None:
    copied = cookie(site.signed_in())
    other = site.page()
    other.client.set_cookie("credstore", copied, domain="vault.example.org")
    other.get("/credentials", status=303, base_url="https://vault.example.org")


@pytest.mark.parametrize("url", ["/login", "/setup?token=x"])
@pytest.mark.parametrize("host", ["vault.example.org", "192.168.1.5:8000", "localhost.evil.example", "[2001:db8::1]"])
def test_no_password_is_asked_for_over_plain_http_from_elsewhere(site: Site, url: str, host: str) -> None:
    page = site.page()
    page.get(url, status=403, base_url=f"http://{host}")
    for word in ("HTTPS", "CREDSTORE_PROXY_HOPS", "CREDSTORE_ALLOW_HTTP"):
        assert word in page.text
    assert page.document is not None
    assert not page.document.find("form")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.1.2.3", "localhost:5000", "[::1]:8000"])
def test_loopback_needs_no_https(site: Site, host: str) -> None:
    site.page().get("/login", base_url=f"http://{host}")


def test_the_operator_may_permit_plain_http(site: Site) -> None:
    site.extension.config = replace(site.extension.config, allow_http=True)
    site.page().get("/login", base_url="http://vault.example.org")


def test_login_explains_itself_while_there_is_no_administrator(empty_site: Site) -> None:
    page = empty_site.page()
    page.get("/login")
    assert "credstore serve" in page.text
    assert "credstore admin setup-url" in page.text
    assert page.document is not None
    assert not page.document.find("form")


def test_setup(empty_site: Site) -> None:
    link = empty_site.run(lambda accounts: accounts.new_setup_link())
    page = empty_site.page()
    page.canaries.add("short pass")
    page.get("/setup", query_string={"token": link})
    page.post("/setup", {"token": link, "username": NAME, "password": "short pass"}, status=400)
    assert "at least 15 characters" in page.text
    assert page.document is not None
    assert page.document.find("input", name="username")[0].attrs["value"] == NAME
    assert page.post("/setup", {"token": link, "username": NAME, "password": PASSWORD}).location == "/credentials"
    assert "secret list" in page.get("/credentials").text
    again = empty_site.page()
    again.get("/setup", query_string={"token": link}, status=403)
    assert "Sign in" in again.text


@pytest.mark.parametrize("query", ["", "?token=", "?token=x", "?token=%00", "?token=%ff"])
def test_a_setup_page_without_a_good_link(empty_site: Site, query: str) -> None:
    page = empty_site.page()
    page.get("/setup" + query, status=403)
    assert "credstore admin setup-url" in page.text


def test_claiming_a_closed_link(empty_site: Site) -> None:
    link = empty_site.run(lambda accounts: accounts.new_setup_link())
    page = empty_site.page()
    page.get("/setup", query_string={"token": link})
    empty_site.run(lambda accounts: accounts.new_setup_link())
    page.post("/setup", {"token": link, "username": NAME, "password": PASSWORD}, status=403)
    assert not empty_site.run(lambda accounts: accounts.any_admin())


def test_after_setup_a_throttled_person_is_sent_to_sign_in(empty_site: Site) -> None:
    link = empty_site.run(lambda accounts: accounts.new_setup_link())
    guesser = empty_site.page()
    empty_site.app.config["WTF_CSRF_ENABLED"] = False
    for _ in range(6):
        guesser.client.post("/login", data={"username": NAME, "password": WRONG})
    data = {"token": link, "username": NAME, "password": PASSWORD}
    assert empty_site.app.test_client().post("/setup", data=data).location == "/login"


def test_a_page_that_needs_nobody_does_not_ask_the_database_who_it_is(site: Site) -> None:
    """Else an error page about a broken database would fail by asking it."""
    site.app.jinja_loader.mapping["who.html"] = "{{ signed_in_as or False }}"  # type: ignore[union-attr]
    site.app.add_url_rule("/who", view_func=lambda: render_template("who.html"))
    page = site.signed_in()
    site.accounts.session_user = None  # type: ignore[assignment,method-assign]
    assert page.client.get("/who").text == "False"


def test_the_pages_in_their_real_frame(app: Flask) -> None:
    page = Page(app.test_client())
    with app.app_context():
        accounts = app.extensions["credstore"].accounts
        link = accounts.new_setup_link()
    page.get("/login")
    page.get("/setup?token=x", status=403)
    page.get("/setup", query_string={"token": link})
    page.post("/setup", {"token": link, "username": NAME, "password": "short"}, status=400)
    assert page.document is not None
    assert page.document.find("input", name="password", aria_invalid="true")
    page.get(page.post("/setup", {"token": link, "username": NAME, "password": PASSWORD}).location)
    page.post("/logout")
    page.get("/login")
    page.post("/login", {"username": NAME, "password": WRONG}, status=401)
    page.post("/login", {"username": NAME, "password": PASSWORD})
