"""States of credentials that workflows use: their page, and the question before one or many of them are deleted."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.live_site import LiveSite
from tests.browser.page_state import PageState

ISSUES, DEPLOY = "Issue tracker that workflows use", "Deployment that workflows use"
LONG_LABEL = "A workflow with-a-rather-long-name-that-goes-on-without-a-break-" + "x" * 90


def furnish_used(site: LiveSite) -> None:
    """Two credentials that workflows use: one by a few, with a label, a link and a use; one by many."""
    with site.vault() as vault:
        issues, deploy = (
            vault.create("tool", name, {"extra_config": '{"token": "x"}'}).public_id for name in (ISSUES, DEPLOY)
        )
        link = "https://flows.example.com/42"
        vault.put_reference(issues, "workflow:42", "node-7", label="Support bot", link=link)
        vault.put_reference(issues, "workflow:42", "node-8", label="Support bot", link=link)
        vault.put_reference(issues, "workflow:77", "node-1", label=LONG_LABEL)
        vault.record_use(issues, "workflow:42", "node-7")
        vault.record_use(issues, "run:nightly")
        for number in range(60):
            vault.put_reference(deploy, f"workflow:{number:03}", "deploy", label=f"Release of service {number}")


def _detail(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.url}?q={ISSUES}")
    tab.locator("tbody th a").click()
    expect(tab.get_by_role("region", name="Used by 3 workflows")).to_be_visible()


def _many(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.url}?q={DEPLOY}")
    tab.locator("tbody th a").click()
    tab.get_by_role("link", name="Next").click()
    expect(tab.get_by_text("Page 2 of 2")).to_be_visible()


def question(tab: Page, site: LiveSite, where: str = ISSUES) -> Locator:
    """The dialog that asks before the credentials that `where` finds are deleted."""
    tab.goto(f"{site.url}?q={where}")
    if where == ISSUES:
        tab.locator(".trash").click()
    else:
        tab.get_by_role("checkbox", name="Select all on this page").check()
        tab.locator("#delete-selected").click()
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def _asked(tab: Page, site: LiveSite) -> None:
    question(tab, site)


def _refused(tab: Page, site: LiveSite) -> None:
    dialog = question(tab, site)
    dialog.get_by_role("button", name="Delete credential").click()
    expect(dialog.get_by_role("checkbox")).to_have_attribute("aria-invalid", "true")


def _not_moved(tab: Page, site: LiveSite) -> None:
    dialog = question(tab, site)
    dialog.get_by_label("Move these to another Tool credential").fill("nobody")
    dialog.get_by_role("button", name="Move").click()
    expect(dialog.get_by_text("There is no credential with this name.")).to_be_visible()


def _many_asked(tab: Page, site: LiveSite) -> None:
    question(tab, site, "that workflows use")


def _page(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.url}?q={ISSUES}")
    tab.locator(".trash").click()
    expect(tab.get_by_role("heading", name="3 workflows use it")).to_be_visible()


REFERENCE_STATES = (
    PageState("detail, used by workflows", _detail),
    PageState("detail, used by many", _many),
    PageState("delete, used, no JavaScript", _page, javascript=False),
    PageState("dialog delete, used", _asked),
    PageState("dialog delete, used, refused", _refused),
    PageState("dialog delete, used, not moved", _not_moved),
    PageState("dialog delete many, used", _many_asked),
)
