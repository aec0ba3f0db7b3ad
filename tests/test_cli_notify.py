"""`credstore notify` and the notices of `credstore test`: real receivers; settings that contradict stop the start."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from credstore.cli import main
from credstore.config import Config
from tests.conftest import MakeApp
from tests.fixtures.mail import RunMail
from tests.provider import Provider

SECRET = "CANARY-signs-the-webhook"
Run = Callable[..., str]


@pytest.fixture
def shelf(make_app: MakeApp, keys: str, tmp_path: Path, command_environment: None) -> Flask:
    """An installation that the commands find through the environment."""
    given = {"field_encryption_key": keys, "secret_key": "s" * 40}
    return make_app(Config(data_dir=tmp_path / "data", log_level="error", **given))


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch, provider: Provider) -> Callable[[str], None]:
    def to(base: str) -> None:
        monkeypatch.setenv("CREDSTORE_NOTIFY_WEBHOOK", provider.url(f"{base}/hook?token=CANARY-of-the-url"))
        monkeypatch.setenv("CREDSTORE_NOTIFY_WEBHOOK_SECRET", SECRET)

    return to


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch, mail_server: RunMail) -> Callable[..., Any]:
    def to(**options: Any) -> Any:
        server = mail_server(**options)
        login = "ann:CANARY-password@" if options.get("sign_in") else ""
        monkeypatch.setenv("CREDSTORE_SMTP_URL", server.url("smtp-plain", login))
        monkeypatch.setenv("CREDSTORE_NOTIFY_MAIL_TO", "bob@mail.test")
        return server

    return to


@pytest.fixture
def run(shelf: Flask) -> Run:
    def command(*words: str, status: int = 0) -> str:
        result = CliRunner().invoke(main, list(words))
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        assert "CANARY" not in result.output
        return result.output

    return command


def put(app: Flask, provider: Provider, name: str, key: str) -> None:
    values = {"provider_type": "openai_compatible", "base_url": provider.url("/openai/v1"), "api_key": key}
    with app.app_context():
        app.extensions["credstore"].vault.create("llm", name, values)


def test_a_test_notice_goes_by_every_channel(run: Run, hook: Any, mail: Any, provider: Provider) -> None:
    hook("/bare")
    server = mail()
    assert run("notify", "test") == "webhook: sent.\nmail: sent.\n"
    (request,) = provider.asked("/bare/hook")
    assert request.json["type"] == "credstore.test"
    (taken,) = server.mails
    assert "test notice" in taken.text


def test_what_went_wrong_is_said_for_each_channel(run: Run, hook: Any, mail: Any) -> None:
    hook("/down")
    mail(sign_in=True)
    output = run("notify", "test", status=1)
    assert "webhook: not sent. The webhook's host 127.0.0.1 answered with the status 503." in output
    assert "mail: not sent. The mail server 127.0.0.1 refused the user name or the password" in output
    assert "refused by the egress policy" in run("notify", "test", "--bind", "0.0.0.0", status=1)


def test_without_a_channel_it_says_what_to_set(run: Run) -> None:
    for words in (("notify", "test"), ("notify", "send")):
        assert "set CREDSTORE_NOTIFY_WEBHOOK" in run(*words, status=1)
    assert "Changes that wait for a message: 0" in run("notify", "status")


def test_cron_tests_and_tells_once(
    run: Run, hook: Any, mail: Any, provider: Provider, shelf: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(shelf, provider, "Bad", "sk-wrong-0123456789")
    hook("/bare")
    server = mail()
    for _ in range(2):
        assert json.loads(run("test", "--all", "--json", status=1))["ok"] is False
    run("notify", "send")
    (request,) = provider.asked("/bare/hook")
    assert [change["name"] for change in request.json["changes"]] == ["Bad"]
    assert len(server.mails) == 1
    assert "Bad (LLM): Rejected, before: Not tested" in server.mails[0].text


def test_a_receiver_that_is_down_keeps_no_result_back(run: Run, hook: Any, provider: Provider, shelf: Flask) -> None:
    put(shelf, provider, "Bad", "sk-wrong-0123456789")
    hook("/down")
    output = run("test", "--all", status=1)
    assert "rejected" in output
    assert "A notice was not sent, and is tried again later: The webhook's host 127.0.0.1" in output
    told = run("notify", "status")
    assert "Messages that wait for their receiver: 1" in told
    assert "503" in told


def test_quiet_hours_hold_the_notices_of_cron(
    run: Run, hook: Any, provider: Provider, shelf: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(shelf, provider, "Bad", "sk-wrong-0123456789")
    hook("/bare")
    monkeypatch.setenv("CREDSTORE_QUIET_HOURS", "00:00-23:59")
    run("test", "--all", status=1)
    assert "Quiet hours until" in run("notify", "send")
    assert not provider.asked("/bare/hook")
    assert "Changes that wait for a message: 1" in run("notify", "status")
    monkeypatch.delenv("CREDSTORE_QUIET_HOURS")
    run("notify", "send")
    assert len(provider.asked("/bare/hook")) == 1


WRONG = [
    ({"NOTIFY_WEBHOOK": "https://h.test/CANARY"}, "needs CREDSTORE_NOTIFY_WEBHOOK_SECRET"),
    ({"NOTIFY_WEBHOOK_SECRET": SECRET}, "but CREDSTORE_NOTIFY_WEBHOOK is not"),
    ({"NOTIFY_MAIL_TO": "a@b.test"}, "needs CREDSTORE_SMTP_URL"),
    ({"SMTP_URL": "smtp://u:CANARY@h.test"}, "CREDSTORE_NOTIFY_MAIL_TO, which names the receivers, is not"),
    ({"NOTIFY_WEBHOOK": "ftp://h.test/CANARY"}, "CREDSTORE_NOTIFY_WEBHOOK is not valid"),
    ({"NOTIFY_WEBHOOK": "https://u:CANARY@h.test"}, "CREDSTORE_NOTIFY_WEBHOOK is not valid"),
    ({"NOTIFY_WEBHOOK": "https://h.test:CANARY/"}, "CREDSTORE_NOTIFY_WEBHOOK is not valid"),
    ({"NOTIFY_WEBHOOK_SECRET": "CANARY"}, "16 characters or more"),
    ({"NOTIFY_WEBHOOK_SECRET": "whsec_CANARY, no base64"}, "what follows whsec_ is base64"),
    ({"NOTIFY_MAIL_TO": "CANARY"}, "CREDSTORE_NOTIFY_MAIL_TO is not valid"),
    ({"NOTIFY_MAIL_TO": "a@b.test,Ann <CANARY@b.test>"}, "CREDSTORE_NOTIFY_MAIL_TO is not valid"),
    ({"SMTP_URL": "smtp-plain://u:CANARY@h.test"}, "CREDSTORE_SMTP_URL is not valid"),
    ({"SMTP_URL": "CANARY"}, "CREDSTORE_SMTP_URL is not valid"),
    ({"NOTIFY_EXPIRY_DAYS": "CANARY"}, "CREDSTORE_NOTIFY_EXPIRY_DAYS is not valid"),
    ({"QUIET_HOURS": "at night, CANARY"}, "CREDSTORE_QUIET_HOURS is not valid"),
]


@pytest.mark.parametrize(("wrong", "words"), WRONG, ids=lambda part: str(part)[:40])
def test_wrong_settings_stop_every_start_with_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], words: str
) -> None:
    for name, value in wrong.items():
        monkeypatch.setenv(f"CREDSTORE_{name}", value)
    for command in (("serve", "--port", "1"), ("test", "--all"), ("notify", "test")):
        output = run(*command, status=1)
        assert words in output
        assert len(output.splitlines()) == 1


@pytest.mark.parametrize("text", ["", "24", "h", "0h", "1s", "-1h", "1.5h", "91d", "999999h", "²h"])
def test_an_interval_is_a_number_and_a_unit(run: Run, text: str) -> None:
    assert "like 90m, 24h or 7d" in run("serve", "--test-every", text, status=2)
