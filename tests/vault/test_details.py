"""The Detail column: what a type says is not secret, kept through tests, edits, deletions and a replaced secret."""

import json

import pytest
from flask import Flask
from sqlalchemy import select

from credstore.credential_types import ConfigKey, CredentialType, Field
from credstore.models import Credential, db
from credstore.probe import Outcome, ProbeRequest, ProbeResponse
from credstore.status_counts import status_count_differences
from credstore.tester import Tester
from credstore.urls import shown_location
from credstore.vault import Vault
from credstore.vault.details import after_test, detail_of, lines
from tests.vault.conftest import KEY, LOCAL, TOKEN, llm


class Telegram:
    """Knows one bot. `works` says whether its token still does."""

    works = True

    def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
        if not self.works:
            return ProbeResponse(status=401, json={"ok": False, "error_code": 401, "description": "Unauthorized"})
        bot = {"id": 123456789, "is_bot": True, "first_name": "Support", "username": "support_bot"}
        return ProbeResponse(status=200, json={"ok": True, "result": bot})


def test_a_bot_is_called_by_its_name_once_a_test_has_learned_it(stored_app: Flask, vault: Vault) -> None:
    telegram = Telegram()
    vault.tests.tester = Tester(telegram)
    bot = vault.create("telegram", "Bot", {"bot_token": TOKEN})
    assert bot.detail == ()
    assert vault.test(bot.public_id).detail == ("@support_bot",)
    telegram.works = False
    assert vault.test(bot.public_id).outcome is Outcome.REJECTED
    assert vault.get(bot.public_id).detail == ("@support_bot",)  # what was learned is not forgotten
    assert vault.list_page().records[0].detail == ("@support_bot",)
    vault.restore(vault.delete([bot.public_id]).batch)
    assert vault.get(bot.public_id).detail == ("@support_bot",)
    other = TOKEN.replace("0123", "4567")
    edited = vault.edit(bot.public_id, version=1, name="Bot", values={"bot_token": other})
    assert edited.detail == ()  # it may be another bot
    back = vault.put_back(bot.public_id, version=edited.version)
    assert back.detail == ()  # the last test of that token was refused
    telegram.works = True
    assert vault.test(bot.public_id).detail == ("@support_bot",)


def test_an_edit_of_public_values_changes_the_detail(vault: Vault) -> None:
    record = llm(vault)
    assert record.detail == ("openai_compatible", LOCAL)
    values = {"provider_type": "openai_compatible", "base_url": LOCAL, "test_control": "without"}
    assert vault.edit(record.public_id, version=1, name="an LLM", values=values).detail == record.detail
    moved = values | {"base_url": "http://127.0.0.1:8000/v1", "api_key": KEY}
    edited = vault.edit(record.public_id, version=2, name="an LLM", values=moved)
    assert edited.detail == ("openai_compatible", "http://127.0.0.1:8000/v1")
    assert vault.put_back(record.public_id, version=3).detail == record.detail


def test_the_counts_by_status_follow_tests_and_edits(vault: Vault, stored_app: Flask) -> None:
    vault.tests.tester = Tester(Telegram())
    bots = [vault.create("telegram", f"Bot {n}", {"bot_token": TOKEN}) for n in range(3)]
    vault.key_state()
    vault.test(bots[0].public_id)
    assert dict(vault.list_page().status_counts) == {"verified": 1, "untested": 2}
    vault.edit(bots[0].public_id, version=1, name="Bot 0", values={"bot_token": TOKEN + "x"})
    vault.delete([bots[1].public_id])
    assert dict(vault.list_page().status_counts) == {"stale": 1, "untested": 1}
    assert not status_count_differences(db.session.connection())


class Sealed(CredentialType):
    """Shows all that it is given, which must be nothing but its public key."""

    slug, label = "sealed", "Sealed"
    fields = (
        Field(
            name="config",
            label="Config",
            secret=True,
            form="json",
            keys=(ConfigKey(name="url", about="", secret=False), ConfigKey(name="token", about="")),
        ),
        Field(name="password", label="Password", secret=True),
    )

    @classmethod
    def config_detail(cls, config: object) -> tuple[str, ...]:
        return (json.dumps(config),)


def test_a_type_is_given_no_key_that_it_does_not_call_public() -> None:
    config = json.dumps({"url": "u", "token": "secret-1", "other": "secret-2"})
    shown = detail_of(Sealed, {}, {"config": config, "password": "secret-3"}, ("a\nb\u2028c", " "))
    assert lines(shown) == ('{"url": "u"}', "a b c")
    assert after_test(Sealed, shown, None, ()) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://github.com/Team/repo.git", "github.com/Team/repo.git"),
        ("https://Git.Example.com:8443/a/?key=secret", "git.example.com:8443/a"),
        ("git@github.com:team/a.git", "github.com/team/a.git"),
        ("ssh://git@host.example:22/a.git#secret", "host.example:22/a.git"),
        ("ssh://user:secret@host.example/x", "host.example/x"),
        ("ssh://user:sec/ret@host.example/x", ""),
        ("https://host.example/a b", ""),
        ("secret", ""),
        ("", ""),
    ],
)
def test_host_and_path_are_shown_without_a_user_or_a_query(url: str, shown: str) -> None:
    assert shown_location(url) == shown


def test_details_are_stored_in_clear_and_nothing_else_of_the_config(vault: Vault) -> None:
    config = {"url": "https://git.example.com/team/a.git", "username": "deploy", "token": "ghp_canary"}
    vault.create("git", "Key", {"extra_config": json.dumps(config)})
    assert db.session.scalar(select(Credential.detail)) == "git.example.com/team/a"
