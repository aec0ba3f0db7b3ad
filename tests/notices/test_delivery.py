"""A noted change reaches its receiver once, over real sockets: digests, quiet hours, failures, restarts, processes."""

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from credstore.config import DATABASE_FILE
from credstore.database import write_transaction
from credstore.egress.from_config import client_from_config
from credstore.models import db
from credstore.notice_models import Notice, NoticeDelivery
from credstore.notices.channels import Channel
from credstore.notices.deliveries import CLAIM, PAUSES, claim, waiting
from credstore.notices.message import MOST_CHANGES
from credstore.notices.notifier import LONGEST_WAIT, SETTLED, Notifier
from credstore.notices.webhook import Webhook, signature
from credstore.quiet_hours import QuietHours
from credstore.sqlite_backup import backup_database
from tests.notices.conftest import MOMENT, SECRET, MakeNotifier, at
from tests.provider import Provider
from tests.vault.conftest import ON_SQLITE

HOOK = "/bare/hook"
SECOND = timedelta(seconds=1)


def note(*names: str, event: str = "failed", moment: datetime = MOMENT) -> None:
    facts = {"event": event, "kind": "llm", "outcome": "rejected", "before": "verified", "happened_at": moment}
    rows = [facts | {"public_id": f"id-{name}", "name": name, "reason": "It was refused."} for name in names]
    with write_transaction(db.session):
        db.session.execute(insert(Notice), rows)


def messages(provider: Provider, base: str = HOOK) -> list[dict[str, Any]]:
    return [request.json for request in provider.asked(base)]


@ON_SQLITE
def test_a_message_is_signed_and_names_the_changes(notifier: MakeNotifier, provider: Provider) -> None:
    note("One", "Two")
    note("Three", event="recovered")
    with at(MOMENT):
        assert notifier().deliver() == []
    (request,) = provider.asked(HOOK)
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    name, moment = request.headers["webhook-id"], int(request.headers["webhook-timestamp"])
    assert moment == MOMENT.timestamp()
    assert request.headers["webhook-signature"] == signature(SECRET, name, moment, request.body)
    message = request.json
    assert (message["type"], message["id"], message["more"]) == ("credstore.changes", name, 0)
    assert message["text"] == "2 credentials turned red, 1 credential works again"
    assert message["counts"] == {"failed": 2, "recovered": 1, "expires": 0}
    assert [change["name"] for change in message["changes"]] == ["One", "Two", "Three"]
    assert message["changes"][0] == {
        "event": "failed", "id": "id-One", "name": "One", "type": "llm", "outcome": "rejected", "before": "verified",
        "reason": "It was refused.", "at": "2026-11-26T21:00:00+00:00", "expires_at": None,
    }  # fmt: skip
    assert notifier().deliver() == []
    assert len(provider.asked(HOOK)) == 1
    assert waiting(db.session).messages == waiting(db.session).noted == 0


def test_thousands_of_changes_are_one_message_of_a_bounded_size(notifier: MakeNotifier, provider: Provider) -> None:
    note(*map(str, range(3_000)))
    note("back", event="recovered")
    notifier().deliver()
    (message,) = messages(provider)
    assert len(message["changes"]) == MOST_CHANGES
    assert (message["more"], message["counts"]["failed"]) == (3_001 - MOST_CHANGES, 3_000)


@ON_SQLITE
def test_changes_of_about_the_same_time_wait_for_each_other(notifier: MakeNotifier, provider: Provider) -> None:
    def deliver(after: timedelta, **options: bool) -> int:
        with at(MOMENT + after):
            notifier().deliver(wait_for_more=True, **options)
        return len(provider.asked(HOOK))

    note("One")
    assert deliver(SETTLED - SECOND) == 0
    note("Two", moment=MOMENT + SETTLED - SECOND)
    assert deliver(SETTLED + SECOND) == 0
    assert deliver(2 * SETTLED, under_way=True) == 0, "a run may find more"
    assert deliver(2 * SETTLED) == 1
    assert len(messages(provider)[0]["changes"]) == 2
    note("Three")
    assert deliver(LONGEST_WAIT - SECOND, under_way=True) == 1
    assert deliver(LONGEST_WAIT, under_way=True) == 2, "it does not wait for ever"


@ON_SQLITE
def test_quiet_hours_make_one_message_of_a_night(notifier: MakeNotifier, provider: Provider) -> None:
    sender = notifier(quiet_hours=QuietHours.parse("22-07"))
    for hour in range(1, 10):  # 22:00 to 06:00
        moment = MOMENT + timedelta(hours=hour)
        note(f"at {hour}", moment=moment)
        with at(moment):
            assert sender.deliver() == []
    assert not provider.asked(HOOK)
    with at(MOMENT + timedelta(hours=10)):
        sender.deliver()
    (message,) = messages(provider)
    assert len(message["changes"]) == 9


FAILURES = {
    "/down": "answered with the status 503",
    "/redirect": "answered with a redirect (302), which is not followed",
    "/reset": "closed the connection before",
    "/hang": "did not answer within 10 seconds",
    "/drip": "did not answer within 10 seconds",
    "/flood": "sent a larger answer",
    "/forbidden": "answered with the status 403",
}


@ON_SQLITE
@pytest.mark.parametrize("base", FAILURES)
def test_what_is_not_taken_is_sent_again_later_as_it_was(
    notifier: MakeNotifier, provider: Provider, caplog: pytest.LogCaptureFixture, base: str
) -> None:
    note("One")
    started = time.monotonic()
    with at(MOMENT):
        (problem,) = notifier(base, seconds=0.5).deliver()
    assert FAILURES[base] in problem
    assert time.monotonic() - started < 3
    assert not provider.strayed, "a redirect was followed"
    assert "/hook" not in problem + caplog.text, "the URL of a webhook may hold a token"
    assert "One" not in caplog.text
    with at(MOMENT + PAUSES[0] - SECOND):
        assert notifier().deliver() == []
        assert not provider.asked(HOOK)
    with at(MOMENT + PAUSES[0]):
        assert notifier().deliver() == []
    first, second = provider.asked(f"{base}/hook")[0], provider.asked(HOOK)[0]
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert second.headers["webhook-timestamp"] > first.headers["webhook-timestamp"]


@ON_SQLITE
def test_after_some_tries_it_is_given_up_and_said_so(
    notifier: MakeNotifier, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    note("One", "Two")
    moment = MOMENT
    for pause in (*PAUSES, timedelta(days=2)):
        with at(moment):
            assert len(notifier("/down").deliver()) == 1
        moment += pause
    with at(moment):
        assert notifier("/down").deliver() == []
    assert len(provider.asked("/down")) == 1 + len(PAUSES)
    found = waiting(db.session)
    assert (found.messages, found.given_up) == (0, 2)
    assert "503" in found.problem
    (lost,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "given up" in lost.getMessage()
    assert db.session.scalar(select(NoticeDelivery.message)) == "", "names must not outlive their credentials"
    note("Three", moment=moment + timedelta(days=40))
    with at(moment + timedelta(days=40)):
        notifier("/down").deliver()
    assert db.session.scalar(select(func.count()).select_from(NoticeDelivery)) == 1, "what was given up is forgotten"


def test_a_process_that_is_killed_between_claim_and_answer_loses_nothing(
    notifier: MakeNotifier, provider: Provider
) -> None:
    note("One")
    with at(MOMENT):
        with pytest.raises(Killed):
            Notifier(db.session, [Dying()]).deliver()
        db.session.rollback()
        assert notifier().deliver() == [], "the other one may still be sending"
        assert not provider.asked(HOOK)
    with at(MOMENT + CLAIM):
        assert notifier().deliver() == []
    (message,) = messages(provider)
    assert message["changes"][0]["name"] == "One"
    assert message["id"] == Dying.seen[-1], "a receiver that has had it before can tell"
    assert notifier().deliver() == []


class Killed(BaseException):
    """The process ends here."""


class Dying:
    """A channel whose process is killed after the receiver has taken the message."""

    name = "webhook"
    seen: ClassVar[list[str]] = []

    def send(self, message: Mapping[str, Any]) -> None:
        self.seen.append(message["id"])
        raise Killed


def test_processes_that_send_at_the_same_time_send_each_message_once(hooked: Flask, provider: Provider) -> None:
    names = [f"change {number}" for number in range(12)]
    notifier: Notifier = hooked.extensions["credstore"].notifier
    start = threading.Barrier(4)

    def send(_number: int) -> None:
        with hooked.app_context():
            for name in names[_number::4]:
                note(name)
                start.wait(10)
                assert notifier.deliver() == []
                start.wait(10)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))
    with hooked.app_context():
        assert waiting(db.session).messages == waiting(db.session).noted == 0
    told = [change["name"] for message in messages(provider) for change in message["changes"]]
    assert sorted(told) == sorted(names)
    assert len({message["id"] for message in messages(provider)}) == len(messages(provider))


class Recording:
    """A channel that keeps what it got, and fails while `works` is False."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.works = True
        self.messages: list[str] = []

    def send(self, message: Mapping[str, Any]) -> None:
        if not self.works:
            raise RuntimeError("CANARY: a bug that quotes a secret")
        self.messages.append(json.dumps(message["changes"]))


@ON_SQLITE
def test_each_channel_gets_each_change_once_whatever_the_other_does(
    hooked: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    hook, mail = Recording("webhook"), Recording("mail")
    channels: Sequence[Channel] = [hook, mail]
    mail.works = False
    with hooked.app_context():
        note("One")
        with at(MOMENT):
            (problem,) = Notifier(db.session, channels).deliver()
        assert "RuntimeError" in problem
        assert "CANARY" not in problem + caplog.text
        mail.works = True
        with at(MOMENT + PAUSES[0]):
            assert Notifier(db.session, channels).deliver() == []
        assert (len(hook.messages), len(mail.messages)) == (1, 1)
        assert hook.messages == mail.messages


@ON_SQLITE
def test_a_message_for_a_channel_that_is_no_more_is_given_up(hooked: Flask) -> None:
    with hooked.app_context():
        note("One")
        with at(MOMENT):
            Notifier(db.session, [Recording("webhook"), Recording("mail")]).deliver()
            row = {"id": "x", "channel": "pigeon", "made_at": MOMENT, "next_at": MOMENT, "attempts": 9, "changes": 1}
            db.session.execute(insert(NoticeDelivery).values(message="{}", problem="", **row))
            db.session.commit()
            (problem,) = Notifier(db.session, [Recording("webhook")]).deliver()
        assert "pigeon" in problem
        assert claim(db.session, MOMENT + timedelta(days=1)) is None


@ON_SQLITE
def test_the_egress_policy_decides_about_the_webhook(notifier: MakeNotifier, hooked: Flask) -> None:
    config = replace(hooked.extensions["credstore"].config, bind="0.0.0.0")
    for url in ("http://169.254.169.254/latest", "http://127.0.0.1:9/x", "http://192.0.2.1/", "https://10.0.0.1/"):
        note("One")
        hook = Webhook(url, SECRET, client_from_config(config), seconds=2.0)
        (problem, *_) = Notifier(db.session, [hook]).deliver()
        assert "refused by the egress policy" in problem
        assert url not in problem
        with write_transaction(db.session):
            db.session.query(NoticeDelivery).delete()


@ON_SQLITE
def test_a_backup_holds_no_notice_that_would_be_sent_a_second_time(
    notifier: MakeNotifier, hooked: Flask, tmp_path: Path
) -> None:
    file = hooked.extensions["credstore"].config.data_dir / DATABASE_FILE
    note("One")
    notifier("/down").deliver()
    note("Two")
    backup_database(file, tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        for table in ("notice", "notice_delivery"):
            assert copy.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
            copy.execute(f"DROP TABLE {table}")  # as in a database of an older version
    backup_database(tmp_path / "copy", tmp_path / "older")
    assert (waiting(db.session).noted, waiting(db.session).messages) == (1, 1)
