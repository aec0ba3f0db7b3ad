"""The last twenty verdicts, expiry reported and entered, drafts, and what is remembered of a host."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from credstore.errors import InvalidFields
from credstore.probe import Outcome
from credstore.vault import ListFilters, Vault
from tests.vault.script import BAD, GOOD, ScriptedTester

VALUES = {"provider_type": "openai", "api_key": "sk-a-key-of-a-test"}


@pytest.fixture
def tester(vault: Any) -> Iterator[ScriptedTester]:
    vault.tests.tester = ScriptedTester()
    return vault.tests.tester


def test_the_last_twenty_verdicts_are_kept_newest_first(vault: Vault, tester: ScriptedTester) -> None:
    public_id = vault.create("llm", "A", VALUES).public_id
    for number in range(23):
        tester.verdict = replace(GOOD, reason=f"test {number}")
        vault.test(public_id)
    assert [past.verdict.reason for past in vault.history(public_id)] == [f"test {n}" for n in range(22, 2, -1)]


def test_history_survives_undo_and_goes_when_the_credential_is_erased(vault: Vault, tester: ScriptedTester) -> None:
    public_id = vault.create("llm", "A", VALUES).public_id
    vault.test(public_id)
    batch = vault.delete([public_id]).batch
    vault.restore(batch)
    assert len(vault.history(public_id)) == 1
    vault.delete([public_id])
    vault.purge_deleted()
    assert vault.history(public_id) == ()


def test_an_expiry_told_by_the_provider_is_kept(vault: Vault, tester: ScriptedTester) -> None:
    end = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    public_id = vault.create("llm", "A", VALUES).public_id
    tester.verdict = replace(GOOD, expires_at=end, facts=("scopes: repo",))
    found = vault.test(public_id)
    assert (found.expires_at, found.expiry_from_provider, found.verdict.facts) == (end, True, ("scopes: repo",))
    assert vault.history(public_id)[0].verdict.expires_at == end


def test_an_expiry_can_be_entered_changed_and_cleared(vault: Vault) -> None:
    found = vault.create("llm", "A", VALUES, expires="2030-05-06")
    assert (found.expires_at, found.expiry_from_provider) == (datetime(2030, 5, 6, 23, 59, 59, tzinfo=UTC), False)
    same = vault.edit(found.public_id, version=1, name="A", values=VALUES | {"api_key": ""}, expires="2030-05-06")
    assert same.version == 1
    cleared = vault.edit(found.public_id, version=1, name="A", values=VALUES | {"api_key": ""}, expires="")
    assert (cleared.expires_at, cleared.version) == (None, 2)


@pytest.mark.parametrize("day", ["tomorrow", "2030-13-01", "01.02.2030"])
def test_a_day_that_is_none_gets_a_sentence(vault: Vault, day: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        vault.create("llm", "A", VALUES, expires=day)
    assert "YYYY-MM-DD" in refusal.value.fields["expires"]


def test_the_list_can_be_narrowed_to_what_ends_soon_and_sorted_by_it(vault: Vault) -> None:
    def day(days: int) -> str:
        return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()

    for name, days in (("late", 90), ("soon", 5), ("over", -3), ("sooner", 2)):
        vault.create("llm", name, VALUES, expires=day(days))
    vault.create("llm", "never", VALUES)
    assert [r.name for r in vault.page(ListFilters.clean(expiring=14)).records] == ["over", "sooner", "soon"]
    assert [r.name for r in vault.page(ListFilters.clean(sort="expires")).records] == [
        "over",
        "sooner",
        "soon",
        "late",
        "never",
    ]
    assert [r.name for r in vault.expiring(14)] == ["over", "sooner", "soon"]


def test_a_draft_is_tested_and_nothing_is_stored(vault: Vault, tester: ScriptedTester) -> None:
    tester.verdict = BAD
    assert vault.test_draft("llm", VALUES).outcome is Outcome.REJECTED
    assert vault.page().pagination.total == 0


def test_a_draft_of_an_edit_uses_the_stored_secret_only_where_it_was_saved_for(
    vault: Vault, tester: ScriptedTester
) -> None:
    public_id = vault.create("llm", "A", VALUES).public_id
    blank = VALUES | {"api_key": ""}
    assert vault.test_draft("llm", blank, public_id=public_id).outcome is Outcome.VERIFIED
    with pytest.raises(InvalidFields):
        vault.test_draft("llm", blank | {"base_url": "https://elsewhere.example/v1"}, public_id=public_id)
    assert tester.ran == 1
