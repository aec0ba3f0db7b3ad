"""Rows changed or damaged behind credstore's back: that row alone is unreadable, nothing is sent, the list stands."""

import logging

import pytest

from credstore.errors import NotTestable, Tampered, Unreadable
from credstore.probe import Outcome
from credstore.vault import Vault
from tests.vault.conftest import KEY, LLM, LOCAL, ON_SQLITE, PUBLIC, Provider, llm, scalar, sql

OTHER = "sk-CANARY-another-0123456789"
REPOINTED = {
    "base URL": '{"provider_type": "openai_compatible", "base_url": "https://evil.example/v1"}',
    "provider": f'{{"provider_type": "anthropic", "base_url": "{LOCAL}"}}',
    "organization": f'{{"provider_type": "openai_compatible", "base_url": "{LOCAL}", "organization_id": "org-evil"}}',
    "unknown provider": f'{{"provider_type": "nobody", "base_url": "{LOCAL}"}}',
    "odd provider": f'{{"provider_type": ["x"], "base_url": "{LOCAL}"}}',
    "nothing": "{}",
    "garbage": "{{{ not json",
}
NOT_AN_OBJECT = ["null", "[]", '"text"', "7", ""]


def unreadable(vault: Vault, provider: Provider, public_id: str) -> None:
    with pytest.raises(Unreadable) as caught:
        vault.resolve(public_id)
    assert "CANARY" not in caught.value.sentence
    assert vault.test(public_id).verdict.outcome is Outcome.UNREADABLE
    assert provider.asks == []
    assert len(vault.page().records) == 2
    other = next(record for record in vault.page().records if record.public_id != public_id)
    assert vault.resolve(other.public_id)["api_key"] == OTHER


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


CHANGES = {
    "repointed": "public = :public",
    "truncated": "sealed = substr(sealed, 1, 60)",
    "emptied": "sealed = ''",
    "of another row": "sealed = (SELECT sealed FROM credential WHERE public_id = :other)",
    "claims more": "secret_names = 'api_key bogus'",
}


@ON_SQLITE
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_tampered_row_is_logged_and_shown_as_such(
    vault: Vault, llm_provider: Provider, change: str, log: pytest.LogCaptureFixture
) -> None:
    victim, other = pair(vault)
    values = {"public": REPOINTED["base URL"], "other": other}
    used = {name: value for name, value in values.items() if f":{name}" in change}
    sql(f"UPDATE credential SET {change} WHERE public_id = :victim", victim=victim, **used)
    with pytest.raises(Tampered):
        vault.resolve(victim)
    told = [record.getMessage() for record in log.records if record.name.startswith("credstore")]
    assert told == [f"credential '{victim}' of type llm was changed outside credstore"]
    verdict = vault.test(victim).verdict
    assert verdict.outcome is Outcome.UNREADABLE
    assert "credstore" in verdict.reason or "lacks a secret" in verdict.reason
    assert "Find out who changed the database" in verdict.advice
    assert llm_provider.asks == []
    assert not any(secret in log.text for secret in (KEY, OTHER, "evil.example"))


@ON_SQLITE
def test_a_missing_key_is_no_tampering(vault: Vault, llm_provider: Provider, log: pytest.LogCaptureFixture) -> None:
    victim, _ = pair(vault)
    sql("UPDATE credential SET key_id = 'ffffffff' WHERE public_id = :victim", victim=victim)
    with pytest.raises(Unreadable) as caught:
        vault.resolve(victim)
    assert not isinstance(caught.value, Tampered)
    verdict = vault.test(victim).verdict
    assert (verdict.outcome, "ffffffff" in verdict.reason) == (Outcome.UNREADABLE, True)
    assert "Find out" not in verdict.advice
    assert "changed outside" not in log.text


def pair(vault: Vault) -> tuple[str, str]:
    return llm(vault, "victim").public_id, llm(vault, "other", api_key=OTHER).public_id


@ON_SQLITE
@pytest.mark.parametrize("public", REPOINTED.values(), ids=REPOINTED)
def test_public_values_repointed_by_sql(vault: Vault, llm_provider: Provider, public: str) -> None:
    victim, _ = pair(vault)
    sql("UPDATE credential SET public = :public WHERE public_id = :victim", public=public, victim=victim)
    unreadable(vault, llm_provider, victim)


@ON_SQLITE
@pytest.mark.parametrize("public", NOT_AN_OBJECT)
def test_public_values_that_are_no_object(vault: Vault, llm_provider: Provider, public: str) -> None:
    victim, _ = pair(vault)
    sql("UPDATE credential SET public = :public WHERE public_id = :victim", public=public, victim=victim)
    unreadable(vault, llm_provider, victim)


def test_a_sealed_value_moved_to_another_row(vault: Vault, llm_provider: Provider) -> None:
    victim, other = pair(vault)
    copy = (
        "UPDATE credential SET sealed = (SELECT sealed FROM credential WHERE public_id = :other) WHERE public_id = :v"
    )
    sql(copy, other=other, v=victim)
    unreadable(vault, llm_provider, victim)


DAMAGES = [
    "''",
    "'garbage'",
    "substr(sealed, 1, 60)",
    "substr(sealed, 2)",
    "replace(sealed, 'gAAAAA', 'gAAAAB')",
    "'gAAAAé'",
    "'null'",
]


@ON_SQLITE
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_sealed_value_truncated_emptied_or_scribbled_over(vault: Vault, llm_provider: Provider, damage: str) -> None:
    victim, _ = pair(vault)
    sql(f"UPDATE credential SET sealed = {damage} WHERE public_id = :victim", victim=victim)
    unreadable(vault, llm_provider, victim)


def test_a_type_changed_by_sql(vault: Vault, llm_provider: Provider) -> None:
    tool = vault.create("tool", "victim", {"extra_config": '{"a": "CANARY"}'}).public_id
    llm(vault, "other", api_key=OTHER)
    sql(
        "UPDATE credential SET kind = 'llm', public = :public WHERE kind = 'tool'", public='{"provider_type": "openai"}'
    )
    unreadable(vault, llm_provider, tool)


def test_a_type_that_this_version_does_not_know(vault: Vault, llm_provider: Provider) -> None:
    record = llm(vault)
    sql("UPDATE credential SET kind = 'future'")
    assert vault.page().records[0].kind_label == "future"
    with pytest.raises(Unreadable):
        vault.resolve(record.public_id)
    with pytest.raises(NotTestable):
        vault.test(record.public_id)
    with pytest.raises(Unreadable):
        vault.edit(record.public_id, version=1, name="n", values=PUBLIC)
    assert vault.delete([record.public_id]).deleted == 1


@ON_SQLITE
@pytest.mark.parametrize(
    "verdict", ["garbage", "{}", "[]", "null", '{"outcome": "great"}', '{"outcome": {}, "steps": 7}']
)
def test_a_damaged_verdict_reads_as_untested(vault: Vault, verdict: str) -> None:
    record = llm(vault)
    sql("UPDATE credential SET verdict = :verdict, verdict_version = 1", verdict=verdict)
    assert vault.get(record.public_id).verdict.outcome is Outcome.UNTESTED
    assert len(vault.page().records) == 1


def test_a_row_that_should_hold_a_secret_never_resolves_without_it(vault: Vault) -> None:
    record = vault.create("llm", "open", PUBLIC)
    sql("UPDATE credential SET secret_names = 'api_key'")
    with pytest.raises(Unreadable):
        vault.resolve(record.public_id)


@pytest.mark.parametrize("damage", ["sealed = 'garbage'", "key_id = 'ffffffff'"])
def test_an_unreadable_row_can_be_renamed_healed_and_deleted(vault: Vault, llm_provider: Provider, damage: str) -> None:
    record = llm(vault)
    sql(f"UPDATE credential SET {damage}")
    renamed = vault.edit(record.public_id, version=1, name="renamed", values=PUBLIC)
    assert (renamed.name, renamed.version) == ("renamed", 2)
    with pytest.raises(Unreadable):
        vault.resolve(record.public_id)
    vault.edit(record.public_id, version=2, name="renamed", values=LLM | {"api_key": OTHER})
    assert vault.resolve(record.public_id)["api_key"] == OTHER
    llm_provider.key = OTHER
    assert vault.test(record.public_id).verdict.outcome is Outcome.VERIFIED
    sql(f"UPDATE credential SET {damage}")
    batch = vault.delete([record.public_id]).batch
    assert vault.restore(batch) == 1


def test_a_row_repointed_by_sql_is_not_sealed_anew_by_a_rename(vault: Vault, llm_provider: Provider) -> None:
    record = llm(vault)
    sql("UPDATE credential SET public = :public", public=REPOINTED["base URL"])
    evil = {"provider_type": "openai_compatible", "base_url": "https://evil.example/v1"}
    vault.edit(record.public_id, version=1, name="renamed", values=evil)
    with pytest.raises(Unreadable):
        vault.resolve(record.public_id)
    assert vault.test(record.public_id).verdict.outcome is Outcome.UNREADABLE
    assert llm_provider.asks == []
    assert KEY not in scalar("SELECT sealed FROM credential")


def test_a_row_that_claims_secrets_it_does_not_have(vault: Vault, llm_provider: Provider) -> None:
    victim = llm(vault, "victim").public_id
    sql("UPDATE credential SET secret_names = 'api_key bogus' WHERE public_id = :victim", victim=victim)
    with pytest.raises(Unreadable):
        vault.resolve(victim)
    edited = vault.edit(victim, version=1, name="victim", values=LLM | {"api_key": OTHER})
    assert edited.secret_names == {"api_key"}
    assert vault.resolve(victim)["api_key"] == OTHER
