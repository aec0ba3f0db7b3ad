"""What the tests of notices share: changes, and a notifier whose webhook is a real server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask

from credstore.config import Config
from credstore.egress.from_config import client_from_config
from credstore.models import db
from credstore.notices.message import Change
from credstore.notices.notifier import Notifier
from credstore.notices.webhook import Webhook
from tests.conftest import MakeApp
from tests.provider import Provider

MOMENT = datetime(2026, 11, 26, 21, 0, tzinfo=UTC)
SECRET = "a secret of the webhook, for tests alone"


def change(event: str, name: str = "Prod", **more: Any) -> Change:
    outcomes = {"failed": ("rejected", "verified"), "recovered": ("verified", "rejected"), "expires": ("", "")}
    outcome, before = outcomes[event]
    ends = datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC) if event == "expires" else None
    facts: dict[str, Any] = {"public_id": "1", "kind": "llm", "reason": "It was refused." if outcome else ""}
    facts |= {"outcome": outcome, "before": before, "happened_at": MOMENT, "expires_at": ends}
    return Change(event=event, name=name, **(facts | more))


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """The clock stands at `moment`; deadlines of requests go on."""
    with time_machine.travel(moment, tick=False):
        yield


@pytest.fixture
def hooked(database_url: str, config: Config, make_app: MakeApp, provider: Provider) -> Flask:
    """An application on both databases that posts its notices to the provider's /bare."""
    hook = {"notify_webhook": provider.url("/bare/hook"), "notify_webhook_secret": SECRET}
    return make_app(replace(config, database_url=database_url, **hook))


MakeNotifier = Callable[..., Notifier]


@pytest.fixture
def notifier(hooked: Flask, provider: Provider) -> Iterator[MakeNotifier]:
    """A factory: `notifier("/down")` posts to that path of the provider, inside an application context."""
    client = client_from_config(hooked.extensions["credstore"].config)

    def make(base: str = "/bare", seconds: float = 5.0, **options: Any) -> Notifier:
        hook = Webhook(provider.url(f"{base}/hook"), SECRET, client, seconds=seconds)
        return Notifier(db.session, [hook], **options)

    with hooked.app_context():
        yield make
