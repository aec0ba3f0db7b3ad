"""Editing: what is kept, dropped and asked for again; two editors; a stored secret never follows a new destination."""

import pytest

from credstore.errors import Conflict, InvalidFields, NotFound
from credstore.probe import Outcome
from credstore.vault import Vault
from tests.vault.conftest import KEY, LLM, LOCAL, ON_SQLITE, PUBLIC, TOKEN, Provider, Together, llm, scalar

OTHER = "sk-CANARY-another-0123456789"


def test_a_blank_secret_is_kept(vault: Vault) -> None:
    record = llm(vault)
    sealed = scalar("SELECT sealed FROM credential")
    edited = vault.edit(record.public_id, version=1, name="renamed", values=PUBLIC | {"api_key": "  "})
    assert (edited.name, edited.version, edited.secret_names) == ("renamed", 2, {"api_key"})
    assert vault.resolve(record.public_id)["api_key"] == KEY
    assert scalar("SELECT sealed FROM credential") == sealed, "a rename does not touch the sealed value"


def test_a_new_secret_replaces_the_old_one(vault: Vault) -> None:
    record = llm(vault)
    fingerprint = scalar("SELECT fingerprint FROM credential")
    vault.edit(record.public_id, version=1, name="an LLM", values=PUBLIC | {"api_key": OTHER})
    assert vault.resolve(record.public_id)["api_key"] == OTHER
    assert scalar("SELECT fingerprint FROM credential") != fingerprint


def test_an_optional_secret_can_be_removed(vault: Vault) -> None:
    record = llm(vault)
    edited = vault.edit(record.public_id, version=1, name="an LLM", values=PUBLIC, remove=["api_key"])
    assert edited.secret_names == frozenset()
    assert vault.resolve(record.public_id) == PUBLIC
    assert scalar("SELECT fingerprint FROM credential") is None


@ON_SQLITE
@pytest.mark.parametrize(
    ("kind", "values", "secret"),
    [
        ("telegram", {"bot_token": TOKEN}, "bot_token"),
        ("git", {"extra_config": '{"a": 1}'}, "extra_config"),
        ("llm", {"provider_type": "openai", "api_key": KEY}, "api_key"),
    ],
)
def test_a_required_secret_cannot_be_removed(vault: Vault, kind: str, values: dict[str, str], secret: str) -> None:
    record = vault.create(kind, "n", values)
    with pytest.raises(InvalidFields) as caught:
        vault.edit(record.public_id, version=1, name="n", values=values | {secret: ""}, remove=[secret])
    assert caught.value.fields.keys() == {secret}
    assert vault.resolve(record.public_id) == values


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "https://evil.example/v1"},
        {"base_url": LOCAL + "/x"},
        {"base_url": "http://127.0.0.1:11435/v1"},
        {"provider_type": "openai"},
        {"organization_id": "org-2"},
        {"organization_id": ""},
    ],
)
def test_a_changed_binding_asks_for_the_secret_again(
    vault: Vault, llm_provider: Provider, change: dict[str, str]
) -> None:
    record = llm(vault, organization_id="org-1")
    wanted = PUBLIC | {"organization_id": "org-1"} | change
    with pytest.raises(InvalidFields) as caught:
        vault.edit(record.public_id, version=1, name="an LLM", values=wanted)
    assert caught.value.fields.keys() == {"api_key"}
    assert vault.get(record.public_id) == record
    edited = vault.edit(record.public_id, version=1, name="an LLM", values=wanted | {"api_key": OTHER})
    assert edited.version == 2
    assert vault.resolve(record.public_id)["api_key"] == OTHER
    assert llm_provider.asks == []


def test_a_changed_destination_may_drop_the_secret(vault: Vault) -> None:
    record = llm(vault)
    moved = PUBLIC | {"base_url": "http://127.0.0.1:1234/v1"}
    vault.edit(record.public_id, version=1, name="an LLM", values=moved, remove=["api_key"])
    assert vault.resolve(record.public_id) == moved


def test_where_no_secret_is_stored_none_is_asked_for(vault: Vault) -> None:
    record = vault.create("llm", "open", PUBLIC)
    moved = PUBLIC | {"base_url": "http://127.0.0.1:1234/v1"}
    vault.edit(record.public_id, version=1, name="open", values=moved)
    assert vault.resolve(record.public_id) == moved


def test_another_spelling_of_the_same_url_is_no_change(vault: Vault) -> None:
    record = llm(vault)
    same = PUBLIC | {"base_url": "HTTP://127.0.0.1:11434/v1/"}
    assert vault.edit(record.public_id, version=1, name="an LLM", values=same).version == 1


def test_the_second_editor_is_told(vault: Vault) -> None:
    record = llm(vault)
    vault.edit(record.public_id, version=1, name="first", values=PUBLIC)
    with pytest.raises(Conflict):
        vault.edit(record.public_id, version=1, name="second", values=PUBLIC)
    assert vault.get(record.public_id).name == "first"


def test_of_editors_at_once_one_wins(vault: Vault, together: Together) -> None:
    record = llm(vault)

    def edit(name: str) -> object:
        return vault.edit(record.public_id, version=1, name=name, values=PUBLIC)

    results = together(*(lambda name=name: edit(name) for name in "abcdef"))
    assert sum(not isinstance(result, Exception) for result in results) == 1
    assert all(isinstance(result, Conflict) for result in results if isinstance(result, Exception)), results
    assert vault.get(record.public_id).version == 2


def test_an_edit_that_changes_nothing_keeps_version_and_verdict(vault: Vault, llm_provider: Provider) -> None:
    tested = vault.test(llm(vault).public_id)
    same = vault.edit(tested.public_id, version=1, name=" an LLM ", values=PUBLIC)
    assert same == tested
    assert same.verdict.outcome is Outcome.VERIFIED


@ON_SQLITE
@pytest.mark.parametrize(
    "values",
    [LLM, LLM | {"organization_id": "org-1"}, LLM | {"provider_type": "openai"}],
)
def test_an_edit_of_what_was_tested_makes_the_verdict_stale(
    vault: Vault, llm_provider: Provider, values: dict[str, str]
) -> None:
    tested = vault.test(llm(vault).public_id)
    edited = vault.edit(tested.public_id, version=1, name="renamed", values=values)
    assert (edited.verdict.outcome, vault.list_page().records[0].outcome) == (Outcome.STALE, Outcome.STALE)
    assert "Verified" in edited.verdict.reason
    vault.edit(tested.public_id, version=2, name="renamed again", values=values)
    assert vault.get(tested.public_id).verdict.outcome is Outcome.STALE
    assert vault.test(tested.public_id).verdict.outcome is Outcome.VERIFIED


@ON_SQLITE
@pytest.mark.parametrize(("name", "expires"), [("renamed", ""), ("AN LLM", ""), ("an LLM", "2030-01-01")])
def test_a_new_name_or_expiry_date_leaves_the_verdict_as_it_is(
    vault: Vault, llm_provider: Provider, name: str, expires: str
) -> None:
    tested = vault.test(llm(vault).public_id)
    edited = vault.edit(tested.public_id, version=1, name=name, values=PUBLIC, expires=expires)
    assert edited.version == 2
    assert (edited.verdict.outcome, vault.list_page().records[0].outcome) == (Outcome.VERIFIED, Outcome.VERIFIED)


def test_a_name_that_another_has_is_refused(vault: Vault) -> None:
    llm(vault, "taken")
    record = llm(vault, "mine")
    with pytest.raises(InvalidFields) as caught:
        vault.edit(record.public_id, version=1, name="TAKEN", values=PUBLIC)
    assert caught.value.fields.keys() == {"name"}


def test_a_mask_does_not_replace_a_stored_secret(vault: Vault) -> None:
    record = llm(vault)
    with pytest.raises(InvalidFields):
        vault.edit(record.public_id, version=1, name="an LLM", values=PUBLIC | {"api_key": "••••••••"})
    assert vault.resolve(record.public_id)["api_key"] == KEY


def test_an_unknown_id_cannot_be_edited(vault: Vault) -> None:
    with pytest.raises(NotFound):
        vault.edit("none", version=1, name="n", values={})
