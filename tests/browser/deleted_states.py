"""The states of the page Recently deleted, for `page_states`."""

from playwright.sync_api import Page, expect

from tests.browser.live_site import LiveSite

LONG_NAME = "A deleted key with a rather long name that-goes-on-without-a-break-" + "x" * 90


def furnish_deleted(site: LiveSite) -> None:
    """Three deleted ones: by whom is known, not known, and with a long name; one has a name that is in use."""
    with site.vault() as vault:
        for name, by in (("Telegram of last year", ""), (LONG_NAME, "somebody-with-a-long-name@example.com")):
            vault.delete([vault.create("tool", name, {"extra_config": '{"token": "x"}'}).public_id], by)
        for _ in range(2):
            record = vault.create("tool", "Used again", {"extra_config": '{"token": "x"}'})
            if not vault.deleted.page("Used again").records:
                vault.delete([record.public_id], "ann")


def deleted(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.url}/deleted")
    expect(tab.get_by_text("name in use")).to_be_visible()


def deleted_selected(tab: Page, site: LiveSite) -> None:
    deleted(tab, site)
    for box in tab.locator("tbody input").all():
        box.check()
    expect(tab.locator("#delete-selected")).to_be_visible()


def nothing_matches(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.url}/deleted?q=nobody")


def restore_dialog(tab: Page, site: LiveSite) -> None:
    deleted_selected(tab, site)
    tab.get_by_role("button", name="Restore Selected").click()
    expect(tab.get_by_role("dialog").get_by_label("New name")).to_be_focused()


def restore_refused(tab: Page, site: LiveSite) -> None:
    restore_dialog(tab, site)
    tab.get_by_role("dialog").get_by_label("New name").fill("")
    tab.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(tab.locator("dialog .wrong")).to_be_visible()


def erase_dialog(tab: Page, site: LiveSite) -> None:
    deleted_selected(tab, site)
    tab.locator("#delete-selected").click()
    expect(tab.get_by_role("dialog")).to_be_visible()
