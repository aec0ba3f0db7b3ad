"""States that need a site of their own: without credentials, without the key, with a run under way, broken."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from cryptography.fernet import Fernet
from flask.typing import ResponseReturnValue
from playwright.sync_api import Page, expect
from sqlalchemy import delete, insert, select, update

from credstore.database import write_transaction
from credstore.errors import StorageError
from credstore.models import Admin, LoginSession, db, utc_now
from credstore.probe import Outcome
from credstore.run_models import TestRun, TestRunCount, TestRunItem
from credstore.vault.run_records import Group
from tests.browser.live_site import LiveSite
from tests.browser.page_state import FEW, Go, PageState, Prepare
from tests.browser.site_copy import copied

PUBLIC_HOST = "credentials.example.com"


@contextmanager
def empty(site: LiveSite) -> Iterator[LiveSite]:
    with copied(site) as copy:
        copy.clear()
        yield copy


@contextmanager
def locked(site: LiveSite) -> Iterator[LiveSite]:
    """With another key than the one that encrypted the secrets."""
    with copied(site, field_encryption_key=Fernet.generate_key().decode()) as copy:
        yield copy


@contextmanager
def behind_a_proxy(site: LiveSite) -> Iterator[LiveSite]:
    with copied(site, proxy_hops=1, trusted_hosts=(PUBLIC_HOST, "127.0.0.1")) as copy:
        yield copy


@contextmanager
def without_administrator(site: LiveSite) -> Iterator[LiveSite]:
    with copied(site) as copy:
        with copy.app.app_context(), write_transaction(db.session):
            for table in (LoginSession, Admin):
                db.session.execute(delete(table))
        yield copy


def failing(error: Exception) -> Prepare:
    """The list raises this error."""

    def fail(**arguments: object) -> NoReturn:
        raise error

    @contextmanager
    def prepare(site: LiveSite) -> Iterator[LiveSite]:
        with copied(site) as copy:
            view: Callable[..., ResponseReturnValue] = fail
            copy.app.view_functions["credstore.index"] = view
            yield copy

    return prepare


def run(tested: int, of: int, **state: bool) -> Prepare:
    """A run of `of` credentials, of which `tested` have every outcome in turn."""

    @contextmanager
    def prepare(site: LiveSite) -> Iterator[LiveSite]:
        with copied(site) as copy:
            record_run(copy, tested, of, **state)
            yield copy

    return prepare


def record_run(site: LiveSite, tested: int, of: int, *, ended: bool = False, cancelled: bool = False) -> str:
    """Put a run into the database as the background runner leaves it; returns its id."""
    outcomes = (Outcome.VERIFIED, Outcome.REJECTED, Outcome.VERIFIED, Outcome.CANNOT_TELL, Outcome.NOT_REACHED)
    with site.vault() as vault:
        chosen = [public_id for public_id, _ in vault.list_testable()][:of]
        run_id = vault.start_run(chosen)
        with write_transaction(db.session):
            places = db.session.scalars(select(TestRunItem.position).where(TestRunItem.run_id == run_id)).all()
            counts = Counter(outcomes[place % len(outcomes)].value for place in sorted(places)[:tested])
            totals = [{"run_id": run_id, "outcome": outcome, "total": total} for outcome, total in counts.items()]
            db.session.execute(insert(TestRunCount), totals)
            for place in sorted(places)[:tested]:
                outcome = outcomes[place % len(outcomes)]
                rank = int(Group.of(outcome.value))
                result = {
                    "outcome": outcome.value,
                    "rank": rank,
                    "reason": f"The provider answered: {outcome.label.lower()}.",
                }
                mine = (TestRunItem.run_id == run_id, TestRunItem.position == place)
                db.session.execute(update(TestRunItem).where(*mine).values(**result))
            values = {"cancelled": cancelled, "ended_at": utc_now() if ended else None}
            db.session.execute(update(TestRun).where(TestRun.id == run_id).values(**values))
    return run_id


def go_to(where: str = "") -> Go:
    """To a part of /credentials."""

    def go(tab: Page, site: LiveSite) -> None:
        tab.goto(site.url + where)

    return go


def _latest_run(tab: Page, site: LiveSite) -> None:
    with site.vault() as vault:
        tab.goto(f"{site.url}/runs/{vault.latest_run()}")
    expect(tab.get_by_role("progressbar", name="Tested")).to_be_visible()


def _login(tab: Page, site: LiveSite) -> None:
    tab.goto(f"{site.server.url}/login")


def _setup(tab: Page, site: LiveSite) -> None:
    with site.app.app_context():
        token = site.app.extensions["credstore"].accounts.new_setup_link()
    tab.goto(f"{site.server.url}/setup?token={token}")


def _setup_refused(tab: Page, site: LiveSite) -> None:
    _setup(tab, site)
    tab.get_by_label("Username").fill("ann")
    tab.get_by_label("Password").fill("short")
    tab.get_by_role("button", name="Create and sign in").click()
    expect(tab.locator(".wrong").first).to_be_visible()


def _by_plain_http(tab: Page, site: LiveSite) -> None:
    tab.set_extra_http_headers({"X-Forwarded-Host": PUBLIC_HOST, "X-Forwarded-Proto": "http"})
    try:
        tab.goto(f"{site.server.url}/login")
    finally:
        tab.set_extra_http_headers({})


OWN_SITE_STATES = (
    PageState("empty", go_to(), prepare=empty),
    PageState("empty, no JavaScript", go_to(), prepare=empty, javascript=False),
    PageState("locked", go_to(FEW), prepare=locked),
    PageState("locked, new", go_to("/new"), prepare=locked),
    PageState("run under way, no JavaScript", _latest_run, prepare=run(7, 16), javascript=False),
    PageState("error 500", go_to(), prepare=failing(RuntimeError("planted"))),
    PageState("error 503", go_to(), prepare=failing(StorageError("The database cannot be used just now."))),
    PageState("login, nobody can", _login, prepare=without_administrator, signed_in=False),
    PageState("set-up", _setup, prepare=without_administrator, signed_in=False),
    PageState("set-up, refused", _setup_refused, prepare=without_administrator, signed_in=False),
    PageState("https needed", _by_plain_http, prepare=behind_a_proxy, signed_in=False),
)
