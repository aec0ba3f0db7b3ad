"""An export is imported elsewhere: the same credentials under another key; on both databases."""

import json
from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from credstore.config import Config
from credstore.encryption.keyring import Keyring
from credstore.errors import FileRefused, Locked
from credstore.export_file import CHUNK, decrypt, encrypt
from credstore.importing import airflow
from credstore.importing.candidate import Candidate
from credstore.importing.own_export import read_lines
from credstore.models import db
from credstore.vault import ListFilters, Vault
from credstore.vault.import_items import ImportItem, Policy
from tests.conftest import MakeApp
from tests.vault.conftest import LLM, ON_SQLITE, TOKEN, scalar, sql

PASSPHRASE, COST = "correct horse battery", 14


def fill(vault: Vault) -> dict[str, dict[str, Any]]:
    """One credential of each type; returns their values by id."""
    made = [
        vault.create("llm", "Straße", LLM, expires="2027-03-31"),
        vault.create("telegram", "Bot", {"bot_token": TOKEN}),
        vault.create("git", "Repo", {"extra_config": json.dumps({"url": "https://git.example.com/a", "token": "t"})}),
        vault.create("tool", "Tool “x”", {"extra_config": json.dumps({"own": ["ä", 1, {"a": None}]})}),
        vault.create("llm", "local", {"provider_type": "openai_compatible", "base_url": LLM["base_url"]}),
    ]
    return {record.public_id: vault.resolve(record.public_id) for record in made}


def exported(vault: Vault) -> bytes:
    return b"".join(encrypt(vault.new_export().lines(), PASSPHRASE, cost=COST))


def take_in(vault: Vault, content: bytes, policy: Policy = "skip", *, dry_run: bool = False) -> list[ImportItem]:
    items: list[ImportItem] = []
    found = read_lines(decrypt(BytesIO(content), PASSPHRASE))
    vault.new_import(policy).run(found, dry_run=dry_run, tell=items.append)
    return items


def store_all(
    vault: Vault, candidates: list[Candidate], policy: Policy, *, dry_run: bool = False
) -> list[tuple[str, str]]:
    items: list[ImportItem] = []
    vault.new_import(policy).run(candidates, dry_run=dry_run, tell=items.append)
    return [(item.outcome, item.name) for item in items]


def tool(name: str, secret: str) -> Candidate:
    return Candidate(origin="here", name=name, kind="tool", values={"extra_config": json.dumps({"a": secret})})


def secret_of(vault: Vault, name: str) -> str:
    public_id = scalar("SELECT public_id FROM credential WHERE name = :name", name=name)
    return str(json.loads(vault.resolve(public_id)["extra_config"])["a"])


@pytest.fixture
def elsewhere(make_app: MakeApp, config: Config, tmp_path: Any) -> Flask:
    """Another installation, with another key."""
    key = Fernet.generate_key().decode()
    return make_app(replace(config, data_dir=tmp_path / "elsewhere", field_encryption_key=key))


def test_it_gives_the_same_credentials_under_another_key(vault: Vault, elsewhere: Flask) -> None:
    values = fill(vault)
    before = {public_id: vault.get(public_id) for public_id in values}
    content = exported(vault)
    db.session.remove()
    with elsewhere.app_context():
        there: Vault = elsewhere.extensions["credstore"].vault
        assert [item.outcome for item in take_in(there, content, dry_run=True)] == ["new"] * 5
        assert scalar("SELECT count(*) FROM credential") == 0
        assert scalar("SELECT count(*) FROM key_check") == 0
        assert [item.outcome for item in take_in(there, content)] == ["new"] * 5
        assert {public_id: there.resolve(public_id) for public_id in values} == values
        for public_id, was in before.items():
            now = there.get(public_id)
            for name in ("name", "public", "created_at", "expires_at"):
                assert getattr(now, name) == getattr(was, name)
        assert {item.why for item in take_in(there, content, "replace")} == {
            "It is stored already, with the same values."
        }
        again = exported(there)
    assert sorted(decrypt(BytesIO(again), PASSPHRASE)) == sorted(decrypt(BytesIO(content), PASSPHRASE))


def test_the_id_of_a_deleted_credential_is_not_used_again(vault: Vault) -> None:
    values = fill(vault)
    content = exported(vault)
    vault.delete(list(values))
    assert {item.outcome for item in take_in(vault, content)} == {"new"}
    fresh = {row.public_id: vault.resolve(row.public_id) for row in vault.page(ListFilters()).records}
    assert not set(fresh) & set(values), "the id of a deleted credential was used twice"
    revealed = [sorted(str(one.reveal()) for one in found.values()) for found in (fresh, values)]
    assert revealed[0] == revealed[1]


@ON_SQLITE
def test_a_file_that_is_damaged_at_its_end_stores_nothing(vault: Vault) -> None:
    lines = [
        json.dumps(
            {
                "id": str(UUID(int=number)),
                "name": f"n{number}",
                "type": "tool",
                "values": {"extra_config": json.dumps({"a": "x" * 300})},
                "created_at": "2026-01-01T00:00:00+00:00",
                "expires_at": None,
                "expiry_from_provider": False,
            }
        )
        for number in range(2 * CHUNK // 300)
    ]
    content = bytearray(b"".join(encrypt(lines, PASSPHRASE, cost=COST)))
    content[-1] ^= 1
    with pytest.raises(FileRefused, match="changed, or cut short"):
        take_in(vault, bytes(content))
    assert scalar("SELECT count(*) FROM credential") == 0
    content[-1] ^= 1
    assert len(take_in(vault, bytes(content))) == len(lines)


@ON_SQLITE
@pytest.mark.parametrize(
    "line", ["[" * 200_000, "", "[]", "{}", "null", '{"expires_at": null, "id": "x", "name": "n"}']
)
def test_a_line_of_another_shape_is_refused(vault: Vault, line: str) -> None:
    with pytest.raises(FileRefused, match="Nothing was imported"):
        take_in(vault, b"".join(encrypt([line], PASSPHRASE, cost=COST)))


def test_a_name_that_is_taken(vault: Vault) -> None:
    vault.create("tool", "One", {"extra_config": '{"a": "old"}'})
    vault.create("telegram", "Bot", {"bot_token": TOKEN})
    both = [tool("ONE", "new"), tool("bot", "new"), tool("two", "1"), tool("Two", "2"), tool("two", "1")]
    assert store_all(vault, both, "skip", dry_run=True) == [
        *(("skipped", "ONE"), ("skipped", "bot"), ("new", "two"), ("skipped", "Two"), ("skipped", "two")),
    ]
    assert store_all(vault, both, "rename") == [
        *(("renamed", "ONE (imported)"), ("renamed", "bot (imported)"), ("new", "two")),
        *(("renamed", "Two (imported)"), ("skipped", "two")),
    ]
    assert store_all(vault, both[:2], "rename")[0] == ("renamed", "ONE (imported 2)")
    assert secret_of(vault, "One") == "old"
    assert store_all(vault, [*both[:2], tool("one", "third")], "replace") == [
        ("replaced", "ONE"), ("skipped", "bot"), ("skipped", "one"),
    ]  # fmt: skip
    assert secret_of(vault, "One") == "new"
    (row,) = [row for row in vault.page(ListFilters()).records if row.name == "One"]
    assert vault.replaced(row.public_id) is not None, "what an import replaces can be put back"


@ON_SQLITE
def test_what_cannot_be_stored_says_why_and_shows_no_secret(vault: Vault) -> None:
    secret = "CANARY-0123456789abcdef"
    openai = {"provider_type": "openai", "api_key": secret}
    wrong = [
        tool("", secret),
        tool("a\nb", secret),
        Candidate(origin="x", name=f"my {secret}", kind="llm", values=openai),
        Candidate(origin="x", name="gone", kind="fax"),
        Candidate(origin="x", name="bad", kind="telegram", values={"bot_token": secret}),
        Candidate(origin="x", name="told", skipped="Why."),
    ]
    items: list[ImportItem] = []
    vault.new_import("skip").run(wrong, dry_run=False, tell=items.append)
    assert [item.outcome for item in items] == ["skipped"] * 6
    assert all(item.why for item in items)
    assert secret not in "".join(item.line for item in items)
    assert secret not in repr(wrong)
    assert scalar("SELECT count(*) FROM credential") == 0


@ON_SQLITE
def test_an_export_names_what_does_not_open(vault: Vault) -> None:
    fill(vault)
    sql("UPDATE credential SET sealed = 'rubbish' WHERE name = 'Bot'")
    export = vault.new_export()
    assert len(list(export.lines())) == export.exported == 4
    assert export.unreadable == ["Bot"]


@ON_SQLITE
def test_with_the_wrong_key_nothing_leaves_and_nothing_comes(vault: Vault) -> None:
    content = exported(vault) if fill(vault) else b""
    vault.store.keyring, vault.store.unlocked_state = Keyring(Fernet.generate_key().decode()), None
    with pytest.raises(Locked):
        list(vault.new_export().lines())
    with pytest.raises(Locked):
        take_in(vault, content)


@ON_SQLITE
@pytest.mark.parametrize("at", ["id", "password", "host", "extra"])
def test_half_of_a_character_is_told_and_not_an_error(vault: Vault, at: str) -> None:
    """JSON may have half of a surrogate pair, which no database and no page can hold."""
    broken, secret = "a\ud800b", "CANARY-0123456789abcdef"
    fields = {"conn_type": "http", "host": "h", "password": secret, "extra": {"x": "y"}}
    fields |= {"extra": {"x": broken}} if at == "extra" else {at: broken}
    text = json.dumps({broken if at == "id" else "one": fields, "two": {"conn_type": "http", "password": secret}})
    items: list[ImportItem] = []
    vault.new_import("skip").run(airflow.read(text), dry_run=False, tell=items.append)
    assert [item.outcome for item in items] == ["skipped", "new"]
    assert items[0].why == "It holds a character that is not complete."
    assert "".join(item.line for item in items).encode()


@ON_SQLITE
def test_a_key_that_looks_like_one_of_another_provider_is_noted_and_stored(vault: Vault) -> None:
    items: list[ImportItem] = []
    values = {"provider_type": "openai", "api_key": "sk-ant-api03-canary7Hq2Zt9Wn4Lx8Rb"}
    both = [
        Candidate(origin=name, name=name, kind="llm", values=values | more)
        for name, more in (("Other", {}), ("Own", {"provider_type": "anthropic"}))
    ]
    vault.new_import("skip").run(both, dry_run=False, tell=items.append)
    assert [(item.outcome, item.why) for item in items] == [
        ("new", "This looks like an Anthropic key; the provider type is OpenAI."),
        ("new", ""),
    ]
