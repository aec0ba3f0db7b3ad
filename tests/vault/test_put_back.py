"""Put a replaced secret back: what is kept, what comes back, for how long; never to a new destination."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.fernet import Fernet
from sqlalchemy import Connection, MetaData
from sqlalchemy.exc import InvalidRequestError

from credstore.config import DATABASE_FILE, Config
from credstore.encryption.key_usage import count_replaced_by_key, count_rows_by_key
from credstore.encryption.keyring import Keyring, key_id
from credstore.errors import Conflict, Locked, NotFound, Tampered, Unreadable
from credstore.models import db
from credstore.probe import Outcome, ProbeRequest, ProbeResponse
from credstore.replaced_secret_model import ReplacedSecret
from credstore.tester import Tester
from credstore.vault import Record, Vault
from credstore.vault.purge import purge_replaced
from tests.vault.conftest import KEY, LLM, LOCAL, ON_SQLITE, PUBLIC, TOKEN, Provider, Together, llm, scalar, sql
from tests.vault.conftest import statements as seen_statements

NEW = "sk-CANARY-another-0123456789"
THIRD = "sk-CANARY-third-0123456789ab"
ELSEWHERE = "http://127.0.0.1:1234/v1"
START = datetime(2026, 1, 1, tzinfo=UTC)


def rotate(vault: Vault, record: Record, key: str = NEW, **values: str) -> Record:
    return vault.edit(
        record.public_id, version=record.version, name=record.name, values=dict(PUBLIC) | {"api_key": key} | values
    )


def put_back(vault: Vault, record: Record) -> Record:
    return vault.put_back(record.public_id, version=vault.get(record.public_id).version)


def kept() -> int:
    return int(scalar("SELECT count(*) FROM replaced_secret"))


def test_a_new_secret_keeps_the_old_one_and_putting_back_swaps_them(vault: Vault) -> None:
    record = rotate(vault, llm(vault))
    assert vault.resolve(record.public_id)["api_key"] == NEW
    back = put_back(vault, record)
    assert (back.version, vault.resolve(record.public_id)) == (3, LLM)
    again = put_back(vault, record)
    assert (again.version, vault.resolve(record.public_id)["api_key"]) == (4, NEW)
    assert kept() == 1


def test_when_and_until_when_are_told(vault: Vault) -> None:
    with time_machine.travel(START, tick=False) as clock:
        record = llm(vault)
        assert vault.replaced(record.public_id) is None
        rotate(vault, record)
        found = vault.replaced(record.public_id)
        assert found is not None
        assert (found.replaced_at, found.until) == (START, START + timedelta(hours=24))
        assert (found.secret_labels, found.changes, found.problem) == (("API Key",), (), "")
        clock.shift(timedelta(hours=23))
        put_back(vault, record)
        swapped = vault.replaced(record.public_id)
        assert swapped is not None
        assert swapped.until == START + timedelta(hours=47), "the hours begin anew, for a mistaken put-back"
    with pytest.raises(NotFound):
        vault.replaced("none")


def _rename(vault: Vault, record: Record) -> Record:
    return vault.edit(record.public_id, version=record.version, name="renamed", values=PUBLIC)


def _expire(vault: Vault, record: Record) -> Record:
    return vault.edit(record.public_id, version=record.version, name=record.name, values=PUBLIC, expires="2031-01-01")


def _method(vault: Vault, record: Record) -> Record:
    values = PUBLIC | {"test_control": "without"}
    return vault.edit(record.public_id, version=record.version, name=record.name, values=values)


def _same(vault: Vault, record: Record) -> Record:
    return rotate(vault, record, KEY if vault.resolve(record.public_id)["api_key"] == KEY else NEW)


@pytest.mark.parametrize("edit", [_rename, _expire, _method, _same])
def test_what_does_not_change_the_secret_replaces_nothing(
    vault: Vault, edit: Callable[[Vault, Record], Record]
) -> None:
    record = edit(vault, llm(vault))
    assert (kept(), vault.replaced(record.public_id)) == (0, None)
    record = edit(vault, rotate(vault, record))
    assert kept() == 1
    put_back(vault, record)
    assert vault.resolve(record.public_id)["api_key"] == KEY, "the old one was not replaced by the one in use"


def test_the_same_secret_at_another_destination_is_replaced_with_the_destination(vault: Vault) -> None:
    record = rotate(vault, llm(vault), KEY, base_url=ELSEWHERE)
    put_back(vault, record)
    assert vault.resolve(record.public_id) == LLM


@pytest.mark.parametrize(
    "moved",
    [{"base_url": ELSEWHERE}, {"organization_id": "org-2"}, {"provider_type": "anthropic", "base_url": ELSEWHERE}],
)
def test_the_old_secret_comes_back_with_its_own_destination(
    vault: Vault, llm_provider: Provider, moved: dict[str, str]
) -> None:
    record = rotate(vault, llm(vault), **moved)
    found = vault.replaced(record.public_id)
    assert found is not None
    assert len(found.changes) == len(moved)
    put_back(vault, record)
    assert vault.resolve(record.public_id) == LLM
    vault.test(record.public_id)
    sent = {(ask.url.rpartition("/v1")[0], ask.headers.get("Authorization")) for ask in llm_provider.asks}
    assert (LOCAL.removesuffix("/v1"), f"Bearer {KEY}") in sent
    assert not {place for place, _ in sent if ":1234" in place}


REPOINTED = {
    "base URL": '{"provider_type": "openai_compatible", "base_url": "https://evil.example/v1"}',
    "provider": f'{{"provider_type": "anthropic", "base_url": "{LOCAL}"}}',
    "organization": f'{{"provider_type": "openai_compatible", "base_url": "{LOCAL}", "organization_id": "org-evil"}}',
    "garbage": "{{{",
}


@ON_SQLITE
@pytest.mark.parametrize("public", REPOINTED.values(), ids=REPOINTED)
def test_a_replaced_secret_repointed_by_sql_is_refused_and_the_one_in_use_stays(
    vault: Vault, llm_provider: Provider, public: str
) -> None:
    record = rotate(vault, llm(vault))
    sql("UPDATE replaced_secret SET public = :public", public=public)
    with pytest.raises(Tampered) as caught:
        put_back(vault, record)
    assert "CANARY" not in caught.value.sentence
    assert (vault.get(record.public_id).version, vault.resolve(record.public_id)["api_key"]) == (2, NEW)
    assert llm_provider.asks == []


@ON_SQLITE
@pytest.mark.parametrize("damage", ["sealed = 'garbage'", "secret_names = 'api_key bogus'"])
def test_a_damaged_replaced_secret_is_refused(vault: Vault, damage: str) -> None:
    record = rotate(vault, llm(vault))
    sql(f"UPDATE replaced_secret SET {damage}")
    with pytest.raises(Tampered):
        put_back(vault, record)
    assert vault.resolve(record.public_id)["api_key"] == NEW


def test_a_replaced_secret_moved_to_another_credential_is_refused(vault: Vault) -> None:
    victim, other = rotate(vault, llm(vault, "victim")), rotate(vault, llm(vault, "other", api_key=THIRD))
    sql(
        "UPDATE replaced_secret SET sealed = (SELECT sealed FROM replaced_secret WHERE public_id = :v) "
        "WHERE public_id = :o",
        v=victim.public_id,
        o=other.public_id,
    )
    with pytest.raises(Tampered):
        put_back(vault, other)


def test_the_verdict_of_the_old_secret_comes_back_with_it(vault: Vault, llm_provider: Provider) -> None:
    record = rotate(vault, vault.test(llm(vault).public_id))
    assert record.outcome is Outcome.STALE
    rejected = vault.test(record.public_id)
    assert rejected.outcome is Outcome.REJECTED
    back = put_back(vault, record)
    assert (back.outcome, vault.list_page().records[0].outcome) == (Outcome.VERIFIED, Outcome.VERIFIED)
    assert put_back(vault, record).verdict == rejected.verdict
    assert len(vault.history(record.public_id)) == 2


def test_without_a_verdict_of_its_own_it_is_changed_since_test(vault: Vault, llm_provider: Provider) -> None:
    record = rotate(vault, llm(vault))
    untested = put_back(vault, record)
    assert untested.outcome is Outcome.UNTESTED
    put_back(vault, record)
    vault.test(record.public_id)
    back = put_back(vault, record)
    assert (back.outcome, vault.list_page().records[0].outcome) == (Outcome.STALE, Outcome.STALE)
    assert put_back(vault, record).outcome is Outcome.REJECTED


def test_the_models_of_one_key_are_not_shown_for_the_other(vault: Vault, llm_provider: Provider) -> None:
    def send(ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
        names = {f"Bearer {KEY}": "of the old key", f"Bearer {NEW}": "of the new key"}
        model = names.get(ask.headers.get("Authorization", ""))
        return ProbeResponse(status=200, json={"data": [{"id": model}]}) if model else ProbeResponse(status=401)

    llm_provider.send = send  # type: ignore[method-assign]
    record = vault.test(llm(vault).public_id)
    assert vault.model_names(record) == ("of the old key",)
    record = vault.test(rotate(vault, record).public_id)
    assert vault.model_names(record) == ("of the new key",)
    back = put_back(vault, record)
    assert (back.outcome, vault.model_names(back)) == (Outcome.VERIFIED, ())
    assert vault.model_names(vault.test(record.public_id)) == ("of the old key",)


def test_a_test_that_ends_after_the_put_back_counts_for_what_it_tested(vault: Vault, llm_provider: Provider) -> None:
    record = rotate(vault, llm(vault))
    done: list[Record] = []
    llm_provider.before = lambda: done.append(put_back(vault, record)) if not done else None
    assert vault.test(record.public_id).outcome is Outcome.STALE
    assert put_back(vault, record).outcome is Outcome.REJECTED


def test_the_expiry_date_belongs_to_the_secret(vault: Vault) -> None:
    record = vault.create("llm", "an LLM", LLM, expires="2030-01-01")
    new = vault.edit(
        record.public_id, version=1, name="renamed", values=PUBLIC | {"api_key": NEW}, expires="2031-01-01"
    )
    found = vault.replaced(record.public_id)
    assert found is not None
    assert found.expires_at == record.expires_at
    back = put_back(vault, record)
    assert (back.expires_at, back.name) == (record.expires_at, "renamed"), "the name belongs to the credential"
    assert put_back(vault, record).expires_at == new.expires_at


def test_an_edit_wins_over_a_stale_put_back(vault: Vault) -> None:
    record = rotate(vault, llm(vault))
    _rename(vault, record)
    with pytest.raises(Conflict, match="Somebody else changed this"):
        vault.put_back(record.public_id, version=record.version)
    assert vault.resolve(record.public_id)["api_key"] == NEW


def test_of_editors_and_put_backs_at_once_one_wins(vault: Vault, together: Together) -> None:
    record = rotate(vault, llm(vault))
    back = lambda: vault.put_back(record.public_id, version=2)  # noqa: E731
    results = together(back, lambda: rotate(vault, record, THIRD), back, lambda: _rename(vault, record), back)
    won = [result for result in results if not isinstance(result, Exception)]
    assert len(won) == 1, results
    assert all(isinstance(result, Conflict) for result in results if isinstance(result, Exception)), results
    assert (vault.get(record.public_id).version, kept()) == (3, 1)
    values = {vault.resolve(record.public_id)["api_key"]}
    put_back(vault, record)
    values.add(vault.resolve(record.public_id)["api_key"])
    assert values in ({KEY, NEW}, {NEW, THIRD}), "of two secrets that were stored last none is lost"


def test_there_is_nothing_to_put_back(vault: Vault) -> None:
    record = llm(vault)
    with pytest.raises(Conflict, match="nothing to put back"):
        put_back(vault, record)
    with pytest.raises(NotFound):
        vault.put_back("none", version=1)


def test_its_time_ends_also_before_it_is_erased(vault: Vault) -> None:
    with time_machine.travel(START, tick=False) as clock:
        record = rotate(vault, llm(vault))
        clock.shift(timedelta(hours=24))
        assert vault.replaced(record.public_id) is None
        with pytest.raises(Conflict, match="its time is over"):
            put_back(vault, record)
        assert kept() == 1
        assert purge_replaced(db.session, timedelta(hours=25)) == 0
        _rename(vault, record)  # a change an hour or more after the last look
        assert kept() == 0


def test_with_no_hours_to_keep_nothing_is_kept(vault: Vault) -> None:
    record = rotate(vault, llm(vault))
    vault.store.keep_replaced_hours = 0
    assert vault.replaced(record.public_id) is None
    record = rotate(vault, record, THIRD)
    assert kept() == 0, "nor what was kept before"
    with pytest.raises(Conflict):
        put_back(vault, record)


def test_a_removed_secret_is_not_kept_nor_is_the_one_before_it(vault: Vault) -> None:
    record = rotate(vault, llm(vault))
    record = vault.edit(record.public_id, version=2, name="an LLM", values=PUBLIC, remove=["api_key"])
    assert kept() == 0
    assert "api_key" not in vault.resolve(record.public_id)
    rotate(vault, record)
    assert kept() == 0, "there was no secret to replace"


def test_only_the_last_one_is_kept(vault: Vault) -> None:
    record = rotate(vault, rotate(vault, llm(vault)), THIRD)
    put_back(vault, record)
    assert vault.resolve(record.public_id)["api_key"] == NEW


def test_what_is_deleted_keeps_it_until_it_is_restored_or_erased(vault: Vault) -> None:
    record = rotate(vault, llm(vault))
    batch = vault.delete([record.public_id]).batch
    with pytest.raises(NotFound):
        put_back(vault, record)
    assert kept() == 1
    vault.restore(batch)
    put_back(vault, record)
    assert vault.resolve(record.public_id) == LLM
    vault.delete([record.public_id])
    assert (vault.purge_deleted(), kept()) == (1, 0)
    other = rotate(vault, llm(vault, "other"))
    vault.store.keep_deleted_days = 0
    vault.delete([other.public_id])
    assert kept() == 0


def test_the_replaced_secret_is_no_twin(vault: Vault) -> None:
    old = rotate(vault, llm(vault, "rotated"))
    same_as_old = llm(vault, "same as the old one")
    assert vault.names_with_same_secret(same_as_old.public_id) == []
    put_back(vault, old)
    assert vault.names_with_same_secret(same_as_old.public_id) == ["rotated"]


@ON_SQLITE
@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("telegram", {"bot_token": TOKEN}, {"bot_token": TOKEN.replace("C", "D")}),
        ("git", {"extra_config": '{"token": "CANARY-1"}'}, {"extra_config": '{"token": "CANARY-2"}'}),
        ("tool", {"extra_config": '{"token": "CANARY-1"}'}, {"extra_config": '{"token": "CANARY-2"}'}),
    ],
)
def test_every_type_can_be_put_back(vault: Vault, kind: str, old: dict[str, str], new: dict[str, str]) -> None:
    record = vault.create(kind, "n", old)
    before = vault.resolve(record.public_id)
    vault.edit(record.public_id, version=1, name="n", values=new)
    assert vault.resolve(record.public_id) != before
    put_back(vault, record)
    assert vault.resolve(record.public_id) == before


def with_keys(text: str) -> Vault:
    return Vault(db.session, Keyring(text), Tester(Provider()))


def test_a_replaced_secret_needs_its_key_until_it_is_erased(vault: Vault, keys: str) -> None:
    other = Fernet.generate_key().decode()
    record = llm(vault)
    both, later = with_keys(f"{other},{keys}"), with_keys(other)
    rotate(both, record)
    assert (count_rows_by_key()[key_id(keys)], count_replaced_by_key()) == (0, {key_id(keys): 1})
    found = later.replaced(record.public_id)
    assert found is not None
    assert key_id(keys) in found.problem
    with pytest.raises(Unreadable, match=key_id(keys)):
        put_back(later, record)
    assert later.resolve(record.public_id)["api_key"] == NEW
    put_back(both, record)
    assert later.resolve(record.public_id) == LLM, "what comes back is encrypted with the key that encrypts now"
    assert count_replaced_by_key() == {key_id(other): 1}


def test_an_unreadable_secret_makes_room_for_the_one_before_it(vault: Vault, keys: str) -> None:
    record = rotate(vault, llm(vault))
    sql("UPDATE credential SET key_id = 'ffffffff'")
    put_back(vault, record)
    assert vault.resolve(record.public_id) == LLM
    found = vault.replaced(record.public_id)
    assert found is not None
    assert "ffffffff" in found.problem


def test_a_wrong_key_locks_it(vault: Vault) -> None:
    record = rotate(vault, llm(vault))
    with pytest.raises(Locked):
        put_back(with_keys(Fernet.generate_key().decode()), record)


def test_lists_and_uses_never_read_it(vault: Vault, llm_provider: Provider) -> None:
    record = rotate(vault, llm(vault))
    with seen_statements() as seen:
        vault.page()
        vault.list_page()
        vault.resolve(record.public_id)
        vault.test(record.public_id)
        vault.names_with_same_secret(record.public_id)
    assert not [statement for statement in seen if "replaced_secret" in statement]
    with seen_statements() as seen:
        vault.replaced(record.public_id)
    assert not [statement for statement in seen if "sealed" in statement]
    row = db.session.query(ReplacedSecret).first()
    with pytest.raises(InvalidRequestError):
        _ = row.sealed


def test_the_migration_makes_the_table_of_the_model(vault: Vault) -> None:
    table = MetaData()
    ReplacedSecret.__table__.to_metadata(table)

    def ours(connection: Connection) -> list[Any]:
        options = {"include_name": lambda name, kind, _: kind != "table" or name == "replaced_secret"}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), table))

    assert ours(db.session.connection()) == []
    db.session.execute(db.text("DROP INDEX ix_replaced_secret_key_id"))
    assert len(ours(db.session.connection())) == 1, "a difference is found"
    db.session.rollback()


@ON_SQLITE
@pytest.mark.parametrize("way", ["kept for no time", "purged", "replaced once more", "removed", "deleted and purged"])
def test_what_is_erased_is_not_left_in_any_file(vault: Vault, config: Config, way: str) -> None:
    vault.store.keep_replaced_hours = 0 if way == "kept for no time" else 24
    record = llm(vault)
    erased = scalar("SELECT sealed FROM credential")
    record = rotate(vault, record)
    if way == "purged":
        assert purge_replaced(db.session) == 1
    elif way == "replaced once more":
        record = rotate(vault, rotate(vault, record, THIRD))
    elif way == "removed":
        vault.edit(record.public_id, version=2, name="an LLM", values=PUBLIC, remove=["api_key"])
    elif way == "deleted and purged":
        vault.delete([record.public_id])
        vault.purge_deleted()
    db.session.remove()
    folder = Path(config.data_dir)
    files = {file.name: file.read_bytes() for file in folder.iterdir() if file.name.startswith(DATABASE_FILE)}
    assert files
    assert [name for name, content in files.items() if erased.encode() in content] == []
