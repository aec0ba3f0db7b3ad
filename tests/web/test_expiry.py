"""The day on which a credential ends: entered by hand or learned from the provider, shown, filtered and sorted by."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.page import Element, Page
from tests.vault.script import GOOD, ScriptedTester
from tests.web.conftest import KEY, Store, llm
from tests.web.test_create import errors, value
from tests.web.test_edit import data


def day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


@pytest.fixture
def shelf(admin: Page, app: Flask) -> Page:
    with app.app_context():
        vault = app.extensions["credstore"].vault
        for name, days in (("later", 90), ("soon", 5), ("over", -3), ("today", 0)):
            values = {"provider_type": "openai", "api_key": f"{KEY}-{name}"}
            vault.create("llm", name, values, expires=day(days))
        vault.create("telegram", "never", {"bot_token": "123456789:AAbbccddeeffgg"})
    return admin


def names(page: Page) -> list[str]:
    assert page.document is not None
    return [cell.text.split()[0] for cell in page.document.find("th", scope="row")]


def badges(page: Page) -> dict[str, tuple[str, str]]:
    assert page.document is not None
    return {
        badge.within("th").text.split()[0]: (badge.attrs["data-ends"], badge.text)  # type: ignore[union-attr]
        for badge in page.document.find("span", class_="badge")
        if "data-ends" in badge.attrs
    }


@pytest.mark.parametrize("wrong", ["tomorrow", "2030-13-01", "2030-02-30", "01.02.2030", "9" * 4000, "0000-01-01"])
def test_a_day_that_is_none_is_told_beside_the_field(admin: Page, wrong: str) -> None:
    admin.canaries.add(KEY)
    admin.get("/credentials/new")
    admin.post("/credentials/new", llm() | {"expires": wrong}, status=400)
    assert errors(admin)["expires"] == "Write the day as YYYY-MM-DD, like 2027-03-31."
    assert value(admin, "expires") == wrong
    assert value(admin, "name") == "OpenAI production"


def test_a_wrong_day_while_editing_loses_nothing(admin: Page, store: Store) -> None:
    row = store()
    admin.get(f"/credentials/{row}/edit")
    admin.post(f"/credentials/{row}/edit", data("Renamed") | {"expires": "soon"}, status=400)
    assert "expires" in errors(admin)
    assert value(admin, "name") == "Renamed"


def test_a_day_is_entered_shown_changed_and_cleared(admin: Page, program: Any) -> None:
    made = program("post", "/credentials/new", llm() | {"expires": "2031-03-31"}, status=201)
    assert made["expires_at"] == "2031-03-31T23:59:59+00:00"
    place = f"/credentials/{made['id']}"
    admin.get(place)
    assert "Ends 31 Mar 2031" in admin.text
    admin.get(f"{place}/edit")
    assert value(admin, "expires") == "2031-03-31"
    admin.post(f"{place}/edit", data() | {"expires": ""})
    assert program("get", place, status=200)["expires_at"] is None


def test_what_ends_soon_or_has_ended_wears_a_badge_with_words(shelf: Page) -> None:
    shelf.get("/credentials")
    found = badges(shelf)
    assert set(found) == {"soon", "over", "today"}
    assert found["over"][0] == "over"
    assert found["over"][1].startswith("ended ")
    assert found["soon"] == ("soon", "ends in 5 d")
    assert found["today"] == ("soon", "ends today")


def test_the_chip_keeps_what_ends_soon_and_puts_the_soonest_first(shelf: Page) -> None:
    shelf.get("/credentials")
    assert shelf.document is not None
    (chip,) = [a for a in shelf.document.find("a") if a.text == "Expiring"]
    shelf.get(chip.attrs["href"])
    assert names(shelf) == ["over", "today", "soon"]
    assert [a.text.split()[0] for a in shelf.document.find("a", aria_current="true")] == ["All", "Expiring"]
    shelf.get("/credentials?sort=expires")
    assert names(shelf) == ["over", "today", "soon", "later", "never"]
    shelf.get("/credentials?expiring=14&q=later")
    assert "Nothing matches" in shelf.text
    assert "ends within 14 days" in shelf.text


def tab(page: Page, label: str) -> Element:
    assert page.document is not None
    (found,) = [a for a in page.document.find("a") if a.within("nav") and a.text.startswith(label)]
    return found


@pytest.mark.parametrize("days", ["0", "14", "36500"])
@pytest.mark.parametrize("search", ["", "&q=e"])
def test_the_type_tabs_lead_to_as_many_rows_as_they_say(shelf: Page, days: str, search: str) -> None:
    shelf.get(f"/credentials?expiring={days}{search}")
    for label in ("All", "LLM", "Telegram", "Git", "Tool"):
        link = tab(shelf, label)
        shelf.get(link.attrs["href"])
        assert len(names(shelf)) == int(link.text.split()[-1]), link.attrs["href"]
        shelf.get(f"/credentials?expiring={days}{search}")


def test_expiring_keeps_the_type_and_the_search_and_ends_when_pressed_again(shelf: Page) -> None:
    shelf.get("/credentials?type=telegram&q=e")
    shelf.get(tab(shelf, "Expiring").attrs["href"])
    assert "Nothing matches" in shelf.text
    shelf.get(tab(shelf, "LLM").attrs["href"])
    assert names(shelf) == ["over"]
    shelf.get(tab(shelf, "Expiring").attrs["href"])
    assert names(shelf) == ["over", "later"]
    assert tab(shelf, "LLM").attrs["aria-current"] == "true"


def test_a_search_keeps_the_other_filters(shelf: Page) -> None:
    shelf.get("/credentials?type=llm&expiring=0&status=untested")
    assert shelf.document is not None
    boxes = [
        box for box in shelf.document.find("input", type="hidden") if "search" in box.within("form").attrs.values()
    ]  # type: ignore[union-attr]
    kept = {box.attrs["name"]: box.attrs["value"] for box in boxes}
    assert kept == {"type": "llm", "expiring": "0", "sort": "expires", "status": "untested"}


def test_the_table_says_its_order(shelf: Page) -> None:
    for query, order in (("", "newest"), ("?expiring=14", "soonest expiry"), ("?sort=expires", "soonest expiry")):
        shelf.get(f"/credentials{query}")
        assert shelf.document is not None
        assert [found.text for found in shelf.document.find("caption")] == [f"Credentials, {order} first"]


@pytest.mark.parametrize("query", ["expiring=x", "sort=x", "expiring=", "sort=", "expiring=1e9"])
def test_what_makes_no_sense_in_the_address_is_ignored(shelf: Page, query: str) -> None:
    shelf.get(f"/credentials?{query}")
    assert names(shelf) == ["never", "today", "over", "soon", "later"]


@pytest.mark.parametrize("days", ["0", "-5", "999999999999999999999"])
def test_any_number_of_days_will_do(shelf: Page, days: str) -> None:
    shelf.get(f"/credentials?expiring={days}")
    assert "over" in names(shelf)


def test_a_day_that_the_provider_tells_is_taken_and_said_so(admin: Page, store: Store, app: Flask) -> None:
    end = datetime(2032, 1, 2, 3, 4, 5, tzinfo=UTC)
    app.extensions["credstore"].vault.tests.tester = ScriptedTester(replace(GOOD, expires_at=end))
    row = store()
    admin.get("/credentials")
    admin.post(f"/credentials/{row}/test")
    admin.get(f"/credentials/{row}")
    assert "2032 (from the provider)" in admin.text
    admin.get(f"/credentials/{row}/edit")
    assert value(admin, "expires") == "2032-01-02"
    admin.post(f"/credentials/{row}/edit", data() | {"expires": "2033-01-02"})
    admin.get(f"/credentials/{row}")
    assert "from the provider" not in admin.text
