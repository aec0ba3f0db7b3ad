"""The page of notices: what is set up, what waits and what was lost; the test notice; as HTML and as JSON."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from credstore.config import Config
from credstore.models import db, utc_now
from credstore.notice_models import Notice, NoticeDelivery
from credstore.quiet_hours import QuietHours
from credstore.smtp_server import SmtpServer
from tests.conftest import PASSWORD, USERNAME, MakeApp
from tests.fixtures.mail import RunMail
from tests.page import Page
from tests.provider import Provider
from tests.web.conftest import JSON

Visit = Callable[..., tuple[Page, Flask]]


@pytest.fixture
def visit(make_app: MakeApp, config: Config, provider: Provider) -> Visit:
    """Somebody who is signed in at a site with these settings; `hook` is a path of the provider."""

    def signed_in(hook: str = "", **settings: Any) -> tuple[Page, Flask]:
        if hook:
            settings |= {"notify_webhook": provider.url(f"{hook}/CANARY"), "notify_webhook_secret": "CANARY" * 3}
        app = make_app(replace(config, **settings))
        with app.app_context():
            app.extensions["credstore"].accounts.create(USERNAME, PASSWORD)
        page = Page(app.test_client())
        page.sign_in(USERNAME, PASSWORD)
        page.get("/notices")
        assert "CANARY" not in page.text
        return page, app

    return signed_in


def test_without_settings_it_says_what_to_set(visit: Visit) -> None:
    page, _app = visit()
    assert "No notices are set up." in page.text
    assert "Send a test notice" not in page.text
    assert "not tested on a schedule" in page.text


def test_the_settings_that_it_shows_start_credstore_as_they_are(visit: Visit, config: Config) -> None:
    page, _app = visit()
    assert page.document is not None
    (block,) = (element.text for element in page.document.find("pre"))
    shell = subprocess.run(["/bin/sh", "-ec", f"{block}\nenv"], capture_output=True, text=True, check=True)
    lines = [line.partition("=") for line in shell.stdout.splitlines() if line.startswith("CREDSTORE_NOTIFY_")]
    keys = {"FIELD_ENCRYPTION_KEY": config.field_encryption_key, "SECRET_KEY": config.secret_key}
    started = Config.from_env(keys | {name: value for name, _, value in lines})
    assert started.notify_webhook
    assert started.notify_webhook_secret.startswith("whsec_")


@pytest.mark.parametrize(
    ("seconds", "words"), [(86_400, "every day"), (7_200, "every 2 hours"), (5_400, "every 90 minutes")]
)
def test_it_says_where_notices_go_and_when(visit: Visit, seconds: int, words: str) -> None:
    mail = SmtpServer.parse("smtps://CANARY:CANARY@mail.test")
    settings = {"smtp_url": mail, "notify_mail_to": ("ann@b.test",), "notify_expiry_days": 1, "test_every": seconds}
    page, _app = visit("/bare", quiet_hours=QuietHours.parse("22-07 Europe/Zurich"), **settings)
    items = [element.text for element in page.document.find("li")]
    assert items[-2:] == ["Webhook 127.0.0.1", "E-mail ann@b.test, by mail.test"]
    quiet = "None is sent from 22:00 to 07:00 (Europe/Zurich)."
    for text in ("ends within 1 day.", quiet, words, "Nothing waits to be sent."):
        assert text in page.text, text


def test_what_waits_and_what_was_lost_is_told(visit: Visit) -> None:
    page, app = visit("/bare")
    now = utc_now()
    with app.app_context():
        change = {"public_id": "1", "event": "failed", "name": "Prod", "kind": "llm", "happened_at": now}
        db.session.execute(insert(Notice), [change, change])
        row = {"channel": "webhook", "made_at": now, "next_at": now, "message": "{}", "problem": "It was down."}
        db.session.execute(insert(NoticeDelivery), [row | {"id": "1", "changes": 1}])
        db.session.execute(insert(NoticeDelivery), [row | {"id": "2", "changes": 3, "given_up_at": now}])
        db.session.commit()
    page.get("/notices")
    for text in (
        "2 changes wait",
        "1 message is sent again later. It was down.",
        "3 changes of the last 30 days were not",
    ):
        assert text in page.text, text
    assert page.get("/notices", headers=JSON).json == {
        "channels": [{"name": "webhook", "where": "127.0.0.1"}],
        "changes_waiting": 2,
        "messages_waiting": 1,
        "changes_given_up": 3,
        "problem": "It was down.",
    }


def test_the_test_notice_says_what_happened(visit: Visit, provider: Provider, mail_server: RunMail) -> None:
    server = mail_server(answers={"RCPT": "550 no"})
    mail = SmtpServer.parse(server.url("smtp-plain"))
    page, _app = visit("/bare", smtp_url=mail, notify_mail_to=("ann@b.test",))
    page.post("/notices/test", follow=True)
    assert "Test notice by webhook: sent." in page.text
    assert "Test notice by mail: not sent. The mail server 127.0.0.1 refused all receivers" in page.text
    (request,) = provider.asked("/bare")
    assert request.json["type"] == "credstore.test"
    results = page.post("/notices/test", headers=JSON, status=200).json["results"]
    assert [(found["channel"], bool(found["problem"])) for found in results] == [("webhook", False), ("mail", True)]
    assert "CANARY" not in page.text
