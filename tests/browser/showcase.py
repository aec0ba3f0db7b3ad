"""The list that the pictures of the README show: credentials as a small team has them, tested some time ago."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import update

from credstore.database import write_transaction
from credstore.models import Credential, db
from credstore.probe import Outcome
from tests.browser.live_site import BOT, LiveSite, verdict
from tests.browser.page_state import PageState
from tests.browser.walk import Look

LIST_LOOKS = {"light": Look(1200, 700), "dark": Look(1200, 700, "dark")}
COMPATIBLE = "openai_compatible"
JSON = '{"token": "x"}'


@dataclass(frozen=True)
class Row:
    """`tested` is in minutes before now, `created` in days before now, `ends` in days from now."""

    name: str
    kind: str
    created: int
    provider: str = "openai"
    base_url: str = ""
    outcome: Outcome | None = None
    tested: int = 0
    ends: int | None = None


ROWS = (
    Row("OpenAI production", "llm", 2, outcome=Outcome.VERIFIED, tested=4),
    Row("Claude for support replies", "llm", 9, "anthropic", outcome=Outcome.VERIFIED, tested=12),
    Row("Together AI, batch jobs", "llm", 16, COMPATIBLE, "https://api.together.xyz/v1", Outcome.REJECTED, 55),
    Row("Local models", "llm", 21, COMPATIBLE, "http://127.0.0.1:11434/v1", Outcome.NOT_REACHED, 180),
    Row("Support bot", "telegram", 30, outcome=Outcome.VERIFIED, tested=300),
    Row("Release notes bot", "telegram", 34),
    Row("Website deployment", "git", 41, ends=6),
    Row("OpenAI staging", "llm", 58, outcome=Outcome.ACCEPTED_LIMITED, tested=1500),
    Row("Weather service", "tool", 77),
    Row("Venice.ai images", "llm", 90, COMPATIBLE, "https://api.venice.ai/api/v1", Outcome.VERIFIED, 2900),
)


def _list(tab: Page, site: LiveSite) -> None:
    tab.goto(site.url)
    expect(tab.locator("tbody tr")).to_have_count(len(ROWS))


SHOWN = PageState("list", _list)


def furnish_showcase(site: LiveSite) -> None:
    for row in reversed(ROWS):
        _add(site, row)


def _add(site: LiveSite, row: Row) -> None:
    values = {"llm": {"provider_type": row.provider, "api_key": "sk-shown-0123456789", "base_url": row.base_url}}
    values["telegram"] = {"bot_token": BOT}
    now = datetime.now(UTC)
    with site.vault() as vault:
        expires = (now + timedelta(days=row.ends)).date().isoformat() if row.ends is not None else ""
        record = vault.create(row.kind, row.name, values.get(row.kind, {"extra_config": JSON}), expires=expires)
    moments = {"created_at": now - timedelta(days=row.created)}
    if row.outcome:
        site.judged(record, verdict(row.outcome, row.base_url or "https://api.example.com/v1"))
        moments["verdict_at"] = now - timedelta(minutes=row.tested)
    with site.app.app_context(), write_transaction(db.session):
        db.session.execute(update(Credential).where(Credential.public_id == record.public_id).values(**moments))
