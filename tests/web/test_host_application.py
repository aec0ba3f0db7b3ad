"""Credstore inside a host application: its addresses, its frame, its headers. Nothing else of the host changes."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, Response, after_this_request, flash, redirect, render_template, request
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFProtect
from jinja2 import DictLoader
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import TestResponse

from credstore.accounts import Role
from credstore.config import DATABASE_FILE, Config
from credstore.database import close_database
from credstore.errors import ConfigError
from credstore.extension import Credstore
from credstore.web.brand import Brand
from credstore.web.security_headers import HEADERS
from tests.conftest import PASSWORD, USERNAME
from tests.fixtures.serving import REPO
from tests.page import Page

KEY = "sk-test-0123456789"
CSP, FRAMES = "Content-Security-Policy", "X-Frame-Options"
SECURITY_HEADERS = {*HEADERS, "Strict-Transport-Security"}
# A layout that has blocks and variables of the same names as credstore's templates have.
LAYOUT = (
    "<!doctype html><html lang=en><head><title>{% block title %}{% block credstore_title %}{% endblock %}{% endblock %}"
    "</title>{% block head %}{% block credstore_head %}{% endblock %}{% endblock %}</head><body>"
    "<p id=host>{{ username }} {{ brand }} {{ page }} {{ asset }} {{ state }}</p>"
    "{% from 'macros.html' import said %}{{ said() }}"  # a macro does not see the variables of a page
    "{% block main %}{% block content %}{% block credstore_content %}{% endblock %}{% endblock %}{% endblock %}"
    "<footer>{% block forms %}host's forms{% endblock %}</footer></body></html>"
)
MACROS = (
    "{% macro said() %}{% for message in get_flashed_messages() %}host says {{ message }}{% endfor %}{% endmacro %}"
)
OWN = "{% extends 'host.html' %}{% block title %}Own{% endblock %}{% block content %}own page{% endblock %}"
HOSTS_VARIABLES = {"username": "host-user", "brand": "host-brand", "page": 7, "asset": "host-asset", "state": "host"}

MakeHost = Callable[..., Flask]


@pytest.fixture
def make_host(config: Config, migrated_sqlite: Path) -> Iterator[MakeHost]:
    """A factory: `make_host(url_prefix="/a/b")` is a host application with credstore; X-User says who asks."""
    made: list[Flask] = []
    config.data_dir.mkdir(parents=True)
    shutil.copyfile(migrated_sqlite, config.data_dir / DATABASE_FILE)

    def make(templates: dict[str, str] | None = None, *, mount: str = "", **options: Any) -> Flask:
        host = Flask("host", static_folder=None)
        host.secret_key = "h" * 40
        host.jinja_loader = DictLoader(
            {"host.html": LAYOUT, "own.html": OWN, "macros.html": MACROS} | (templates or {})
        )  # type: ignore[assignment]
        host.context_processor(lambda: HOSTS_VARIABLES)
        host.register_error_handler(404, lambda error: ("the host's 404", 404))
        host.add_url_rule("/own", "own", lambda: render_template("own.html"))
        host.add_url_rule("/flash", "flash", lambda: flash("from the host") or "flashed")  # type: ignore[func-returns-value]
        CSRFProtect(host)
        Credstore(host, config=config, authorize=authorize, **options)
        host.wsgi_app = DispatcherMiddleware(host.wsgi_app, {mount: host.wsgi_app} if mount else {})  # type: ignore[method-assign]
        made.append(host)
        return host

    yield make
    for host in made:
        close_database(host)


def authorize() -> Any:
    user = request.headers.get("X-User", "")
    return {"ann": Role.ADMIN, "bob": Role.VIEWER}[user] if user else redirect("/host-sign-in", 303)


def client_of(host: Flask, user: str = "ann") -> FlaskClient:
    client = host.test_client()
    client.environ_base["HTTP_X_USER"] = user
    return client


def addresses(answer: TestResponse) -> set[str]:
    """What a page leads to, sends to, or loads."""
    attributes = "href|src|action|formaction|data-[a-z-]+"
    found = re.findall(rf'\s(?:{attributes})="?([^"\s>]+(?: /[^"]+)?)', answer.text)
    return {each for text in found for each in text.split() if each.startswith("/")}


def create(client: FlaskClient, where: str, name: str) -> TestResponse:
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get(f"{where}/new").text)[0]
    form = {"type": "llm", "name": name, "llm-provider_type": "openai", "llm-api_key": KEY, "csrf_token": token}
    return client.post(f"{where}/new", data=form)


PLACES = [
    ("", "/credentials", "/api/v1"),
    ("", "/a/b", "/a/b/api"),
    ("/proxy", "/a/b", "/x/y"),
    ("/proxy/deep", "/credentials", "/credentials/api/v1"),
]


@pytest.mark.parametrize(("mount", "prefix", "api"), PLACES)
def test_every_address_of_every_page_is_below_the_prefixes(
    make_host: MakeHost, mount: str, prefix: str, api: str
) -> None:
    """Whatever the prefixes are, and below SCRIPT_NAME: all that pages lead to, from the list on."""
    host = make_host(mount=mount, url_prefix=prefix, api_prefix=api, layout="host.html")
    client, root = client_of(host), mount + prefix
    made = create(client, root, "One")
    assert made.location.startswith(f"{root}?changed="), made.text
    seen, waiting, kinds = set[str](), [root], set[str]()
    while waiting:
        address = waiting.pop()
        answer = client.get(address.partition("#")[0])
        kinds.add(f"{answer.status_code} {answer.mimetype}")
        if answer.mimetype != "text/html":
            continue
        for found in addresses(answer) - seen:
            assert re.match(rf"{root}(?:[/?#]|$)|{mount}{api}/", found), f"{found} on {address}"
            seen.add(found)
            if not re.search(r"/static/|/(cancel|again|put-back|test\b.*)$", found):
                waiting.append(found)
    names = {re.sub(r"[?#].*|/[0-9a-f-]{36}", "", each) for each in seen}
    pages = {
        "/new",
        "/runs",
        "/deleted",
        "/settings",
        "/audit",
        "/tokens",
        "/notices",
        "/keys",
        "/shortcuts",
        "/import",
    }
    assert {root + page for page in pages} | {f"{mount}{api}/docs", f"{mount}{api}/openapi.json"} <= names
    assert not {name for name in names if re.search(r"/(users|login|logout|setup|metrics|healthz)$", name)}
    document = client.get(f"{mount}{api}/openapi.json").get_json()
    assert document["servers"] == [{"url": mount + api}]


def test_no_address_is_written_in_a_template_or_a_script() -> None:
    """Each comes from url_for, or is relative to one that does."""
    written = re.compile(r"""["'`(=\s](/(?:credentials|api|runs|audit|tokens|users|settings|notices|keys|login)\b)""")
    files = [*(REPO / "templates").rglob("*.html"), *(REPO / "static").glob("*.js"), *(REPO / "static").glob("*.css")]
    assert len(files) > 60
    assert written.search('fetch("/credentials/detect-paste")')
    found = {file.name: written.findall(re.sub(r"{#.*?#}", "", file.read_text(), flags=re.DOTALL)) for file in files}
    assert not {name: each for name, each in found.items() if each}


@pytest.mark.parametrize("path", ["/a/b/nowhere", "/a/b/runs/nowhere", "/a/b/users", "/a/b/users/invite"])
def test_an_unknown_address_below_the_prefix_is_answered_by_credstore(make_host: MakeHost, path: str) -> None:
    client = client_of(make_host(url_prefix="/a/b", layout="host.html"))
    answer = client.get(path)
    assert (answer.status_code, "Back to the credentials" in answer.text) == (404, True)
    assert client.get(path, headers={"Accept": "application/json"}).get_json()["code"] == "http-404"
    assert client_of(client.application, "").get(path).location == "/host-sign-in"
    assert client_of(client.application, "bob").get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/nowhere", "/a/bnowhere", "/a", "/credentials", "/runs", "/api/v1/credentials", "/x"]
)
def test_any_other_address_is_the_hosts(make_host: MakeHost, path: str) -> None:
    client = client_of(make_host(url_prefix="/a/b", api_prefix="/x/y"))
    assert client.get(path).text == "the host's 404"


def test_the_api_answers_unknown_addresses_and_methods_as_json(make_host: MakeHost) -> None:
    client = client_of(make_host(api_prefix="/x/y"), "")
    missing = client.get("/x/y/nowhere", headers={"Accept": "text/html"})
    assert (missing.status_code, missing.mimetype) == (404, "application/problem+json")
    assert "/x/y/openapi.json says what there is" in missing.get_json()["detail"]
    wrong = client.delete("/x/y/openapi.json")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, HEAD")
    assert client.get("/x/y/credentials").status_code == 401


@pytest.mark.parametrize("path", ["/x/y", "/x/y/"])
def test_the_prefix_of_the_api_itself_is_answered_by_credstore(make_host: MakeHost, path: str) -> None:
    answer = client_of(make_host(api_prefix="/x/y"), "").get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_redirect_for_two_slashes_is_not_stored_below_the_prefixes(make_host: MakeHost) -> None:
    host = make_host(url_prefix="/a/b", api_prefix="/x/y")
    host.add_url_rule("/own/page", "deep", lambda: "deep")
    client = client_of(host)
    for path in ("/a/b//runs", "/x/y//credentials"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (308, "no-store")
    assert "Cache-Control" not in client.get("/own//page").headers


def test_a_body_has_a_limit_and_the_hosts_own_has_none(make_host: MakeHost) -> None:
    host = make_host()
    host.config["WTF_CSRF_ENABLED"] = False
    host.add_url_rule("/take", "take", lambda: str(len(request.get_data())), methods=["POST"])
    with host.app_context():
        token = host.extensions["credstore"].tokens.issue(name="t", scopes=["read", "write"]).text
    client, large = client_of(host), b"a" * 2_000_001
    bearer = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    assert client.post("/api/v1/credentials", data=large, headers=bearer).status_code == 413
    assert client.post("/credentials/new", data={"name": large}).status_code == 413
    assert client.post("/take", data=large).text == "2000001"


def test_another_method_than_a_page_takes_is_told(make_host: MakeHost) -> None:
    client = client_of(make_host(url_prefix="/a/b"))
    answer = client.get("/a/b/restore")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, OPTIONS")


def test_json_on_a_page_is_told_where_the_api_is(make_host: MakeHost) -> None:
    client = client_of(make_host(url_prefix="/a/b", api_prefix="/x/y"))
    client.application.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the host's own check would come first
    assert "Send JSON to /x/y, with" in client.post("/a/b/new", json={}, headers={"Accept": "application/json"}).text


def test_blocks_and_variables_of_the_host_do_not_clash(make_host: MakeHost) -> None:
    client = client_of(make_host(layout="host.html"))
    create(client, "/credentials", "One")
    for path in ("/credentials", "/credentials/new", "/credentials/settings", "/credentials/nowhere"):
        page = client.get(path).text
        assert "<p id=host>host-user host-brand 7 host-asset host</p>" in page, path
        assert "<footer>host's forms</footer>" in page
        assert page.count("<html") == page.count("<title>") == page.count('id="credstore"') == 1
        assert page.index("credstore.css") < page.index("</head>") < page.index('id="credstore"')
    assert "<title>Settings</title>" in client.get("/credentials/settings").text
    assert "own page" in client.get("/own").text
    assert "credstore" not in client.get("/own").text


def test_a_layout_without_a_place_in_the_head_gets_the_sheets_with_the_content(make_host: MakeHost) -> None:
    host = make_host({"plain.html": "<html lang=en><title>Host</title>{% block credstore_content %}{% endblock %}"})
    host.extensions["credstore"].layout = "plain.html"
    page = client_of(host).get("/credentials").text
    assert page.count("credstore.css") == page.count("embedded.css") == 1
    assert page.index("embedded.css") < page.index('id="credstore"')


def test_a_layout_without_a_place_for_the_content_is_told(make_host: MakeHost) -> None:
    answer = client_of(make_host({"none.html": "<html>"}, layout="none.html")).get("/credentials")
    assert answer.status_code == 500
    assert "The layout “none.html” has no block credstore_content" in answer.text


def test_a_layout_that_is_not_there_is_told(make_host: MakeHost, caplog: pytest.LogCaptureFixture) -> None:
    client = client_of(make_host({"torn.html": "{% extends 'gone.html' %}"}, layout="nowhere.html"))
    answer = client.get("/credentials")
    assert answer.status_code == 500
    assert "The application has no template “nowhere.html”, which is the layout of credstore." in answer.text
    client.application.extensions["credstore"].layout = "torn.html"
    caplog.clear()
    assert client.get("/credentials").status_code == 500
    assert "TemplateNotFound" in caplog.text  # the host's own mistake, with the lines of the source


def test_messages_are_shown_once(make_host: MakeHost) -> None:
    """Those of the host too: on a page of credstore by credstore, on a page of the host by the host."""
    client = client_of(make_host(layout="host.html"))
    create(client, "/credentials", "One")
    client.get("/flash")
    page = client.get("/credentials").text
    assert page.count("from the host") == page.count("One is encrypted and stored.") == 1
    assert "host says" not in page
    assert "host says" not in client.get("/own").text
    client.get("/flash")
    row = re.findall(r"/credentials/([0-9a-f-]{36})", page)[0]
    piece = client.get(f"/credentials/{row}", headers={"X-Credstore": "fragment"})  # it shows no messages
    assert (piece.status_code, "<html" in piece.text, "from the host" in piece.text) == (200, False, False)
    assert "host says from the host" in client.get("/own").text
    assert "from the host" not in client.get("/credentials").text


@pytest.mark.parametrize("csp", [True, False])
def test_the_policy_alone_is_left_to_the_host_where_asked(make_host: MakeHost, csp: bool) -> None:
    client = client_of(make_host(csp=csp))
    wanted = SECURITY_HEADERS if csp else SECURITY_HEADERS - {CSP} | {FRAMES}
    style = re.findall(r'"(/credentials/static/credstore.css[^"]*)"', client.get("/credentials").text)[0]
    for path in ("/credentials", style, "/api/v1/openapi.json", "/credentials/nowhere"):
        with client.get(path, base_url="https://host.example") as answer:
            headers = answer.headers
        found = [name for name, _ in headers if name in SECURITY_HEADERS | {FRAMES}]
        assert sorted(found) == sorted(wanted), path
        assert headers.get(FRAMES, "DENY") == "DENY"
        assert headers["Cache-Control"] == ("no-store" if path != style else "public, max-age=31536000, immutable")
    assert not (SECURITY_HEADERS | {FRAMES}) & set(client.get("/own").headers.keys())


@pytest.mark.parametrize("late", [True, False], ids=["after credstore", "before credstore"])
@pytest.mark.parametrize("csp", [True, False])
def test_a_header_that_the_host_has_set_stays(make_host: MakeHost, csp: bool, late: bool) -> None:
    host = make_host(csp=csp)
    names = {*SECURITY_HEADERS, FRAMES}

    def add(response: Response) -> Response:
        response.headers.update(dict.fromkeys(names, "the host's"))
        return response

    if late:
        host.after_request(add)
    else:
        host.before_request(lambda: after_this_request(add) and None)
    for path in ("/credentials", "/credentials/static/credstore.css", "/api/v1/openapi.json", "/credentials/nowhere"):
        with client_of(host).get(path, base_url="https://host.example") as answer:
            found = [value for name, value in answer.headers if name in names]
        assert found == ["the host's"] * len(names), path


@pytest.mark.parametrize(
    ("brand", "link"), [("Vault of Acme", "/credentials"), (("Acme", "/"), "/"), (("<i>", "https://a.example/"),) * 2]
)
def test_the_brand_stands_in_titles_and_in_the_header(make_host: MakeHost, brand: Any, link: Any) -> None:
    page = client_of(make_host(brand=brand)).get("/credentials").text
    name = brand if isinstance(brand, str) else brand[0].replace("<i>", "&lt;i&gt;")
    assert f"<title>Credentials · {name}</title>" in page
    leads_to = link if isinstance(link, str) else link[1]
    assert re.search(rf'<a class="brand" href="{re.escape(leads_to)}"><img[^>]+>{re.escape(name)}</a>', page)


# Pages that have a view for GET, for POST alone, or with an id; and the folder of the static files.
AN_ID = "01a21c3d-7c77-7df9-abdf-1f5e578b0a79"
PAGES = ("/new", "/settings", "/tokens", "/restore", f"/{AN_ID}", f"/{AN_ID}/test", "/static/x", "/static", "/runs")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url_prefix": "credentials"}, "url_prefix must be a path"),
        ({"url_prefix": "/"}, "url_prefix must be a path"),
        ({"url_prefix": "/a/"}, "url_prefix must be a path"),
        ({"url_prefix": "/<x>"}, "url_prefix must be a path"),
        ({"api_prefix": ""}, "api_prefix must be a path"),
        ({"url_prefix": "/same", "api_prefix": "/same"}, "must differ"),
        ({"url_prefix": "/tools/credentials", "api_prefix": "/tools"}, "url_prefix must not be below"),
        ({"url_prefix": "/a/b/c", "api_prefix": "/a"}, "url_prefix must not be below"),
        *(({"api_prefix": f"/credentials{page}"}, f"“/credentials{page}” is the address of a page") for page in PAGES),
        ({"brand": " "}, "brand must be a name"),
        ({"brand": ("Acme", "javascript:x()")}, "link of brand"),
        ({"brand": ("Acme", "//evil.example")}, "link of brand"),
        ({"brand": ("Acme", "/\\evil.example")}, "link of brand"),
        ({"brand": ("Acme", "/\t/evil.example")}, "link of brand"),
        ({"url_prefix": "/.."}, "url_prefix must be a path"),
        ({"url_prefix": "/a/./b"}, "url_prefix must be a path"),
        ({"api_prefix": "/a/.."}, "api_prefix must be a path"),
    ],
)
def test_what_a_host_gives_is_checked_at_once(make_host: MakeHost, options: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make_host(**options)


def test_a_stand_alone_credstore_works_below_script_name(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the way to the question for the password, and back."""
    with app.app_context():
        app.extensions["credstore"].accounts.create(USERNAME, PASSWORD)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/m": app.wsgi_app})  # type: ignore[method-assign]
    client = app.test_client()

    def post(where: str, form: dict[str, str], page: str = "") -> TestResponse:
        token = re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', client.get(page or where).text)[0]
        return client.post(where, data=form | {"csrf_token": token})

    asked = client.get("/m/credentials?q=a").location
    assert asked == "/m/login?next=/m/credentials?q%3Da"
    assert (
        post(asked, {"username": USERNAME, "password": PASSWORD, "next": "/m/credentials"}).location == "/m/credentials"
    )
    for path in (
        "/credentials",
        "/settings",
        "/users",
        "/tokens",
        "/keys",
        "/audit",
        "/notices",
        "/runs",
        "/api/v1/docs",
    ):
        answer = client.get(f"/m{path}")
        assert answer.status_code == 200, path
        assert not {found for found in addresses(answer) if not found.startswith("/m/")}, path
    user = SimpleNamespace(confirmed=False, username=USERNAME, token="", by_provider=False)
    monkeypatch.setattr("credstore.web.reauthentication.current_user", user)
    assert client.get("/m/tokens").location == "/m/confirm?next=/m/tokens"
    again = post("/m/tokens", {"name": "Deploys", "scopes": "read"}, page="/m/credentials")
    assert (again.status_code, 'action="/m/tokens"' in again.text) == (403, True)


@pytest.mark.parametrize("option", [{"url_prefix": "/a"}, {"api_prefix": "/a"}, {"layout": "x.html"}, {"csp": False}])
def test_a_stand_alone_credstore_has_its_own_addresses_and_page(config: Config, option: Any) -> None:
    app = Flask("own")
    app.secret_key = "s" * 40
    with pytest.raises(ConfigError, match=f"^{next(iter(option))} is for a host application"):
        Credstore(app, config=config, **option)


def test_two_applications_of_a_process_keep_their_names_apart(app: Flask, admin: Page) -> None:
    """The page around the list is kept from one response to the next."""
    for name in ("Acme", "Flows", "Acme"):
        app.extensions["credstore"].brand = Brand(name)  # as of another application with this database
        admin.get("/credentials")
        assert f"Skip to the content {name} " in admin.text
