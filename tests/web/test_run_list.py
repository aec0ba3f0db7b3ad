"""The list of runs, pages of a run, a new run of one group, and the banner, over HTTP."""

import re
from typing import Any

import pytest
from flask import Flask

from credstore.background_runner import BackgroundRunner
from credstore.config import Config
from credstore.extension import Credstore
from credstore.probe import Outcome
from credstore.vault import Group, Run
from credstore.web.run_words import RunWords
from tests.conftest import USERNAME
from tests.page import Page
from tests.vault.script import BAD, GOOD, ScriptedTester
from tests.web.conftest import JSON, KEY, Store, rows, statements


@pytest.fixture
def tester(app: Flask, monkeypatch: pytest.MonkeyPatch) -> ScriptedTester:
    """A run has ended when its start is answered."""
    monkeypatch.setattr(BackgroundRunner, "start", BackgroundRunner.run)
    scripted = ScriptedTester()
    app.extensions["credstore"].vault.tests.tester = scripted
    return scripted


@pytest.fixture
def planned(tester: ScriptedTester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are planned, and nobody works on them."""
    monkeypatch.setattr(BackgroundRunner, "start", lambda self, run_id: None)


def start(admin: Page, data: dict[str, Any] | None = None) -> str:
    admin.get("/credentials/new")
    return str(admin.post("/credentials/test", data or {}).location)


def test_the_runs_are_listed_with_who_what_and_the_result(admin: Page, store: Store, tester: ScriptedTester) -> None:
    admin.canaries.add(KEY)
    admin.get("/runs")
    assert "No test runs yet" in admin.text
    one = store("One")
    store("Two")
    tester.verdict = BAD
    first = start(admin)
    tester.verdict = GOOD
    second = start(admin, {"ids": one})
    admin.get("/runs")
    assert admin.document is not None
    found = [item for item in admin.document.find("li") if "data-mark" in item.attrs]
    assert [item.attrs["data-mark"] for item in found] == ["pass", "fail"]
    assert f"Tested 1 of 1 1 verified · Selected credentials · by {USERNAME} · took 1 s" in found[0].text
    assert f"Tested 2 of 2 2 rejected · All credentials · by {USERNAME} · took 1 s" in found[1].text
    links = [a.attrs["href"] for a in admin.document.find("a") if a.within("li")]
    assert links == [second, first]


def test_a_program_reads_the_list_of_runs(
    program: Any, store: Store, tester: ScriptedTester, monkeypatch: pytest.MonkeyPatch
) -> None:
    store("One")
    ids = [program("post", "/credentials/test", status=202)["id"] for _ in range(3)]
    seen = program("get", "/runs", status=200)
    assert [run["id"] for run in seen["items"]] == ids[::-1]
    assert (seen["page"], seen["more"]) == (1, False)
    alone = program("get", f"/credentials/runs/{ids[2]}", status=200)
    assert seen["items"][0] == {name: alone[name] for name in alone.keys() - {"items", "next_key"}}
    monkeypatch.setattr("credstore.vault.run_reading.RUNS_PER_PAGE", 2)
    assert program("get", "/runs", status=200)["more"] is True
    rest = program("get", "/runs?page=2", status=200)
    assert ([run["id"] for run in rest["items"]], rest["more"]) == (ids[:1], False)


@pytest.mark.parametrize("page", ["0", "-1", "nonsense", "2", "99999999999999999999"])
def test_any_page_number_gives_a_page(admin: Page, store: Store, tester: ScriptedTester, page: str) -> None:
    store("One")
    start(admin)
    admin.get(f"/runs?page={page}")
    assert ("Tested 1 of 1" in admin.text) is (page in {"0", "-1", "nonsense"})


def test_other_addresses_lead_to_the_runs(admin: Page, store: Store, tester: ScriptedTester) -> None:
    store("One")
    place = start(admin)
    assert admin.get(f"/runs/{place.rpartition('/')[2]}", status=303).location == place
    assert admin.get("/credentials/runs", status=303).location == "/runs"
    assert admin.get(f"{place}/banner", status=303).location == place, "it is a piece for the script of the list"


def test_in_a_host_application_the_address_runs_is_the_hosts(config: Config) -> None:
    host = Flask("host")
    host.secret_key = "h" * 40
    Credstore(host, config=config, authorize=lambda: None)
    addresses = {rule.rule for rule in host.url_map.iter_rules()}
    assert "/credentials/runs" in addresses
    assert not {address for address in addresses if not re.match(r"/(credentials|static|api/v1)\b", address)}


def test_one_group_is_tested_again(admin: Page, store: Store, app: Flask, tester: ScriptedTester) -> None:
    for name in ("One", "Two"):
        store(name)
    tester.verdict = BAD
    place = start(admin)
    store("Three")
    admin.get(place)
    (button,) = [b for b in admin.document.find("button") if b.text == "Test these 2 again"]  # type: ignore[union-attr]
    tester.verdict = GOOD
    again = admin.post(button.attrs["formaction"], {"group": button.attrs["value"]}).location
    admin.get(again)
    assert "2 verified" in admin.text
    assert "Failed in an earlier run" in admin.text
    assert not [b for b in admin.document.find("button") if "Test " in b.text]  # type: ignore[union-attr]
    names = rows(app, "SELECT name FROM test_run_item JOIN test_run ON run_id = id ORDER BY started_at DESC, position")
    assert [name for (name,) in names[:2]] == ["Two", "One"]


@pytest.mark.parametrize("group", ["passed", "untested", "unclear", "nonsense", ""])
def test_an_empty_group_is_told(admin: Page, store: Store, tester: ScriptedTester, group: str) -> None:
    store("One")
    tester.verdict = BAD if group == "passed" else GOOD
    place = start(admin)
    admin.get(place)
    admin.post(f"{place}/again", {"group": group}, status=409)
    assert "None of these credentials can be tested." in admin.text


@pytest.mark.usefixtures("planned")
def test_what_was_not_tested_is_tested_by_another_run(admin: Page, store: Store) -> None:
    store("One")
    place = start(admin)
    admin.get(place)
    admin.post(f"{place}/cancel")
    admin.get(place)
    assert "Test this one" in admin.text
    assert admin.post(f"{place}/again", {"group": "untested"}).location != place


def test_a_run_is_read_in_pages_of_json(
    program: Any, store: Store, tester: ScriptedTester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credstore.web.views.runs.JSON_ITEMS", 2)
    for number in range(5):
        store(f"Key {number}")
    run = f"/credentials/runs/{program('post', '/credentials/test', status=202)['id']}"
    names, key = list[str](), ""
    while True:
        seen = program("get", f"{run}?after={key}", status=200)
        names += [item["name"] for item in seen["items"]]
        if not (key := seen["next_key"]):
            break
    assert names == [f"Key {number}" for number in (4, 3, 2, 1, 0)]
    assert program("get", f"{run}?show=failed", status=200)["items"] == []


@pytest.mark.parametrize("query", ["after=x", "after=9-1", "before=2-", "show=x", "after=2-99999999999", "before=0-0"])
def test_a_place_that_is_none_is_the_beginning(admin: Page, store: Store, tester: ScriptedTester, query: str) -> None:
    store("One")
    admin.get(f"{start(admin)}?{query}")
    assert "1 passed" in admin.text


@pytest.mark.usefixtures("planned")
def test_the_list_has_a_banner_only_while_a_run_is_under_way(app: Flask, admin: Page, store: Store) -> None:
    store("One")
    admin.get("/credentials")
    assert "run-banner" not in admin.client.get("/credentials").text
    with statements(app) as without:
        admin.get("/credentials")
    place = start(admin)
    with statements(app) as during:
        admin.get("/credentials?q=one")
    assert "Testing 0 of 1" in admin.text
    (bar,) = admin.document.find("progress")  # type: ignore[union-attr]
    assert (bar.attrs["value"], bar.attrs["max"]) == ("0", "1")
    assert any("test_run" in statement for statement in without), "it is read by the statement of the totals"
    assert len(during) > len(without)
    piece = admin.client.get(f"{place}/banner", headers={"X-Credstore": "fragment"}).text
    assert f'data-poll="{place}/banner"' in piece
    assert "<link" not in piece
    admin.get("/credentials/new")
    admin.post(f"{place}/cancel")
    assert "run-banner" not in admin.client.get("/credentials").text
    ended = admin.client.get(f"{place}/banner", headers={"X-Credstore": "fragment"}).text
    assert "data-poll" not in ended
    assert "Cancelled 0 of 1" in ended


def words(state: str, total: int, **counts: int) -> RunWords:
    moment: Any = None
    stored = {name.replace("_", "-"): number for name, number in counts.items()}
    run = Run(
        run_id="r",
        started_at=moment,
        ended_at=None,
        state=state,
        started_by="",
        scope="",
        total=total,
        counts=stored,
    )
    return RunWords(run)


def test_the_words_of_a_run() -> None:
    many = words("done", 22, rejected=3, verified=12, accepted_limited=1, gone=2, not_reached=4)
    assert many.summary == "12 verified, 1 accepted (limited), 3 rejected, 4 not reached, 2 deleted"
    assert many.title == "Test run: 7 failed"
    assert many.announced == f"Tested: 22 of 22. {many.summary}."
    assert (many.mark, many.tested_what) == ("fail", "22 credentials")
    assert words("cancelled", 3, verified=1).summary == "1 verified, 2 not tested"
    assert words("cancelled", 3, verified=1).title == "Test run cancelled: no failures"
    assert words("running", 50, verified=12).title == "(12/50) Test run"
    assert words("running", 50, verified=12).summary == "12 verified"
    assert [words("running", 8, verified=n).announced for n in (1, 2, 3)] == [
        "Testing: 0 % done",
        "Testing: 25 % done",
        "Testing: 25 % done",
    ]
    assert words("done", 2, verified=2).mark == "pass"
    assert words("done", 2, verified=1, cannot_tell=1).mark == "unsure"
    assert words("running", 2, rejected=1).mark == "none"


def test_every_outcome_is_in_one_group_by_its_mark() -> None:
    marks = {"fail": Group.FAILED, "unsure": Group.UNCLEAR, "pass": Group.PASSED}
    for outcome in Outcome:
        assert Group.of(outcome.value) is marks[outcome.mark]
        if Group.of(outcome.value) is not Group.PASSED:
            assert words("done", 1, **{outcome.value.replace("-", "_"): 1}).again(Group.of(outcome.value))
    assert (Group.of("gone"), Group.of("from a later version"), Group.of("")) == (
        Group.UNCLEAR,
        Group.UNCLEAR,
        Group.UNTESTED,
    )


def test_the_views_are_problem_details_for_programs(admin: Page) -> None:
    gone = "11111111-1111-4111-8111-111111111111"
    for address in (f"/credentials/runs/{gone}", f"/credentials/runs/{gone}/banner"):
        assert admin.get(address, status=404, headers=JSON).json["code"] == "not-found"  # type: ignore[index]
    admin.get("/credentials/new")
    admin.post(f"/credentials/runs/{gone}/again", status=404)
