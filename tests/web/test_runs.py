"""Runs of many tests over HTTP: confirmation, start, progress, and who may start one."""

import re
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from credstore.background_runner import BackgroundRunner
from tests.conftest import USERNAME
from tests.page import Page
from tests.vault.script import BAD, ScriptedTester
from tests.web.conftest import JSON, KEY, Store, rows

GONE = "11111111-1111-4111-8111-111111111111"
ROUTES = (
    ("GET", "/credentials/test"),
    ("POST", "/credentials/test"),
    ("GET", f"/credentials/runs/{GONE}"),
    ("POST", f"/credentials/runs/{GONE}/cancel"),
    ("POST", f"/credentials/runs/{GONE}/again"),
    ("GET", f"/credentials/runs/{GONE}/banner"),
    ("GET", "/runs"),
    ("GET", f"/runs/{GONE}"),
)


@pytest.fixture
def tester(app: Flask) -> ScriptedTester:
    scripted = ScriptedTester()
    app.extensions["credstore"].vault.tests.tester = scripted
    return scripted


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are planned, and nobody works on them."""
    monkeypatch.setattr(BackgroundRunner, "start", lambda self, run_id: None)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch, tester: ScriptedTester) -> ScriptedTester:
    """A run has ended when its start is answered."""
    monkeypatch.setattr(BackgroundRunner, "start", BackgroundRunner.run)
    return tester


def runs(app: Flask) -> int:
    return int(rows(app, "SELECT count(*) FROM test_run")[0][0])


def planned_names(app: Flask) -> list[str]:
    return [name for (name,) in rows(app, "SELECT name FROM test_run_item ORDER BY position")]


def start(admin: Page, data: dict[str, Any] | None = None, where: str = "") -> str:
    admin.get("/credentials/new")
    location = admin.post(f"/credentials/test{where}", data or {}).location
    assert re.fullmatch(r"/credentials/runs/[0-9a-f-]{36}", location)
    return location


def test_all_are_tested_and_each_row_says_its_result(admin: Page, store: Store, at_once: ScriptedTester) -> None:
    admin.canaries.add(KEY)
    first, second = store("One"), store("Two")
    admin.get("/credentials")
    assert admin.document is not None
    (link,) = [a for a in admin.document.find("a") if a.text == "Test all"]
    admin.get(link.attrs["href"])
    assert "Test 2 credentials?" in admin.text
    at_once.verdict = BAD
    admin.get(start(admin))
    assert "Tested 2 of 2" in admin.text
    results = admin.document and [item for item in admin.document.find("li") if "data-mark" in item.attrs]
    assert [item.attrs["data-mark"] for item in results or ()] == ["fail", "fail"]
    assert [a.attrs["href"] for a in admin.document.find("a") if a.text in {"One", "Two"}] == [
        f"/credentials/{second}",
        f"/credentials/{first}",
    ]
    assert BAD.reason in admin.text
    assert not admin.document.find("meta", http_equiv="refresh")
    (bar,) = admin.document.find("progress")
    assert (bar.attrs["value"], bar.attrs["max"], bar.attrs["aria-label"]) == ("2", "2", "Tested")


@pytest.mark.usefixtures("planned", "tester")
def test_a_page_without_javascript_refreshes_while_the_run_goes_on(admin: Page, store: Store) -> None:
    store()
    place = start(admin)
    admin.get(place)
    assert "Testing 0 of 1" in admin.text
    assert "Waiting" in admin.text
    assert admin.document is not None
    (refresh,) = admin.document.find("meta", http_equiv="refresh")
    assert refresh.within("noscript")
    piece = admin.client.get(place, headers={"X-Credstore": "fragment"}).text
    assert piece.strip().startswith('<div id="run" data-poll=')
    assert "<html" not in piece


@pytest.mark.usefixtures("planned")
def test_the_run_takes_what_the_list_showed(admin: Page, store: Store, app: Flask, tester: ScriptedTester) -> None:
    for name in ("Alpha", "Beta", "alphabet"):
        store(name)
    start(admin, where="?q=%20ALPHA%20&type=llm")
    assert planned_names(app) == ["alphabet", "Alpha"]


@pytest.mark.parametrize("query", ["?q=%00Alpha", "?type=nonsense", "?expiring=x", ""])
def test_a_senseless_search_or_filter_is_taken_as_the_list_takes_it(admin: Page, store: Store, query: str) -> None:
    store("Alpha")
    admin.get(f"/credentials/test{query}")
    assert "Test 1 credential?" in admin.text


@pytest.mark.usefixtures("planned")
def test_only_what_ends_soon_is_tested_from_that_list(admin: Page, store: Store, app: Flask) -> None:
    store("endless")
    with app.app_context():
        vault = app.extensions["credstore"].vault
        vault.create("llm", "over", {"provider_type": "openai", "api_key": KEY}, expires="2024-01-31")
    admin.get("/credentials?expiring=14&sort=expires")
    assert admin.document is not None
    (link,) = [a for a in admin.document.find("a") if a.text == "Test all"]
    admin.get(link.attrs["href"])
    assert "Test 1 credential?" in admin.text
    start(admin, where="?expiring=14&sort=expires")
    assert planned_names(app) == ["over"]


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("bad", [GONE, "nonsense", "' OR 1=1 --", "\0", "x" * 5000])
def test_bad_ids_are_left_out_and_said_so(admin: Page, store: Store, app: Flask, bad: str) -> None:
    row = store("Kept")
    store("Other")
    admin.get("/credentials/test", query_string={"ids": [row.upper(), bad]})
    assert "Test 1 credential?" in admin.text
    assert "cannot be tested" in admin.text
    start(admin, {"ids": [row, bad]})
    assert planned_names(app) == ["Kept"]


@pytest.mark.parametrize("ids", [[], [GONE], ["nonsense"]])
def test_nothing_testable_is_told(admin: Page, app: Flask, ids: list[str]) -> None:
    admin.get("/credentials/test", query_string={"ids": ids})
    assert "None of these credentials can be tested." in admin.text
    admin.get("/credentials/new")
    admin.post("/credentials/test", {"ids": ids}, status=409)
    assert "None of these credentials can be tested." in admin.text
    admin.get("/credentials/new")
    problem = admin.post("/credentials/test", {"ids": ids}, status=409, headers=JSON).json
    assert problem is not None
    assert problem["code"] == "not-testable"
    assert runs(app) == 0


@pytest.mark.usefixtures("planned")
def test_a_second_run_is_led_to_the_first_in_words(admin: Page, store: Store, app: Flask) -> None:
    store()
    first = start(admin)
    assert start(admin) == first
    admin.get(first)
    assert "A test run is under way. Wait for its end, or cancel it." in admin.text
    admin.get("/credentials/new")
    problem = admin.post("/credentials/test", status=409, headers=JSON).json
    assert problem is not None
    assert (problem["code"], problem["status"]) == ("run-active", 409)
    assert runs(app) == 1


@pytest.mark.parametrize("place", [GONE, "nonsense", "0"])
def test_an_unknown_run_is_a_404_in_words(admin: Page, place: str) -> None:
    admin.get(f"/credentials/runs/{place}", status=404)
    admin.get(f"/credentials/runs/{place}", status=404, headers=JSON)
    admin.get("/credentials/new")
    admin.post(f"/credentials/runs/{place}/cancel", status=303 if place == GONE else 404)
    admin.get("/credentials/new")
    problem = admin.post(f"/credentials/runs/{place}/cancel", status=404, headers=JSON).json
    assert problem is not None
    assert problem["code"] in {"not-found", "http-404"}


@pytest.mark.usefixtures("planned")
def test_cancel_may_be_pressed_as_often_as_one_likes(admin: Page, store: Store) -> None:
    store()
    place = start(admin)
    for _ in range(3):
        admin.get("/credentials/new")
        assert admin.post(f"{place}/cancel").location == place
        admin.get(place)
        assert "Cancelled 0 of 1" in admin.text
        assert "Not tested" in admin.text
    assert start(admin) != place


def test_cancel_after_the_end_changes_nothing(admin: Page, store: Store, at_once: ScriptedTester) -> None:
    store()
    place = start(admin)
    admin.post(f"{place}/cancel")
    admin.get(place)
    assert "Tested 1 of 1" in admin.text


def test_a_program_starts_follows_and_cancels_by_json(program: Any, store: Store, at_once: ScriptedTester) -> None:
    row = store("One")
    made = program("post", "/credentials/test", {"ids": row}, status=202)
    assert set(made) == {"id"}
    seen = program("get", f"/credentials/runs/{made['id']}", status=200)
    item = {"id": row, "name": "One", "outcome": "verified", "reason": "The provider accepted this key."}
    started, ended = (datetime.fromisoformat(seen.pop(name)) for name in ("started_at", "ended_at"))
    assert started < ended
    assert seen == {
        "id": made["id"],
        "state": "done",
        "started_by": USERNAME,
        "scope": "Selected credentials",
        "total": 1,
        "done": 1,
        "counts": {"verified": 1},
        "items": [item],
        "next_key": None,
    }
    assert program("post", f"/credentials/runs/{made['id']}/cancel", status=200)["state"] == "done"


@pytest.mark.parametrize(("method", "url"), ROUTES)
def test_every_route_needs_a_sign_in_and_the_token(
    app: Flask, admin: Page, store: Store, method: str, url: str
) -> None:
    store()
    stranger = app.test_client()
    assert stranger.open(url, method=method, headers=JSON).status_code == 401
    refused = stranger.open(url, method=method)
    assert (refused.status_code, refused.location.partition("?")[0]) == (303, "/login")
    if method == "POST":
        assert admin.client.post(url, headers=JSON).json["code"] == "csrf"  # type: ignore[index]
        admin.get("/credentials")
        admin.post(url, status=403, headers={"Sec-Fetch-Site": "cross-site"})
    assert runs(app) == 0
