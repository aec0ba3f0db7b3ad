"""The table: its columns, pages, search and filter; and nonsense in its address."""

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask

from tests.conftest import PASSWORD, USERNAME
from tests.page import Page
from tests.web.conftest import KEY, TOKEN, Store, llm, statements, telegram

Fill = Callable[[int], None]


def names(page: Page) -> list[str]:
    assert page.document is not None
    return [cell.text for cell in page.document.find("th", scope="row")]


@pytest.mark.spec("Checkbox Row selection for batch operations")
@pytest.mark.spec("Name The credential's display name")
@pytest.mark.spec("Type Badge showing the credential type")
@pytest.mark.spec('Detail Provider type for LLM credentials (e.g., "openai_compatible")')
@pytest.mark.spec("Created Creation date")
@pytest.mark.spec("Actions Test button (LLM only) and delete button")
@pytest.mark.spec("Credential detail shown in the table is limited to non-sensitive metadata (provider type, base URL)")
def test_the_columns(admin: Page) -> None:
    admin.canaries |= {KEY, TOKEN}
    admin.get("/credentials/new")
    admin.post(
        "/credentials/new", llm("Venice", provider_type="openai_compatible", base_url="https://api.venice.ai/v1")
    )
    admin.post("/credentials/new", telegram("Bot"))
    admin.get("/credentials")
    document = admin.document
    assert document is not None
    assert [cell.text for cell in document.find("th", scope="col")] == [
        *("Name", "Type", "Detail", "Status", "Created", "Used by", "Actions")
    ]
    assert names(admin) == ["Bot", "Venice"]
    assert [cell.text for cell in document.column(3)] == ["Telegram", "LLM"]
    assert [cell.text for cell in document.column(4)] == [
        "\u2013",
        "openai_compatiblehttps://api.venice.ai/v1",
    ]
    assert [cell.text for cell in document.column(5)] == ["Not tested", "Not tested"]
    assert all(re.fullmatch(r"\d{1,2} \w{3} \d{4}", cell.text) for cell in document.column(6))
    assert [document.label(box) for box in document.find("input", name="ids")] == ["Select Bot", "Select Venice"]
    assert [document.label(button) for button in document.find("button", class_="test")] == [
        "Test Bot",
        "Test Venice",
    ]
    assert [document.label(a) for a in document.find("a", title="Delete")] == ["Delete Bot", "Delete Venice"]


def test_the_filters_are_asked_for_alone_and_take_no_message(admin: Page) -> None:
    """As the script does after a test in a row; what a person has not been told yet stays for the next page."""
    admin.get("/credentials/new")
    admin.post("/credentials/new", telegram("Bot"))  # leads to the list, with a message
    piece = admin.client.get("/credentials?type=telegram", headers={"X-Credstore": "fragment"}).text
    assert 'href="/credentials?type=telegram&amp;status=untested"' in piece
    assert "<table" not in piece
    assert "Bot" not in piece
    admin.get("/credentials")
    assert "Bot is encrypted and stored." in admin.text


@pytest.mark.spec("Credentials are paginated with 50 items per page. Navigation controls appear at the bottom.")
def test_fifty_to_a_page_newest_first(admin: Page, fill: Fill) -> None:
    fill(101)
    admin.get("/credentials")
    assert names(admin) == [f"row {number:04}" for number in range(100, 50, -1)]
    assert "Showing 1\u201350 of 101" in admin.text
    admin.get("/credentials?page=3")
    assert names(admin) == ["row 0000"]
    assert "Showing 101\u2013101 of 101" in admin.text
    assert admin.document is not None
    nav = admin.document.find("nav", aria_label="Pages")[0]
    last_row = max(admin.document.elements.index(cell) for cell in admin.document.find("td"))
    assert admin.document.elements.index(nav) > last_row


@pytest.mark.spec("The main view is a paginated table with the following columns:")
def test_a_page_past_the_end_is_the_last_page(admin: Page, fill: Fill) -> None:
    fill(51)
    admin.get("/credentials?page=99")
    assert names(admin) == ["row 0000"]


def test_search_and_filter_are_in_the_address_and_survive_the_navigation(admin: Page, fill: Fill) -> None:
    fill(60)
    admin.get("/credentials?q=ROW+00&type=llm")
    assert admin.document is not None
    (following,) = admin.document.find("a", rel="next")
    assert following.attrs["href"] == "/credentials?page=2&q=ROW+00&type=llm"
    admin.get(following.attrs["href"])
    assert len(names(admin)) == 10
    admin.get("/credentials?q=0042")
    assert names(admin) == ["row 0042"]


@pytest.mark.parametrize("query", ["%", "_", "\\", "'", '"', "%%", "/"])
def test_the_search_takes_every_character_as_itself(admin: Page, store: Store, query: str) -> None:
    store("plain")
    store(f"with {query} in it")
    admin.get("/credentials", query_string={"q": query})
    assert names(admin) == [f"with {query} in it"]


def test_a_filter_without_matches_leads_back(admin: Page, store: Store) -> None:
    store()
    admin.get("/credentials?type=git")
    assert "Nothing matches" in admin.text
    assert "Show all credentials" in admin.text


def test_the_empty_list_leads_to_the_first_credential(admin: Page) -> None:
    admin.get("/credentials")
    assert "No credentials yet" in admin.text
    assert admin.document is not None
    links = [a.attrs["href"] for a in admin.document.find("a") if "/new?type=" in a.attrs.get("href", "")]
    assert links == [f"/credentials/new?type={kind}" for kind in ("llm", "telegram", "git", "tool")]


NONSENSE = [
    *(f"page={value}" for value in ("-1", "0", "abc", "1e3", "1.5", str(10**30), "9" * 5000, "%00", "٣", "+", "0x10")),
    *(f"q={value}" for value in ("a" * 5000, "%00", "a%00b", "%ff%fe", "%f0%9f%98%80" * 300, "%ed%a0%80", "<script>")),
    *(f"type={value}" for value in ("<script>", "%00", "LLM", "llm%00", "a" * 5000)),
    "page=2&page=x&q=&q=%00&type=&type=x",
    "=&&&==",
    "ids=1&batch=2",
    quote("日本語") + "=1",
]


@pytest.mark.parametrize("path", ["/credentials", "/credentials/new", "/credentials/delete"])
def test_nonsense_in_the_address_is_never_a_crash(stored_app: Flask, path: str) -> None:
    """On both databases: PostgreSQL refuses texts that SQLite takes."""
    page = _page(stored_app)
    for query in NONSENSE:
        answer = page.get(path, status=None, query_string=query)
        assert answer.status_code in {200, 303, 404}, query[:100]
        assert "<script>" not in answer.text


def _page(app: Flask) -> Page:
    with app.app_context():
        app.extensions["credstore"].accounts.create(USERNAME, PASSWORD)
        app.extensions["credstore"].vault.create("telegram", "one", {"bot_token": TOKEN})
    page = Page(app.test_client())
    page.sign_in(USERNAME, PASSWORD)
    return page


@pytest.mark.parametrize("number", [1, 50, 500])
def test_the_list_takes_the_same_few_statements_whatever_its_length(
    app: Flask, admin: Page, fill: Fill, number: int
) -> None:
    fill(number)
    admin.get("/credentials")
    for address, most in (("/credentials?page=1&type=llm", 2), ("/credentials?q=row&type=llm", 6)):
        with statements(app) as seen:
            admin.get(address)
        assert len(seen) == most, seen
    assert not any("sealed" in statement for statement in seen)


def test_the_first_page_after_the_start_takes_at_most_three(app: Flask, admin: Page, fill: Fill) -> None:
    fill(50)
    app.extensions["credstore"].vault.store.unlocked_state = None
    with statements(app) as seen:
        admin.get("/credentials")
    assert len(seen) <= 3, seen


def test_the_list_decrypts_nothing(app: Flask, admin: Page, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(3)

    def refuse(*_: object) -> None:
        raise AssertionError("something was decrypted")

    monkeypatch.setattr("credstore.encryption.keyring.MultiFernet.decrypt", refuse)
    admin.get("/credentials")
    assert len(names(admin)) == 3


def test_more_matches_than_are_counted_are_walked_by_key(
    admin: Page, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(30)
    monkeypatch.setattr("credstore.vault.queries.PER_PAGE", 5)
    monkeypatch.setattr("credstore.vault.queries.MAX_COUNTED", 10)
    admin.get("/credentials?q=row")
    assert "5 of 10+" in admin.text
    seen = names(admin)
    while following := [link.attrs["href"] for link in admin.document.find("a", rel="next")]:
        admin.get(following[0])
        assert "of 10+" in admin.text
        seen += names(admin)
    assert len(seen) == len(set(seen)) == 30
    assert "Showing 5 more of 10+" in admin.text
    last = names(admin)
    (back,) = (link.attrs["href"] for link in admin.document.find("a", rel="prev"))
    admin.get(back)
    assert names(admin) == seen[20:25]
    (forward,) = (link.attrs["href"] for link in admin.document.find("a", rel="next"))
    admin.get(forward)
    assert names(admin) == last
    (first,) = (link.attrs["href"] for link in admin.document.find("a", rel="first"))
    admin.get(first)
    assert names(admin) == seen[:5]


def test_a_search_that_looked_at_beginnings_says_so(admin: Page, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(3)
    monkeypatch.setattr("credstore.vault.name_search.MAX_ROWS_WITHOUT_INDEX", 0)
    admin.get("/credentials?q=ro")
    assert len(names(admin)) == 3
    assert "looked at the beginning of names. Type three or more characters" in admin.text
    admin.get("/credentials?q=ow")
    assert names(admin) == []
    admin.get("/credentials?q=row")
    assert "beginning of names" not in admin.text


@pytest.mark.parametrize("key", ["0", "-1", "2147483648", "3000000000", "1" + "0" * 20, "x", ""])
@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize("sort", ["", "&sort=expires"])
def test_a_key_that_no_credential_can_have_is_ignored(
    admin: Page, fill: Fill, monkeypatch: pytest.MonkeyPatch, name: str, key: str, sort: str
) -> None:
    monkeypatch.setattr("credstore.vault.queries.MAX_COUNTED", 2)
    fill(5)
    admin.get(f"/credentials?status=untested&{name}={key}{sort}")
    assert len(names(admin)) == 2


@pytest.mark.parametrize("query", ["", "?q=open%20ai&type=llm&page=2"])
def test_a_slash_at_the_end_leads_to_the_list_with_its_query(admin: Page, query: str) -> None:
    answer = admin.get(f"/credentials/{query}", status=308)
    assert answer.headers["Location"] == f"/credentials{query}"
