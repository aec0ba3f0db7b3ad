"""Every page and dialog of the site, by name, each in a state worth looking at."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from credstore.vault import ListFilters
from tests.browser import deleted_states, form_states
from tests.browser.error_states import ERROR_STATES
from tests.browser.import_states import import_in_another_format, import_preview
from tests.browser.list_states import LIST_STATES, furnish_list_states
from tests.browser.live_site import LONG_URL, LiveSite, tried_verdict
from tests.browser.own_site_states import OWN_SITE_STATES
from tests.browser.page_state import FEW, NONE, PageState
from tests.browser.people_states import PEOPLE_STATES, open_confirmed
from tests.browser.question_states import key_of_another_provider, leaving_typed_input, login_with_typed_input
from tests.browser.reference_states import REFERENCE_STATES, furnish_used
from tests.browser.run_page_states import RUN_STATES
from tests.fixtures.browsing import choose_more

NOWHERE = "/00000000-0000-4000-8000-000000000000"
LONG_NAME = "A gateway with a rather long name that-goes-on-without-a-break-" + "x" * 90
LONGEST = "?type=llm&q=A+gateway+with"  # the list of the credential with this name alone


def _page(where: str) -> Callable[[Page, LiveSite], None]:
    def go(tab: Page, site: LiveSite) -> None:
        tab.goto(site.url + where)

    return go


def _of_first(where: str) -> Callable[[Page, LiveSite], None]:
    def go(tab: Page, site: LiveSite) -> None:
        with site.vault() as vault:
            first = vault.page(ListFilters.clean(kind="llm")).records[0]
        tab.goto(f"{site.url}/{first.public_id}{where}")

    return go


def _with_completion(tab: Page, site: LiveSite) -> None:
    """A result with all that there can be: models, a completion that was tried, and the form for the next one."""
    tab.goto(site.url + "?q=Tried")
    tab.locator("tbody th a").click()
    expect(tab.get_by_role("region", name="Try a completion")).to_be_visible()
    tab.locator(".models summary").click()


def _dialog(opener: str, pick: int = 0, over: str = LONGEST) -> Callable[[Page, LiveSite], None]:
    """`over` is the list that it opens over: a short one, since nothing of it is looked at here."""

    def go(tab: Page, site: LiveSite) -> None:
        tab.goto(site.url + over)
        for box in tab.locator("tbody input").all()[:pick]:
            box.check()
        tab.locator(opener).first.click()
        expect(tab.get_by_role("dialog")).to_be_visible()

    return go


def _changed(tab: Page, site: LiveSite) -> None:
    """The row of a credential that was just changed."""
    with site.vault() as vault:
        first = vault.page(ListFilters.clean(kind="llm", query="model 1")).records[2]
    tab.goto(f"{site.url}{FEW}&changed={first.public_id}#changed")
    expect(tab.locator("tbody tr:target")).to_be_visible()


def _refused(tab: Page, site: LiveSite) -> None:
    _dialog(".head .primary")(tab, site)
    tab.get_by_label("Provider Type").select_option("openai_compatible")
    tab.get_by_role("dialog").get_by_role("button", name="Add Credential").click()
    expect(tab.locator(".wrong").first).to_be_visible()


def _new_key_tested(tab: Page, site: LiveSite) -> None:
    _dialog(".edit")(tab, site)
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("API Key", exact=True).fill("sk-new-0123456789")
    dialog.get_by_label("Base URL").fill("http://127.0.0.1:9/v1")  # nobody listens there
    choose_more(dialog, "Test new key")
    expect(dialog.locator(".draft-verdict")).to_be_visible()


def _login(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/login")


def _machine_token(tab: Page, site: LiveSite) -> None:
    """A refused form, below the tokens that there are."""
    with site.vault():
        tokens = site.app.extensions["credstore"].tokens
        if not tokens.list():
            tokens.issue(name="Nightly build", scopes=["read", "test"], by="ann")
            tokens.revoke(tokens.issue(name="Airflow", scopes=["read"], expires="never").token.id)
    open_confirmed(tab, site, "/tokens")
    tab.get_by_label("Name").fill("n8n")
    tab.get_by_role("checkbox", name="read").uncheck()
    tab.get_by_role("button", name="Issue token").click()
    expect(tab.locator(".wrong").first).to_be_visible()


def _api_docs(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/api/v1/docs")


def _encryption_keys(tab: Page, site: LiveSite) -> None:
    open_confirmed(tab, site, "/keys")


def _audit(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/audit")


def _audit_without_match(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/audit?credential=nobody")


def _settings(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/settings")


def _notices(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/notices")


def _setup_closed(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/setup?token=used")


def _shortcuts(tab: Page, site: LiveSite) -> None:
    tab.goto(site.url + NONE)
    tab.keyboard.press("?")
    expect(tab.get_by_role("dialog")).to_be_visible()


def _message(tab: Page, site: LiveSite) -> None:
    """A warning, since a later place needs every credential; over one row, since rows are looked at elsewhere."""
    tab.goto(f"{site.url}/delete{LONGEST}")
    expect(tab.locator(".message")).to_be_visible()
    expect(tab.locator("tbody tr")).to_have_count(1)


PAGE_STATES = (
    PageState("list", _page("")),
    PageState("search without a match", _page("?q=nobody")),
    PageState("status without a match", _page("?status=blocked&q=nobody")),
    PageState("sorted and filtered by status", _page("?status=rejected&sort=-name")),
    PageState("detail", _of_first("")),
    PageState("detail with a completion", _with_completion),
    PageState("new", _page("/new")),
    PageState("edit", _of_first("/edit")),
    PageState("delete", _of_first("/delete")),
    PageState("error", _page(NOWHERE)),
    PageState("list after a change", _changed),
    PageState("settings", _settings),
    PageState("audit log", _audit),
    PageState("audit log without a match", _audit_without_match),
    PageState("encryption keys", _encryption_keys),
    PageState("notices", _notices),
    PageState("machine tokens", _machine_token),
    *PEOPLE_STATES,
    PageState("JSON API", _api_docs),
    PageState("shortcuts", _page("/shortcuts")),
    PageState("dialog new", _dialog(".head .primary")),
    PageState("dialog new, refused", _refused),
    PageState("dialog new, key of another provider", key_of_another_provider),
    PageState("dialog new, leaving", leaving_typed_input),
    PageState("login with typed input", login_with_typed_input),
    PageState("dialog edit", _dialog(".edit")),
    PageState("dialog edit, new key tested", _new_key_tested),
    PageState("dialog shortcuts", _shortcuts),
    PageState("message", _message),
    PageState("dialog new, menu open", form_states.menu),
    PageState("dialog new, Git by fields", form_states.git_by_fields),
    PageState("dialog new, Git as JSON", form_states.git_as_json),
    PageState("dialog new, Tool refused", form_states.tool_refused),
    PageState("edit Git", form_states.edit_git),
    PageState("import", _page("/import")),
    PageState("import, preview", import_preview),
    PageState("import, another format fits", import_in_another_format),
    PageState("dialog delete", _dialog(".trash")),
    PageState("dialog delete many", _dialog("#delete-selected", 12, over="?type=llm")),
    PageState("recently deleted", deleted_states.deleted),
    PageState("recently deleted, selected", deleted_states.deleted_selected),
    PageState("recently deleted, search without a match", deleted_states.nothing_matches),
    PageState("dialog restore", deleted_states.restore_dialog),
    PageState("dialog restore, refused", deleted_states.restore_refused),
    PageState("dialog delete for good", deleted_states.erase_dialog),
    *(PageState(name, go) for name, go in RUN_STATES),
    PageState("login", _login, signed_in=False),
    PageState("set-up closed", _setup_closed, signed_in=False),
    PageState("new, no JavaScript", _page("/new"), javascript=False),
    PageState("new, Telegram", _page("/new?type=telegram")),
    PageState("new, Git", _page("/new?type=git")),
    PageState("new, Tool", _page("/new?type=tool")),
    PageState("edit, no JavaScript", _of_first("/edit"), javascript=False),
    PageState("test all", _page("/test")),
    PageState("dialog test all", _dialog(".head [href*='/test']", over="?type=llm")),
    *LIST_STATES,
    *REFERENCE_STATES,
    *ERROR_STATES,
    *OWN_SITE_STATES,
)


def furnish(site: LiveSite) -> None:
    """A full first page, the newest of them with the longest name and URL."""
    furnish_list_states(site)
    furnish_used(site)
    site.judged(site.llm("Tried", LONG_URL.format(1)), tried_verdict(LONG_URL.format(1)))
    site.fifty()
    deleted_states.furnish_deleted(site)
    newest = site.llm(LONG_NAME, LONG_URL.format(7) + "/deep" * 30, provider="openai_compatible")
    values = {"provider_type": "openai_compatible", "api_key": "sk-new-0123456789", "base_url": LONG_URL.format(8)}
    with site.vault() as vault:  # its page offers to use the other key
        vault.edit(newest.public_id, version=1, name=LONG_NAME, values=values, expires="2031-01-01")
