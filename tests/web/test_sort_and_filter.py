"""Sorting by the headers, filtering by status, and coming back to the same place with the changed row marked."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from sqlalchemy import update

from credstore.models import Credential, db, utc_now
from tests.page import Page
from tests.web.conftest import KEY, Store, extra, llm, statements, telegram

Fill = Callable[[int], None]
COLUMNS = ("Name", "Type", "Detail", "Status", "Created")


def names(page: Page) -> list[str]:
    assert page.document is not None
    return [cell.text for cell in page.document.find("th", scope="row")]


def follow(page: Page, text: str) -> None:
    """Open the link of this text in the list's page."""
    assert page.document is not None
    (link,) = [link for link in page.document.find("a") if link.text == text and "href" in link.attrs]
    page.get(link.attrs["href"])


def sorted_header(page: Page) -> dict[str, str]:
    assert page.document is not None
    headers = page.document.find("th", scope="col")
    return {th.text: th.attrs["aria-sort"] for th in headers if "aria-sort" in th.attrs}


def mark(app: Flask, name: str, status: str) -> None:
    with app.app_context():
        db.session.execute(update(Credential).where(Credential.name == name).values(status=status))
        db.session.commit()


@pytest.fixture
def four(app: Flask, admin: Page) -> Page:
    """Four credentials: in the order of creation beta, Alpha, delta, charlie."""
    with app.app_context():
        vault = app.extensions["credstore"].vault
        vault.create("telegram", "beta", {"bot_token": "123456789:AAaaaaaaaaaaa"})
        vault.create("llm", "Alpha", {"provider_type": "openai", "api_key": KEY})
        vault.create("tool", "delta", {"extra_config": '{"url": "https://tool.example.com/a/b", "k": "v"}'})
        vault.create("git", "charlie", {"extra_config": '{"url": "git@git.example.com:team/a.git", "token": "t"}'})
    mark(app, "Alpha", "verified")
    mark(app, "charlie", "rejected")
    admin.get("/credentials")
    return admin


@pytest.mark.parametrize(
    ("header", "ascending"),
    [
        ("Name", ["Alpha", "beta", "charlie", "delta"]),
        ("Type", ["charlie", "Alpha", "beta", "delta"]),
        ("Detail", ["charlie", "Alpha", "delta", "beta"]),
        ("Status", ["charlie", "delta", "beta", "Alpha"]),
    ],
)
def test_each_header_sorts_and_turns_the_order_around(four: Page, header: str, ascending: list[str]) -> None:
    assert sorted_header(four) == {"Created": "descending"}
    follow(four, header)
    assert names(four) == ascending
    assert sorted_header(four) == {header: "ascending"}
    follow(four, header)
    assert sorted_header(four) == {header: "descending"}
    turned = {"Detail": ["delta", "Alpha", "charlie", "beta"], "Status": ["Alpha", "delta", "beta", "charlie"]}
    assert names(four) == turned.get(header, ascending[::-1])  # no detail stays last; newest first within a status
    follow(four, "Created")
    assert names(four) == ["charlie", "delta", "Alpha", "beta"]
    follow(four, "Created")
    assert names(four) == ["beta", "Alpha", "delta", "charlie"]
    assert sorted_header(four) == {"Created": "ascending"}


def test_what_is_not_secret_of_git_and_tool_is_their_detail(four: Page) -> None:
    assert four.document is not None
    details = [cell.text for cell in four.document.column(4)]
    assert details == ["git.example.com/team/a", "tool.example.com", "openai", "\u2013"]


def test_a_long_detail_is_shortened_in_the_middle_with_the_whole_in_its_title(admin: Page, store: Store) -> None:
    url = "https://gateway.inference.eu-central-1.example.com/teams/7/openai-compatible/v1"
    store(provider_type="openai_compatible", base_url=url)
    admin.get("/credentials")
    assert admin.document is not None
    (long,) = [span for span in admin.document.find("span") if span.attrs.get("title") == url]
    assert long.text == "https://gateway.infer\u2026patible/v1"


def test_statuses_are_filters_with_their_numbers_and_keep_the_others(four: Page) -> None:
    follow(four, "Name")
    follow(four, "Not tested 2")
    assert names(four) == ["beta", "delta"]
    assert "Showing 1\u20132 of 2" in four.text
    assert four.document is not None
    chips = [
        a.text for nav in four.document.find("nav", class_="chips") for a in four.document.find("a") if nav in a.parents
    ]
    assert chips == [
        "All 2",
        "LLM 0",
        "Telegram 1",
        "Git 0",
        "Tool 1",
        "Rejected 1",
        "Not tested 2 \u00d7",
        "Verified 1",
        "Expiring",
        "Unused",
    ]
    follow(four, "Telegram 1")
    assert names(four) == ["beta"]
    follow(four, "Not tested 1 \u00d7")  # leaves the filter
    assert names(four) == ["beta"]
    (nothing,) = [link for link in four.document.find("a") if link.text == "LLM 1"]
    assert dict(parse_qsl(urlsplit(nothing.attrs["href"]).query)) == {"type": "llm", "sort": "name"}


def test_the_counts_by_status_take_no_statement_of_their_own(app: Flask, admin: Page, fill: Fill) -> None:
    fill(3)
    admin.get("/credentials")
    for address, most in (("", 3), ("?status=untested", 5), ("?sort=name", 4), ("?sort=created", 4)):
        with statements(app) as seen:
            admin.get(f"/credentials{address}")
        assert len(seen) <= most, (address, seen)


@pytest.mark.parametrize("query", ["status=rejected", "status=rejected&type=llm", "status=stale&q=x&expiring=3"])
def test_a_status_without_a_credential_leads_back(admin: Page, store: Store, query: str) -> None:
    store()
    admin.get(f"/credentials?{query}")
    assert "Nothing matches" in admin.text
    assert "has the status" in admin.text
    follow(admin, "Show all credentials")
    assert len(names(admin)) == 1


def test_while_a_key_is_missing_statuses_have_no_numbers(app: Flask, four: Page) -> None:
    """What is stored is then not what the list shows: a row without its key is unreadable."""
    store = app.extensions["credstore"].vault.store
    store.unlocked_state = None
    with app.app_context():
        db.session.execute(
            db.text("INSERT INTO key_check (key_id, token, created_at) VALUES ('gone', 'x', '2026-01-01 00:00:00')")
        )
        db.session.execute(update(Credential).where(Credential.name == "beta").values(key_id="gone"))
        db.session.commit()
    four.get("/credentials?status=unreadable")
    assert names(four) == ["beta"]
    assert "Unreadable" in four.text
    four.get("/credentials?sort=status")
    assert names(four) == ["charlie", "beta", "delta", "Alpha"]
    assert "Rejected 1" not in four.text


PLACE = "q=row&type=llm&status=untested&sort=-name&page=2"


def marked(page: Page) -> str:
    assert page.document is not None
    (row,) = page.document.find("tr", id="changed")
    return next(th.text for th in page.document.find("th", scope="row") if row in th.parents)


def test_an_edit_and_a_test_come_back_to_the_same_place(admin: Page, fill: Fill, app: Flask) -> None:
    fill(60)
    admin.get(f"/credentials?{PLACE}")
    assert admin.document is not None
    shown = names(admin)
    edit = next(a.attrs["href"] for a in admin.document.find("a", class_="edit"))
    admin.get(edit)
    assert admin.document is not None
    (cancel,) = [a.attrs["href"] for a in admin.document.find("a") if a.text == "Cancel"]
    assert dict(parse_qsl(urlsplit(cancel).query)) == dict(parse_qsl(PLACE))
    (form,) = [form.attrs["action"] for form in admin.document.find("form") if "/edit" in form.attrs.get("action", "")]
    form_data = {"name": shown[0], "llm-provider_type": "openai", "version": "1"}
    there = urlsplit(admin.post(form, form_data).location)
    arguments = dict(parse_qsl(there.query))
    assert arguments.pop("changed")
    assert arguments == dict(parse_qsl(PLACE))
    assert there.fragment == "changed"
    admin.get(f"{there.path}?{there.query}")
    assert names(admin) == shown
    assert marked(admin) == shown[0]


@pytest.mark.parametrize(
    ("place", "back"),
    [
        ("", {}),
        ("page=3&type=telegram", {"type": "telegram"}),  # newest first: on the first page
        ("type=telegram&sort=name&page=2", {"type": "telegram", "sort": "name", "page": "2"}),
        ("type=llm&sort=name", {"sort": "name"}),  # filters that would hide it are left
        ("q=bo", {"q": "bo"}),
        ("q=other", {}),
        ("status=rejected", {}),
        ("status=untested", {"status": "untested"}),
        ("expiring=3", {}),
    ],
)
def test_a_new_credential_is_shown_and_marked(admin: Page, place: str, back: dict[str, str]) -> None:
    admin.get(f"/credentials/new?{place}")
    there = urlsplit(admin.post(f"/credentials/new?{place}", telegram("Bot")).location)
    arguments = dict(parse_qsl(there.query))
    assert arguments.pop("changed")
    assert arguments == back
    admin.get(f"{there.path}?{there.query}")
    assert marked(admin) == "Bot"


def test_a_new_credential_that_was_tested_is_shown_by_its_result(admin: Page) -> None:
    admin.get("/credentials/new?status=untested&sort=name")
    there = urlsplit(
        admin.post("/credentials/new?status=untested&sort=name", telegram("Bot") | {"then": "test"}).location
    )
    arguments = dict(parse_qsl(there.query))
    assert arguments.pop("changed")
    assert arguments == {"sort": "name"}


@pytest.mark.parametrize(("days", "shown"), [(3, True), (30, False)])
def test_a_new_credential_that_expires_later_is_shown_without_the_limit(admin: Page, days: int, shown: bool) -> None:
    expires = (utc_now() + timedelta(days=days)).date().isoformat()
    admin.get("/credentials/new?expiring=14")
    there = urlsplit(admin.post("/credentials/new?expiring=14", telegram("Bot") | {"expires": expires}).location)
    assert ("expiring" in dict(parse_qsl(there.query))) is shown


def test_a_deletion_comes_back_to_the_same_place(admin: Page, fill: Fill) -> None:
    fill(60)
    admin.get(f"/credentials?{PLACE}")
    assert admin.document is not None
    trash = next(a.attrs["href"] for a in admin.document.find("a", class_="trash"))
    admin.get(trash)
    assert admin.document is not None
    form = next(f for f in admin.document.find("form") if "/delete" in f.attrs.get("action", ""))
    ids = next(i.attrs["value"] for i in admin.document.find("input", name="ids") if form in i.parents)
    answer = admin.post(form.attrs["action"], {"ids": ids})
    assert dict(parse_qsl(urlsplit(answer.location).query)) == dict(parse_qsl(PLACE))


def test_no_secret_of_extra_config_is_ever_a_detail(admin: Page, app: Flask) -> None:
    admin.canaries |= {"canary-token-1", "canary-header-2", "canary-path-3", "canary-query-4"}
    admin.get("/credentials/new")
    url = "https://tool.example.com/hooks/canary-path-3?key=canary-query-4"
    admin.post("/credentials/new", extra("tool", f'{{"url": "{url}", "headers": {{"X": "canary-header-2"}}}}', "Hook"))
    admin.post(
        "/credentials/new", extra("git", '{"url": "https://git.example.com/a", "token": "canary-token-1"}', "Key")
    )
    admin.post("/credentials/new", llm("Model"))
    admin.get("/credentials?sort=detail")
    assert admin.document is not None
    assert [cell.text for cell in admin.document.column(4)] == ["git.example.com/a", "openai", "tool.example.com"]
    with app.app_context():
        stored = db.session.scalars(db.select(Credential.detail)).all()
    assert not [text for text in stored if "canary" in (text or "")]
