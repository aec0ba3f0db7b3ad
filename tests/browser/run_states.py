"""Runs of many tests in every state, stored as they would be; nobody works on them."""

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import insert

from credstore.database import write_transaction
from credstore.models import db, utc_now
from credstore.run_models import TestRun, TestRunCount, TestRunItem
from credstore.vault.run_records import Group
from tests.browser.live_site import LiveSite

REASONS = {
    "verified": "The provider accepted this key, and refused made-up ones.",
    "rejected": "api.openai.com refused this key (401).",
    "not-reached": "The name gateway.example.com was not found.",
    "cannot-tell": "The answer was not one that credstore knows.",
    "gone": "It was deleted.",
}


def store_run(
    site: LiveSite, outcomes: Sequence[str], state: str = "done", *, minutes: int = 5, by: str = "ann"
) -> str:
    """A run that began some minutes ago, with these outcomes ("" is not tested yet); returns its address."""
    run_id, now = str(uuid.uuid4()), utc_now()
    began = now - timedelta(minutes=minutes)
    values = {
        "id": run_id,
        "started_at": began,
        "heartbeat_at": now if state == "running" else began,
        "ended_at": began + timedelta(seconds=84) if state in {"done", "cancelled"} else None,
        "cancelled": state == "cancelled",
        "started_by": by,
        "scope": "LLM credentials with “team” in the name",
        "total": len(outcomes),
    }
    items = [
        {
            "run_id": run_id,
            "position": place,
            "public_id": str(uuid.UUID(int=place)),
            "name": f"Language model {place} of the research department",
            "outcome": outcome,
            "reason": REASONS.get(outcome, ""),
            "rank": int(Group.of(outcome)),
        }
        for place, outcome in enumerate(outcomes)
    ]
    counts = [
        {"run_id": run_id, "outcome": outcome, "total": total}
        for outcome, total in Counter(filter(None, outcomes)).items()
    ]
    with site.app.app_context(), write_transaction(db.session):
        db.session.execute(insert(TestRun).values(**values))
        db.session.execute(insert(TestRunItem), items)
        if counts:
            db.session.execute(insert(TestRunCount), counts)
    return f"{site.url}/runs/{run_id}"
