"""The page Recently deleted: what it shows, restoring with and without a taken name, erasing, and JSON."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from credstore.web.formatting import time_left
from tests.page import Element, Page
from tests.web.conftest import KEY, Store, rows, statements

GONE = "11111111-1111-4111-8111-111111111111"
DELETED = "/credentials/deleted"
Program = Callable[..., Any]


@pytest.fixture(autouse=True)
def _canaries(admin: Page) -> None:
    admin.canaries |= {KEY}


@pytest.fixture
def gone(admin: Page, store: Store) -> Callable[..., list[str]]:
    """Stores credentials of these names and deletes them on the page; returns their ids."""

    def put(*names: str) -> list[str]:
        ids = [store(name) for name in names]
        admin.get("/credentials")
        admin.post("/credentials/delete", {"ids": " ".join(ids)})
        admin.get("/credentials")
        return ids

    return put


Gone = Callable[..., list[str]]


def left(app: Flask) -> list[str]:
    return [name for (name,) in rows(app, "SELECT name FROM credential ORDER BY id")]


def waiting(app: Flask) -> list[str]:
    return [name for (name,) in rows(app, "SELECT name FROM deleted_credential ORDER BY id")]


def found(page: Page, *tags: str, **attrs: str) -> list[Element]:
    assert page.document is not None
    return page.document.find(*tags, **attrs)


def test_the_list_and_the_message_after_a_delete_lead_to_it(admin: Page, store: Store) -> None:
    admin.get("/credentials")
    assert [link.attrs["href"] for link in found(admin, "a") if link.text == "Recently deleted"] == [DELETED]
    admin.post(f"/credentials/{store()}/delete")
    admin.get("/credentials")
    assert [link.attrs["href"] for link in found(admin, "a") if link.text == "Recently deleted"] == [DELETED] * 2
    assert [button.text for button in found(admin, "button", name="batch")] == ["Undo"]


def test_it_shows_who_when_and_until_when(admin: Page, gone: Gone) -> None:
    gone("Payments")
    admin.get(DELETED)
    headers = [header.text for header in found(admin, "th", scope="col")]
    assert headers == ["Name", "Type", "Deleted", "Deleted by", "Kept until", "Actions"]
    (row,) = (row for row in found(admin, "tr") if "Payments" in row.text)
    for words in ("LLM", "just now", "ann", "30 d left", "Restore"):
        assert words in row.text
    assert len(found(admin, "time")) == 2
    admin.get("/credentials")
    assert "Payments" not in admin.text


def test_without_a_name_of_the_person_there_is_a_dash(admin: Page, app: Flask, store: Store) -> None:
    with app.app_context():
        app.extensions["credstore"].vault.delete([store()])
    admin.get(DELETED)
    assert [cell.text for cell in found(admin, "td")][3] == "\N{EN DASH}"


def test_an_empty_page_says_what_comes_here(admin: Page, app: Flask) -> None:
    admin.get(DELETED)
    assert "Nothing to restore" in admin.text
    assert "can be restored here for 30 days" in admin.text
    app.extensions["credstore"].vault.store.keep_deleted_days = 0
    admin.get(DELETED)
    assert "Deleted credentials are erased at once" in admin.text


def test_the_search_keeps_its_words_and_its_place(admin: Page, gone: Gone, app: Flask) -> None:
    gone("Payments", "Mail")
    admin.get(f"{DELETED}?q=PAY&page=1")
    assert "Payments" in admin.text
    assert "Mail" not in admin.text
    (button,) = found(admin, "button", name="ids")
    assert admin.post(button.attrs["formaction"], {"ids": button.attrs["value"]}).location == f"{DELETED}?page=1&q=PAY"
    admin.get(f"{DELETED}?q=<b>nobody")
    assert "No deleted credential has “<b>nobody” in its name." in admin.text
    assert left(app) == ["Payments"]


def test_pages_of_fifty_lead_to_pages_of_this_address(admin: Page, app: Flask, fill: Callable[[int], None]) -> None:
    fill(51)
    with app.app_context():
        vault = app.extensions["credstore"].vault
        vault.delete([record.public_id for number in (1, 2) for record in vault.page(number=number).records])
    admin.get(f"{DELETED}?q=row")
    assert "Showing 1\N{EN DASH}50 of 51" in admin.text
    (following,) = found(admin, "a", rel="next")
    assert following.attrs["href"] == f"{DELETED}?page=2&q=row"
    admin.get(following.attrs["href"])
    assert "row 0000" in admin.text


def test_one_is_restored_by_one_press(admin: Page, gone: Gone, app: Flask) -> None:
    gone("Payments", "Mail")
    admin.get(DELETED)
    button = found(admin, "button", name="ids")[1]
    assert admin.post(button.attrs["formaction"], {"ids": button.attrs["value"]}).location == DELETED
    admin.get(DELETED)
    assert "Restored “Payments”." in admin.text
    assert (left(app), waiting(app)) == (["Payments"], ["Mail"])


def test_many_are_named_before_they_are_restored(admin: Page, gone: Gone, app: Flask) -> None:
    ids = gone(*(f"key {number:02}" for number in range(12)))
    admin.get(f"{DELETED}/restore", query_string={"ids": ids, "q": "key"})
    assert "Restore 12 credentials?" in admin.text
    assert "and 2 more" in admin.text
    assert left(app) == []
    sent = found(admin, "input", name="ids")[0].attrs["value"]
    (form,) = (form for form in found(admin, "form") if form.attrs["action"].startswith(f"{DELETED}/restore"))
    assert admin.post(form.attrs["action"], {"ids": f"{sent} {GONE}"}).location == f"{DELETED}?q=key"
    admin.get(DELETED)
    assert "Restored 12 credentials. 1 id was not there any more." in admin.text
    assert len(left(app)) == 12


def test_a_taken_name_is_asked_about_and_nothing_is_lost(admin: Page, gone: Gone, store: Store, app: Flask) -> None:
    one, two, three = gone("Mine", "Yours", "Theirs")
    store("mine")
    store("YOURS")
    admin.get(DELETED)
    assert [badge.text for badge in found(admin, "span", class_="badge")] == ["name in use"] * 2
    admin.get(f"{DELETED}/restore?ids={one}&ids={two}&ids={three}")
    offered = {field.attrs["name"]: field.attrs["value"] for field in found(admin, "input", maxlength="255")}
    assert offered == {f"name-{one}": "Mine (restored)", f"name-{two}": "Yours (restored)"}
    assert "2 names are in use by now." in admin.text
    assert not found(admin, "input", aria_invalid="true")

    ids = f"{one} {two} {three}"
    answer = {"ids": ids, f"name-{one}": "mine", f"name-{two}": " ", "leave": two}
    admin.post(f"{DELETED}/restore", answer, status=400)
    assert "Another credential has this name. Choose a new one." in admin.text
    wrong = found(admin, "input", aria_invalid="true")
    assert [(field.attrs["name"], field.attrs["value"]) for field in wrong] == [(f"name-{one}", "mine")]
    assert [box.attrs["value"] for box in found(admin, "input", name="leave") if "checked" in box.attrs] == [two]
    assert (len(left(app)), waiting(app)) == (2, ["Mine", "Yours", "Theirs"])

    admin.post(f"{DELETED}/restore", answer | {f"name-{one}": "Mine again"})
    admin.get(DELETED)
    assert "Restored 2 credentials. 1 stays deleted." in admin.text
    assert (left(app), waiting(app)) == (["Mine again", "Theirs", "mine", "YOURS"], ["Yours"])


def test_a_name_taken_since_the_page_was_opened_is_asked_about(
    admin: Page, gone: Gone, store: Store, app: Flask
) -> None:
    (one,) = gone("Mine")
    admin.get(DELETED)
    store("Mine")
    admin.post(f"{DELETED}/restore", {"ids": one}, status=400)
    assert [field.attrs["value"] for field in found(admin, "input", maxlength="255")] == ["Mine (restored)"]
    admin.post(f"{DELETED}/restore", {"ids": one, f"name-{one}": "Mine (restored)"})
    admin.get(DELETED)
    assert "Restored “Mine (restored)”." in admin.text
    assert left(app) == ["Mine (restored)", "Mine"]


def test_all_left_deleted_is_no_error(admin: Page, gone: Gone, app: Flask) -> None:
    one, two = gone("One", "Two")
    admin.post(f"{DELETED}/restore", {"ids": [one, two], "leave": [one, two]})
    admin.get(DELETED)
    assert "Nothing was restored. 2 stay deleted." in admin.text
    assert waiting(app) == ["One", "Two"]


def test_erasing_asks_first_and_cannot_be_undone(admin: Page, gone: Gone, app: Flask) -> None:
    one, two, _ = gone("One", "Two", "Three")
    admin.get(f"{DELETED}/erase?ids={one}")
    assert "Delete “One” for good?" in admin.text
    assert "This cannot be undone." in admin.text
    admin.get(f"{DELETED}/erase?ids={one}&ids={two}")
    assert "Delete 2 credentials for good?" in admin.text
    assert len(waiting(app)) == 3
    sent = found(admin, "input", name="ids")[0].attrs["value"]
    assert admin.post(f"{DELETED}/erase?q=o", {"ids": f"{sent} {GONE}"}).location == f"{DELETED}?q=o"
    admin.get(DELETED)
    assert "Deleted 2 credentials for good. 1 id was not there any more." in admin.text
    assert waiting(app) == ["Three"]
    admin.post(f"{DELETED}/erase", {"ids": one})
    admin.get(DELETED)
    assert "Nothing was deleted for good. 1 id was not there any more." in admin.text


@pytest.mark.parametrize(
    ("left_over", "words"),
    [
        (timedelta(days=30) - timedelta(seconds=5), "30 d left"),
        (timedelta(days=1, hours=3), "1 d left"),
        (timedelta(hours=23, minutes=59), "23 h left"),
        (timedelta(minutes=59), "under 1 h left"),
        (timedelta(0), "under 1 h left"),
    ],
)
def test_the_time_that_is_left_is_told_in_days_then_hours(left_over: timedelta, words: str) -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    assert time_left(now + left_over, now) == words


@pytest.mark.parametrize("what", ["restore", "erase"])
def test_nothing_selected_and_nothing_there(admin: Page, store: Store, what: str) -> None:
    assert admin.get(f"{DELETED}/{what}", status=303).location == DELETED
    admin.get(DELETED)
    assert "Nothing was selected, so nothing would change." in admin.text
    for ids in (GONE, "nonsense", "é" * 99, store()):
        admin.get(f"{DELETED}/{what}", status=404, query_string={"ids": ids})
        assert "There is no such deleted credential." in admin.text


@pytest.mark.parametrize(
    "query", ["?page=-1", "?page=x", "?after=x", "?after=99999999999", "?q=%00", "?before=1&q=" + "x" * 400]
)
def test_any_query_gives_a_page(admin: Page, gone: Gone, query: str) -> None:
    gone("One")
    admin.get(DELETED + query)


def test_programs_list_restore_and_erase(program: Program, gone: Gone, store: Store, app: Flask) -> None:
    one, two = gone("One", "Two")
    store("two")
    listed = program("get", DELETED, status=200)
    assert (listed["total"], [item["id"] for item in listed["items"]]) == (2, [two, one])
    assert set(listed["items"][0]) == {"id", "name", "type", "deleted_at", "deleted_by", "until", "name_taken"}
    assert [(item["deleted_by"], item["name_taken"]) for item in listed["items"]] == [("ann", True), ("ann", False)]
    refused = program("post", f"{DELETED}/restore", {"ids": f"{one} {two}"}, status=400)
    assert (refused["code"], list(refused["names"])) == ("name-in-use", [two])
    done = program("post", f"{DELETED}/restore", {"ids": f"{one} {GONE}"}, status=200)
    assert done == {"restored": 1, "missing": 1}
    assert program("post", f"{DELETED}/erase", {"ids": f"{two} {GONE}"}, status=200) == {"erased": 1, "missing": 1}
    assert (sorted(left(app)), waiting(app)) == (["One", "two"], [])


def test_the_page_takes_as_many_statements_for_fifty_as_for_one(
    admin: Page, app: Flask, gone: Gone, fill: Callable[[int], None]
) -> None:
    gone("One")
    admin.get(DELETED)
    with statements(app) as few:
        admin.get(DELETED)
    fill(50)
    with app.app_context():
        vault = app.extensions["credstore"].vault
        vault.delete([record.public_id for record in vault.page().records])
    with statements(app) as many:
        admin.get(DELETED)
    assert len(found(admin, "tr")) == 51
    assert len(many) == len(few)


def test_while_locked_it_can_be_looked_at_and_restored(admin: Page, gone: Gone, app: Flask) -> None:
    (one,) = gone("One")
    with app.app_context():
        store = app.extensions["credstore"].vault.store
        store.unlocked_state = None
        store.keyring = type(store.keyring)(OTHER_KEY)
        assert store.key_state().locked
    admin.get(DELETED)
    assert "One" in admin.text
    admin.post(f"{DELETED}/restore", {"ids": one})
    admin.get(DELETED)
    assert "Restored “One”." in admin.text
    assert left(app) == ["One"]


OTHER_KEY = "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItMTI="
