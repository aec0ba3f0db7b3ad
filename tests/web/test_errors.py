"""Every failure is a page with a clear sentence for a person, and problem details for a program."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from credstore import create_app, sqlite_engine
from credstore.config import Config
from credstore.errors import StorageBusy, StorageDown, StorageFull
from credstore.models import db
from tests.conftest import PASSWORD, USERNAME, MakeApp, close
from tests.page import Page
from tests.web.conftest import JSON, KEY, Store, llm, rows

Asked = Callable[[], object]


def both(page: Page, url: str, *, status: int, code: str, words: str) -> None:
    """GET as a person and as a program."""
    page.get(url, status=status)
    assert words in page.text
    assert code in page.text
    problem = page.get(url, status=status, headers=JSON)
    assert problem.mimetype == "application/problem+json"
    assert problem.json is not None
    assert (problem.json["code"], problem.json["status"]) == (code, status)
    assert words in problem.json["detail"]


def test_what_is_not_there(admin: Page) -> None:
    both(admin, "/nowhere", status=404, code="http-404", words="There is nothing at this address.")
    gone = "/credentials/11111111-1111-4111-8111-111111111111"
    both(admin, gone, status=404, code="not-found", words="It may have been deleted.")
    for url in ("/credentials/1", "/credentials/%00", "/credentials/<script>", "/credentials/" + "a" * 5000):
        both(admin, url, status=404, code="http-404", words="There is nothing at this address.")


def test_a_wrong_method_tells_the_right_ones(admin: Page) -> None:
    admin.get("/credentials")
    answer = admin.post("/credentials", status=405)
    assert "GET" in answer.headers["Allow"]
    assert "Go back and use the page's own buttons." in admin.text
    both(admin, "/logout", status=405, code="http-405", words="own buttons")


def test_too_much_at_once(admin: Page) -> None:
    for headers, mimetype in (({}, "text/html"), (JSON, "application/problem+json")):
        admin.get("/credentials/new")
        answer = admin.post("/credentials/new", llm("x" * 2_000_001), status=413, headers=headers)
        assert answer.mimetype == mimetype
        assert "This request is larger than credstore takes (2 MB)." in answer.text


def test_a_form_that_is_no_longer_valid(admin: Page, app: Flask) -> None:
    admin.canaries.add(KEY)
    for headers, mimetype in (({}, "text/html"), (JSON, "application/problem+json")):
        admin.get("/credentials/new")
        answer = admin.post("/credentials/new", llm() | {"csrf_token": "old"}, status=400, headers=headers)
        assert answer.mimetype == mimetype
        assert "This form is no longer valid" in answer.text
    assert not rows(app, "SELECT id FROM credential")


@pytest.mark.parametrize(
    ("failure", "code"),
    [(StorageBusy, "storage-busy"), (StorageFull, "storage-full"), (StorageDown, "storage-down")],
)
def test_a_database_in_trouble_is_a_503_that_says_when_to_come_back(
    admin: Page, app: Flask, monkeypatch: pytest.MonkeyPatch, failure: type[StorageBusy], code: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure("The database is in trouble. Nothing was saved.")

    for read in ("page", "list_page"):  # for programs, and for browsers
        monkeypatch.setattr(app.extensions["credstore"].vault, read, fail)
    both(admin, "/credentials", status=503, code=code, words="Nothing was saved.")
    assert int(admin.get("/credentials", status=503).headers["Retry-After"]) >= 1


@contextmanager
def another_writer(app: Flask) -> Iterator[None]:
    with app.app_context(), db.engine.connect().execution_options(credstore_writes=True) as connection:
        connection.exec_driver_sql("SELECT 1")  # begins, IMMEDIATE
        yield
        connection.rollback()


def test_while_another_writer_holds_the_database_one_reads_and_is_told_to_come_back(
    admin: Page, app: Flask, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = store()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    monkeypatch.setattr("credstore.sqlite_engine._PRAGMAS", ("PRAGMA busy_timeout=50",))
    admin.get("/credentials")
    token = admin._token("/")
    with another_writer(app):
        admin.get("/credentials")
        assert "OpenAI production" in admin.text
        answer = admin.post(f"/credentials/{row}/delete", {"csrf_token": token}, status=503)
        assert int(answer.headers["Retry-After"]) >= 1
        assert "busy with another change. Nothing was saved; try again." in admin.text
        admin.post("/credentials/new", llm("Second") | {"csrf_token": token}, status=503, headers=JSON)
    assert rows(app, "SELECT count(*) FROM credential") == [(1,)]
    admin.post(f"/credentials/{row}/delete", {"csrf_token": token})
    assert rows(app, "SELECT count(*) FROM credential") == [(0,)]


@pytest.mark.parametrize(
    ("pragma", "code", "words"),
    [
        ("max_page_count=1", "storage-full", "The database's disk is full. Nothing was saved."),
        ("query_only=ON", "storage-down", "cannot be opened for writing"),
    ],
)
def test_a_full_or_read_only_database_is_read_and_works_again_by_itself(
    admin: Page, app: Flask, store: Store, monkeypatch: pytest.MonkeyPatch, pragma: str, code: str, words: str
) -> None:
    store()
    admin.get("/credentials")
    token = admin._token("/")

    def reconnect() -> None:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()

    def create(name: str) -> tuple[int, str]:
        form = {"type": "tool", "name": name, "tool-extra_config": f'{{"a": "{"x" * 15_000}"}}', "csrf_token": token}
        answer = admin.post("/credentials/new", form, status=None, headers=JSON)
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) >= 1
            assert words in answer.text
        return answer.status_code, str((answer.json or {}).get("code"))

    reconnect()
    monkeypatch.setattr("credstore.sqlite_engine._PRAGMAS", (*sqlite_engine._PRAGMAS, f"PRAGMA {pragma}"))
    found = [create(f"n{number}") for number in range(20)]
    assert set(found) - {(201, "None")} == {(503, code)}
    admin.get("/credentials")
    assert rows(app, "SELECT count(*) FROM credential") == [(1 + found.count((201, "None")),)]
    monkeypatch.undo()
    reconnect()
    assert create("afterwards")[0] == 201


def test_a_database_without_tables_names_the_command(config: Config) -> None:
    app = create_app(config)
    page = Page(app.test_client())
    for url in ("/credentials", "/login", "/readyz"):
        answer = page.get(url, status=None, headers={"Accept": "text/html"}, follow=True)
        assert answer.status_code == 503, url
        assert "credstore db upgrade" in answer.text
    assert page.get("/login", status=503, headers=JSON).json["code"] == "not-migrated"  # type: ignore[index]
    assert page.get("/healthz").json == {"status": "ok"}
    close(app)


def test_ready_when_all_is_well(client: object, visitor: Page) -> None:
    assert visitor.get("/readyz").json == {"status": "ready"}


@pytest.fixture
def locked(store: Store, admin: Page, config: Config, make_app: MakeApp) -> Page:
    """The same database, opened with a key that encrypted nothing in it; `admin` was signed in with the right one."""
    store("Stored before")
    app = make_app(replace(config, field_encryption_key=Fernet.generate_key().decode()))
    page = Page(app.test_client())
    page.sign_in(USERNAME, PASSWORD)
    page.canaries.add(KEY)
    return page


def test_with_a_wrong_key_one_can_look_and_delete(locked: Page) -> None:
    locked.get("/credentials")
    assert "Locked: the configured key is not the one that encrypted these secrets." in locked.text
    assert "Stored before" in locked.text
    assert "Unreadable" in locked.text
    assert locked.document is not None
    row = locked.document.find("input", name="ids")[0].attrs["value"]
    locked.get(f"/credentials/{row}")
    locked.get(f"/credentials/{row}/edit")
    locked.get(f"/credentials/{row}/delete")
    locked.post("/credentials/delete", {"ids": row})
    locked.get("/credentials")
    assert "Deleted “Stored before”." in locked.text


def test_with_a_wrong_key_nothing_is_stored_or_tested(locked: Page, app: Flask) -> None:
    locked.get("/credentials/new")
    token = locked._token("/")
    locked.post("/credentials/new", llm("New"), status=503)
    assert "Restore the right key and restart" in locked.text
    problem = locked.post("/credentials/new", llm("New") | {"csrf_token": token}, status=503, headers=JSON)
    assert problem.json is not None
    assert problem.json["code"] == "locked"
    assert rows(app, "SELECT name FROM credential") == [("Stored before",)]
    ((row,),) = rows(app, "SELECT public_id FROM credential")
    locked.post(f"/credentials/{row}/test", {"csrf_token": token}, status=503)
    answer = locked.get("/readyz", status=503)
    assert answer.json is not None
    assert answer.json["code"] == "locked"


@pytest.mark.parametrize("damage", ["NULL", "''", "'x'", "substr(sealed, 1, 40)", "'gAAAAA' || sealed", "'é'"])
def test_one_damaged_row_fails_alone(admin: Page, app: Flask, store: Store, damage: str) -> None:
    store("sound")
    row = store("damaged")
    with app.app_context(), db.engine.begin() as connection:
        if damage == "NULL":
            damage = "'NULL'"  # the column itself refuses a NULL
        connection.exec_driver_sql(f"UPDATE credential SET sealed = {damage} WHERE name = 'damaged'")
    admin.get("/credentials")
    admin.post(f"/credentials/{row}/test")
    admin.get("/credentials")
    assert "Unreadable" in admin.text
    assert "changed or damaged outside credstore" in admin.text
    assert "sound" in admin.text


@pytest.mark.parametrize(
    "public",
    [
        "x",
        "",
        "[]",
        "null",
        "3",
        '{"provider_type": 3}',
        '{"base_url": {"a": 1}}',
        "{}",
    ],
)
def test_a_row_whose_public_side_is_damaged_takes_no_page_with_it(
    admin: Page, app: Flask, store: Store, public: str
) -> None:
    row = store("damaged")
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE credential SET public = ?", (public,))
    for url in ("/credentials", f"/credentials/{row}", f"/credentials/{row}/edit", f"/credentials/{row}/delete"):
        admin.get(url)
    admin.get("/credentials", headers=JSON)
    admin.post(f"/credentials/{row}/test")


def test_a_crash_shows_and_logs_nothing_of_what_it_said(
    admin: Page, app: Flask, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    row = store()
    admin.canaries.add(KEY)
    app.testing = False

    def crash(public_id: object) -> None:
        raise RuntimeError(f"a library quotes {KEY}")

    app.view_functions["credstore.show"] = crash
    with caplog.at_level(logging.DEBUG):
        both(admin, f"/credentials/{row}", status=500, code="crash", words="The mistake is logged, without any secret.")
    assert "GET credstore.show: RuntimeError" in caplog.text
    assert "test_errors.py" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("origin", ["http://[", "https://evil.example", "null"])
def test_an_origin_that_is_not_ours_is_refused_where_the_browser_does_not_say_more(
    admin: Page, store: Store, origin: str
) -> None:
    row = store()
    admin.get("/credentials")
    answer = admin.client.post(
        f"/credentials/{row}/delete", data={"csrf_token": admin._token("/")}, headers={"Origin": origin}
    )
    assert answer.status_code == 403
    assert "another site" in answer.text
