"""The pages of runs, and the list while a run is under way, as states of `page_states`."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import delete

from credstore.database import write_transaction
from credstore.models import db
from credstore.run_models import TestRun
from tests.browser.live_site import LiveSite
from tests.browser.page_state import FEW
from tests.browser.run_states import store_run

MIXED = ["verified"] * 9 + ["rejected"] * 3 + ["not-reached", "cannot-tell", "gone"]


def forget_runs(tab: Page, site: LiveSite) -> None:
    tab.goto("about:blank")  # the page of a run would ask for it again, and lead to the page that says it is gone
    with site.app.app_context(), write_transaction(db.session):
        db.session.execute(delete(TestRun))


def _run(outcomes: list[str], state: str) -> Callable[[Page, LiveSite], None]:
    def go(tab: Page, site: LiveSite) -> None:
        forget_runs(tab, site)
        tab.goto(store_run(site, outcomes, state))
        expect(tab.get_by_role("progressbar", name="Tested")).to_be_visible()

    return go


def _under_way(tab: Page, site: LiveSite) -> None:
    forget_runs(tab, site)
    store_run(site, [*MIXED, ""], "running")
    tab.goto(site.url + FEW)
    expect(tab.get_by_role("region", name="Test run")).to_be_visible()


def _all_runs(tab: Page, site: LiveSite) -> None:
    forget_runs(tab, site)
    for state in ("done", "cancelled", "interrupted"):
        store_run(site, [*MIXED, *[""] * 4][: None if state != "done" else len(MIXED)], state, by="a-name-" * 20)
    store_run(site, ["verified"] * 4, by="")
    tab.goto(f"{site.server.url}/runs")
    expect(tab.locator(".runs li")).to_have_count(4)


def _no_runs(tab: Page, site: LiveSite) -> None:
    forget_runs(tab, site)
    tab.goto(f"{site.server.url}/runs")


# The last one leaves no run, so that those of other states do not show one.
RUN_STATES: tuple[tuple[str, Callable[[Page, LiveSite], Any]], ...] = (
    ("list, run under way", _under_way),
    ("run under way", _run([*MIXED, *[""] * 60], "running")),
    ("run, done", _run([*MIXED, *["verified"] * 60], "done")),
    ("run, cancelled", _run([*MIXED, "", ""], "cancelled")),
    ("run, interrupted", _run([*MIXED, "", ""], "interrupted")),
    ("runs", _all_runs),
    ("runs, none yet", _no_runs),
)
