"""Credstore's pages in the layout of the example: they look like the host's, and stay below their prefix."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.axe import axe_faults
from tests.examples.conftest import BOT, KEYS, MOUNT, Host, SignedIn
from tests.fixtures.browsing import Watch

pytestmark = pytest.mark.browser

PREFIX, API = f"{MOUNT}/settings/credentials", f"{MOUNT}/settings/api/v1"
# The computed style of each element of the host's own part, but for what the address changes.
HEADER_STYLES = """() => [...document.querySelectorAll('header, header *, main')].map((element) => [
  element.tagName,
  Object.fromEntries([...getComputedStyle(element)]
    .filter((name) => !/^(box-shadow|(perspective|transform)-origin|height|width|block-size|inline-size)$/.test(name))
    .map((name) => [name, getComputedStyle(element)[name]])),
])"""
ALIKE = {"/settings", "/keys", "/notices", "/import", "/shortcuts", "/deleted", "/test"}  # the parts of other pages
LIST_AND_FORM = ("", "/new")
OWN_PART = {"", "/new", "/audit", "/tokens"}  # where the host's own part is compared
ICONS = "[...document.querySelectorAll('link[rel=icon]')].map((one) => one.href.slice(0, 5))"
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = (1440, 390)
STYLE = "(element, name) => getComputedStyle(element)[name]"


def style(tab: Page, selector: str, name: str) -> str:
    return str(tab.locator(selector).first.evaluate(STYLE, name))


@pytest.fixture
def furnished(host: Host) -> Iterator[dict[str, Any]]:
    """A credential that a workflow uses, one that is free, and one that is deleted."""
    used, free, gone = host.model("Used key"), host.model("Free key"), host.bot("Deleted bot")
    with host.vault() as vault:
        vault.put_reference(used.public_id, "workflow:77", "ask", label="Weekly report", link="https://a.example/77")
        vault.delete([gone.public_id])
    yield {"used": used, "free": free}
    with host.vault() as vault:
        vault.remove_reference(used.public_id, "workflow:77", "ask")
        vault.delete([used.public_id, free.public_id])


def pages(furnished: dict[str, Any]) -> list[str]:
    used = furnished["used"].public_id
    return [
        *(
            "",
            "?q=nothing+has+this+name",
            f"/{used}",
            f"/{used}/edit",
            f"/{used}/delete",
            "/new",
            "/import",
            "/deleted",
        ),
        *("/runs", "/test", "/shortcuts", "/settings", "/keys", "/audit", "/tokens", "/notices", "/nowhere"),
    ]


def test_every_page_looks_like_the_hosts_and_has_no_fault(
    host: Host, signed_in: SignedIn, furnished: dict[str, Any], watch: Watch
) -> None:
    """Nor is a page too wide, and nothing of the host's own part changes: each computed style of its header stays."""
    tab = signed_in()
    tab.set_viewport_size({"width": WIDTHS[0], "height": 900})
    header, looks = tab.evaluate(HEADER_STYLES), {scheme: look_of_host(tab, scheme) for scheme in SCHEMES}
    assert len(header) >= 8
    asked = requests_of(tab.context)
    assert set(pages(furnished)) >= OWN_PART
    for path in pages(furnished):
        if path == "/nowhere":
            watch.judge()
            watch.allow_status(404)
        tab.set_viewport_size({"width": WIDTHS[0], "height": 900})
        tab.goto(host.server.credentials + path)
        assert path not in OWN_PART or tab.evaluate(HEADER_STYLES) == header, path
        if path in LIST_AND_FORM:
            for scheme, look in looks.items():
                compare_look(tab, path, scheme, look)
        faults = list(axe_faults(tab)) if path not in ALIKE else []
        assert not faults, (path, faults)
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        assert tab.locator("#credstore").count() == tab.locator("main").count() == tab.locator("h1").count() == 1, path
        assert path != "/tokens" or tab.evaluate(ICONS) == ["data:"]
    assert not outside(asked)


@dataclass
class HostStyle:
    """Computed styles of the host's own page."""

    body: dict[str, str]
    button: dict[str, str]
    card: str


def look_of_host(tab: Page, scheme: Scheme) -> HostStyle:
    """Fonts and colours of the host's own page."""
    tab.emulate_media(color_scheme=scheme)
    found = HostStyle(
        {name: style(tab, "body", name) for name in ("fontFamily", "color")},
        {name: style(tab, "button.primary", name) for name in ("backgroundColor", "color", "borderRadius")},
        style(tab, "header", "backgroundColor"),
    )
    tab.emulate_media(color_scheme="light")
    return found


def compare_look(tab: Page, path: str, scheme: Scheme, wanted: HostStyle) -> None:
    """Credstore's list and form have the host's; its rules for elements and classes stay outside."""
    tab.emulate_media(color_scheme=scheme)
    if path == LIST_AND_FORM[0]:
        assert {name: style(tab, "#credstore h1", name) for name in wanted.body} == wanted.body, scheme
        assert {name: style(tab, "#credstore .primary", name) for name in wanted.button} == wanted.button, scheme
        assert style(tab, "#credstore table", "backgroundColor") == wanted.card, scheme
        assert wanted.card != "rgb(250, 128, 114)", scheme  # salmon
        assert style(tab, "#credstore td", "paddingTop") == "4px", scheme
        assert style(tab, "#credstore", "backgroundColor") == "rgba(0, 0, 0, 0)", scheme
    else:
        assert style(tab, "#credstore .card", "borderLeftWidth") == "1px", scheme
        assert style(tab, "#credstore .card", "backgroundColor") == wanted.card, scheme
        assert tab.title().startswith("Add Credential "), scheme
    tab.emulate_media(color_scheme="light")


def test_scripts_and_forms_ask_for_nothing_outside_the_prefix(
    host: Host, signed_in: SignedIn, furnished: dict[str, Any], watch: Watch
) -> None:
    """While somebody uses the page: dialogs, a pasted key, tests, shortcuts, a run."""
    tab = signed_in()
    asked = requests_of(tab.context)
    tab.goto(host.server.credentials)
    shortcuts_do_nothing_in_the_hosts_part(tab)
    tab.keyboard.press("n")
    dialog = tab.locator("dialog[open]")
    expect(dialog.get_by_role("heading", name="Add Credential")).to_be_visible()
    assert dialog.evaluate("(it) => it.closest('#credstore') !== null")
    dialog.locator("#name").fill("Pasted bot")
    dialog.locator("label[for=type-telegram]").click()
    with tab.expect_response(re.compile("detect-paste")) as pasted:
        dialog.locator("[name=telegram-bot_token]").fill(BOT)
        dialog.locator("[name=telegram-bot_token]").blur()
    assert pasted.value.status == 200
    dialog.locator(".buttons .primary").click()
    tab.wait_for_url(re.compile(r"changed="))
    tab.locator("tr", has_text="Free key").get_by_role("button", name="Test").click()
    expect(tab.locator("tr", has_text="Free key").locator(".verdict")).not_to_have_text("Not tested")
    tab.keyboard.press("?")
    tab.locator("dialog #shortcuts").uncheck()
    assert [cookie["path"] for cookie in tab.context.cookies() if "shortcuts" in str(cookie["name"])] == [PREFIX]
    tab.locator("dialog #shortcuts").check()
    tab.keyboard.press("Escape")
    tab.get_by_role("link", name="Test all").click()
    tab.locator("dialog[open] .buttons .primary").click()
    tab.wait_for_url(re.compile(r"/runs/"))
    expect(tab.locator("#run [data-poll]")).to_have_count(0, timeout=20_000)
    assert not outside(asked)
    assert len(asked) > 15


def shortcuts_do_nothing_in_the_hosts_part(tab: Page) -> None:
    """They do in credstore's; afterwards nothing has the focus."""
    tab.get_by_role("link", name="Workflows").focus()
    tab.keyboard.press("n")
    expect(tab.locator("dialog[open]")).to_have_count(0)
    tab.get_by_role("link", name="Settings").focus()
    tab.keyboard.press("n")
    expect(tab.locator("dialog[open]")).to_have_count(1)
    tab.keyboard.press("Escape")
    expect(tab.locator("dialog[open]")).to_have_count(0)
    tab.evaluate("document.activeElement.blur()")


def outside(paths: set[str]) -> set[str]:
    return {path for path in paths if not re.match(rf"{PREFIX}(/|$)|{API}/", path)}


def requests_of(context: BrowserContext) -> set[str]:
    """The paths that the browser asks the server for from now on."""
    paths: set[str] = set()
    context.on("request", lambda each: paths.add(urlsplit(each.url).path) if each.url.startswith("http") else None)
    return paths


def test_a_person_signed_out_meanwhile_is_led_to_the_hosts_sign_in(
    host: Host, signed_in: SignedIn, furnished: dict[str, Any], watch: Watch
) -> None:
    tab = signed_in()
    tab.goto(f"{host.server.credentials}/new")
    tab.locator("#name").fill("Typed")
    tab.locator("[name=llm-api_key]").fill(KEYS[0])
    tab.context.clear_cookies()
    watch.allow_status(400)  # the host's own check of its form token
    tab.locator("form[data-send] .buttons .primary").click()
    expect(tab.locator("#credstore .alert").first).to_be_visible()
    assert tab.locator("#name").input_value() == "Typed"
    answer = tab.request.get(host.server.credentials, max_redirects=0)
    assert (answer.status, urlsplit(answer.headers["location"]).path) == (302, f"{MOUNT}/sign-in")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]  # the host's own
    assert (answer.headers["x-frame-options"], answer.headers["x-content-type-options"]) == ("DENY", "nosniff")
