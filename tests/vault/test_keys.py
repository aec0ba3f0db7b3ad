"""Keys: the wrong ones lock, more and reordered ones work, a missing one makes its rows unreadable and no others."""

from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from credstore.config import Config
from credstore.encryption.keyring import Keyring, key_id
from credstore.errors import Locked
from credstore.models import db
from credstore.probe import Outcome
from credstore.tester import Tester
from credstore.vault import ListFilters, Vault
from tests.vault.conftest import KEY, LLM, PUBLIC, Provider, llm, scalar, sql

OTHER = Fernet.generate_key().decode()


def with_keys(text: str) -> Vault:
    """Another process over the same database, with these keys."""
    return Vault(db.session, Keyring(text), Tester(Provider()))


def test_an_empty_database_is_open_to_any_key(vault: Vault, keys: str) -> None:
    state = vault.key_state()
    assert (state.locked, state.configured, state.known) == (False, (key_id(keys),), ())


def test_the_first_sealing_leaves_one_key_check_row(vault: Vault, keys: str) -> None:
    llm(vault, "one")
    llm(vault, "two")
    assert scalar("SELECT count(*) FROM key_check") == 1
    assert scalar("SELECT key_id FROM key_check") == key_id(keys)
    assert keys not in scalar("SELECT token FROM key_check")
    assert with_keys(keys).key_state().known == (key_id(keys),)


def test_a_wrong_key_locks_what_seals_or_opens_and_nothing_else(vault: Vault, keys: str) -> None:
    record = llm(vault)
    wrong = with_keys(OTHER)
    assert wrong.key_state().locked
    for use in (
        lambda: wrong.create("llm", "new", LLM),
        lambda: wrong.edit(record.public_id, version=1, name="an LLM", values=LLM),
        lambda: wrong.edit(record.public_id, version=1, name="an LLM", values=PUBLIC, remove=["api_key"]),
        lambda: wrong.test(record.public_id),
        lambda: wrong.resolve(record.public_id),
    ):
        with pytest.raises(Locked) as caught:
            use()
        assert key_id(keys) in caught.value.sentence
        assert key_id(OTHER) in caught.value.sentence
        assert keys not in caught.value.sentence
        assert OTHER not in caught.value.sentence
    assert wrong.page().records[0].verdict.outcome is Outcome.UNREADABLE
    assert wrong.edit(record.public_id, version=1, name="renamed", values=PUBLIC).version == 2
    assert vault.resolve(record.public_id)["api_key"] == KEY
    assert wrong.delete([record.public_id]).deleted == 1
    assert scalar("SELECT count(*) FROM key_check") == 1


def test_the_right_key_after_a_wrong_one_opens_all(vault: Vault, keys: str) -> None:
    record = llm(vault)
    assert with_keys(OTHER).key_state().locked
    assert with_keys(keys).resolve(record.public_id)["api_key"] == KEY


@pytest.mark.parametrize("order", ["{old},{new}", "{new},{old}", " {new} ,\n{old},", "{new},{old},{new}"])
def test_added_and_reordered_keys_open_what_was_sealed(vault: Vault, keys: str, order: str) -> None:
    record = llm(vault)
    both = with_keys(order.format(old=keys, new=OTHER))
    assert not both.key_state().locked
    assert both.resolve(record.public_id)["api_key"] == KEY
    both.create("llm", "new", LLM)
    first = keys if order.startswith("{old}") else OTHER
    assert scalar("SELECT key_id FROM credential WHERE name = 'new'") == key_id(first)


def test_a_key_that_is_missing_makes_its_rows_unreadable_and_no_others(vault: Vault, keys: str) -> None:
    old = llm(vault, "old")
    new = with_keys(f"{OTHER},{keys}").create("llm", "new", LLM)
    later = with_keys(OTHER)
    assert not later.key_state().locked
    assert later.resolve(new.public_id)["api_key"] == KEY
    assert later.test(old.public_id).verdict.outcome is Outcome.UNREADABLE
    shown = {record.name: record.verdict for record in later.page().records}
    assert shown["new"].outcome is Outcome.UNTESTED
    assert shown["old"].outcome is Outcome.UNREADABLE
    assert key_id(keys) in shown["old"].reason


def test_the_status_filter_finds_what_the_list_shows(vault: Vault, keys: str, llm_provider: Provider) -> None:
    old = llm(vault, "old")
    assert vault.test(old.public_id).verdict.outcome is Outcome.VERIFIED
    with_keys(f"{OTHER},{keys}").create("llm", "new", LLM)
    for readable, shown in (
        (vault, {Outcome.VERIFIED: ["old"], Outcome.UNREADABLE: ["new"], Outcome.UNTESTED: []}),
        (with_keys(OTHER), {Outcome.VERIFIED: [], Outcome.UNREADABLE: ["old"], Outcome.UNTESTED: ["new"]}),
    ):
        for outcome, names in shown.items():
            page = readable.list_page(ListFilters.clean(status=outcome.value))
            assert [row.name for row in page.records] == names, outcome
            assert {row.outcome for row in page.records} <= {outcome}


def test_a_damaged_key_check_row_is_mended_by_the_next_sealing(vault: Vault, keys: str) -> None:
    record = llm(vault)
    sql("UPDATE key_check SET token = 'garbage'")
    again = with_keys(keys)
    assert not again.key_state().locked
    assert again.resolve(record.public_id)["api_key"] == KEY
    llm(again, "another")
    assert Keyring(keys).verifies_check_token(key_id(keys), scalar("SELECT token FROM key_check"))


def test_the_vault_of_an_application_uses_its_configured_keys(stored_app: Flask, config: Config) -> None:
    vault = stored_app.extensions["credstore"].vault
    assert replace(config).field_encryption_key not in repr(vault.store.keyring)
    assert vault.store.keyring.key_ids == Keyring(config.field_encryption_key).key_ids
