"""Deleting: the confirmation that names what goes, the batch, what is not there any more, and Undo."""

import uuid

import pytest
from flask import Flask

from tests.page import Page
from tests.web.conftest import TOKEN, Store, rows

GONE = "11111111-1111-4111-8111-111111111111"


def left(app: Flask) -> list[str]:
    return [name for (name,) in rows(app, "SELECT name FROM credential ORDER BY id")]


@pytest.mark.spec("Click the trash icon on any row to open a confirmation dialog.")
def test_the_trash_icon_leads_to_a_confirmation_that_names_the_credential(
    admin: Page, store: Store, app: Flask
) -> None:
    row = store("Payments")
    admin.get("/credentials")
    assert admin.document is not None
    (trash,) = admin.document.find("a", title="Delete")
    admin.get(trash.attrs["href"])
    assert "Delete “Payments”?" in admin.text
    assert left(app) == ["Payments"]
    admin.post(f"/credentials/{row}/delete")
    assert left(app) == []


@pytest.mark.spec(
    "Select multiple credentials using checkboxes, then click Delete Selected (N). "
    "A confirmation dialog shows the count."
)
def test_the_confirmation_of_a_batch_shows_the_count_and_the_names(admin: Page, store: Store, app: Flask) -> None:
    ids = [store(f"key {number:02}") for number in range(12)]
    admin.get("/credentials/delete", query_string={"ids": ids})
    assert "Delete 12 credentials?" in admin.text
    assert admin.document is not None
    assert [item.text for item in admin.document.find("li")][:2] == ["key 11 LLM", "key 10 LLM"]
    assert "and 2 more" in admin.text
    sent = admin.document.find("input", name="ids")[0].attrs["value"]
    assert admin.post("/credentials/delete", {"ids": sent}).location == "/credentials"
    admin.get("/credentials")
    assert "Deleted 12 credentials." in admin.text
    assert left(app) == []


@pytest.mark.spec(
    "Deleting a credential that is referenced by workflow nodes will cause those nodes to fail during execution. "
    "Verify no active workflows depend on a credential before removing it."
)
def test_the_confirmation_warns_of_workflows(admin: Page, store: Store) -> None:
    row = store()
    admin.get(f"/credentials/{row}/delete")
    assert "Workflow nodes that refer to it will fail when they run." in admin.text
    assert "Make sure that no active workflow depends on it." in admin.text


def test_undo_brings_back_what_went(admin: Page, store: Store, app: Flask) -> None:
    store("stays")
    row = store("goes")
    admin.get("/credentials")
    admin.post(f"/credentials/{row}/delete")
    admin.get("/credentials")
    assert admin.document is not None
    (undo,) = admin.document.find("button", name="batch")
    answer = admin.post(undo.attrs["formaction"], {"batch": undo.attrs["value"]})
    assert answer.location == f"/credentials?changed={row}#changed"
    admin.get(answer.location)
    assert "Restored “goes”." in admin.text
    assert admin.document is not None
    (marked,) = admin.document.find("tr", id="changed")
    assert "goes" in marked.text
    assert left(app) == ["stays", "goes"]


@pytest.mark.parametrize(
    ("deletions", "more"), [(1, ""), (3, ""), (4, "and 1 earlier message"), (9, "and 6 earlier messages")]
)
def test_the_last_three_messages_show_and_the_earlier_ones_are_counted(
    admin: Page, store: Store, deletions: int, more: str
) -> None:
    admin.get("/credentials")
    for number in range(deletions - 1):
        admin.post(f"/credentials/{store(f'key {number}')}/delete")
    admin.post("/credentials/delete", {"ids": [store("one"), store("two")]})
    admin.get("/credentials")
    assert admin.document is not None
    texts = [
        message.text.removesuffix("Undo Recently deleted").strip()
        for message in admin.document.find("div", class_="message")
    ]
    shown = [f"Deleted “key {number}”." for number in range(deletions - 1)]
    assert texts == [*shown[-2:], "Deleted 2 credentials.", *([more] if more else [])]


def test_a_confirmation_shows_the_types_in_their_colours(admin: Page, store: Store, app: Flask) -> None:
    with app.app_context():
        bot = app.extensions["credstore"].vault.create("telegram", "Bot", {"bot_token": TOKEN}).public_id
    for ids, kinds in (([bot], ["telegram"]), ([store(), bot], ["llm", "telegram"])):
        admin.get("/credentials/delete", query_string={"ids": ids})
        assert admin.document is not None
        badges = admin.document.find("span", class_="badge")
        assert [badge.attrs["data-kind"] for badge in badges] == kinds


def test_undo_twice_and_undo_of_nothing(admin: Page) -> None:
    admin.get("/credentials")
    for batch in ("", "x", GONE, "\0", "a" * 5000, "é"):
        admin.post("/credentials/restore", {"batch": batch})
        admin.get("/credentials")
        assert "There was nothing to restore any more." in admin.text


def test_after_the_deletion_one_is_back_on_the_same_page_of_the_list(admin: Page, store: Store) -> None:
    row = store("find me")
    admin.get(f"/credentials/{row}/delete?page=2&q=find&type=llm")
    answer = admin.post("/credentials/delete?page=2&q=find&type=llm", {"ids": row})
    assert answer.location == "/credentials?page=2&q=find&type=llm"


def test_ids_that_are_gone_are_counted_and_no_error(admin: Page, store: Store, app: Flask) -> None:
    row = store("only")
    admin.get("/credentials")
    admin.post("/credentials/delete", {"ids": [row, GONE, "nonsense", "nonsense", "\0", "<script>", "é" * 99]})
    admin.get("/credentials")
    assert "Deleted “only”. 5 ids were not there any more." in admin.text
    assert left(app) == []


def test_the_same_id_in_any_spelling_counts_once(admin: Page, store: Store) -> None:
    row = store("only")
    admin.get("/credentials")
    spellings = f"{row} {row.upper()} {{{row}}} urn:uuid:{row} {uuid.UUID(row).hex}"
    admin.post("/credentials/delete", {"ids": spellings})
    admin.get("/credentials")
    assert "Deleted “only”." in admin.text
    assert "not there" not in admin.text


@pytest.mark.parametrize("ids", [[], [""], ["  \n "]])
def test_an_empty_batch_deletes_nothing_and_says_so(admin: Page, store: Store, app: Flask, ids: list[str]) -> None:
    store("stays")
    admin.get("/credentials/delete", status=303, query_string={"ids": ids})
    admin.get("/credentials")
    assert "Nothing was selected" in admin.text
    admin.post("/credentials/delete", {"ids": ids})
    admin.get("/credentials")
    assert "Nothing was deleted." in admin.text
    assert left(app) == ["stays"]


def test_a_confirmation_of_what_is_gone_is_a_404_in_words(admin: Page) -> None:
    for url in (f"/credentials/{GONE}/delete", f"/credentials/delete?ids={GONE}", "/credentials/delete?ids=x"):
        admin.get(url, status=404)
        assert "There is no such credential. It may have been deleted." in admin.text


def test_deleting_twice_is_no_error(admin: Page, store: Store) -> None:
    row = store()
    admin.get("/credentials")
    admin.post(f"/credentials/{row}/delete")
    admin.post(f"/credentials/{row}/delete")
    admin.get("/credentials")
    assert "Nothing was deleted. 1 id was not there any more." in admin.text


def test_ten_thousand_ids_are_one_request(admin: Page, store: Store, app: Flask) -> None:
    row = store("last")
    admin.get("/credentials")
    ids = " ".join([*(str(uuid.uuid4()) for _ in range(9_999)), row])
    admin.post("/credentials/delete", {"ids": ids})
    admin.get("/credentials")
    assert "Deleted “last”. 9,999 ids were not there any more." in admin.text
    assert left(app) == []
