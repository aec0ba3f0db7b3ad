"""Values for another process: encrypted to one key, bound to what was asked for, noted first, logged without a name."""

import base64
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask

from credstore.audit import AuditFilters, AuditLog
from credstore.client_errors import EnvelopeRefused
from credstore.database import begin_snapshot
from credstore.envelope import open_envelope
from credstore.errors import AuditUnwritable, InUse, Locked, NotFound, Refused, StorageBusy, Unreadable
from credstore.models import db, utc_now
from credstore.vault import Vault
from credstore.vault.resolve import Resolver
from credstore.vault.use import Use
from tests.vault.conftest import KEY, LLM, ON_SQLITE, TOKEN, llm, scalar, sql
from tests.vault.test_audit import make_unwritable
from tests.vault.test_keys import OTHER, with_keys
from tests.vault.test_resolve import Notes

NONCES = ("", "a-nonce-of-22-letters_")
TOKENS = {f"crs_{letter * 30}": X25519PrivateKey.generate() for letter in "ab"}


def envelope_of(vault: Vault, name: str, token: str = "crs_" + "a" * 30, nonce: str = "") -> dict[str, object]:
    public = TOKENS[token].public_key().public_bytes_raw()
    return vault.use(name, token=token, public_key=public, consumer="workflow:1", node="a", nonce=nonce)


def test_the_envelope_holds_the_values_for_the_registered_key(vault: Vault) -> None:
    record = llm(vault, "Production")
    for name in ("production", record.public_id):
        envelope = envelope_of(vault, name)
        assert (envelope["credential"], envelope["version"]) == (record.public_id, 1)
        token, key = next(iter(TOKENS.items()))
        content = open_envelope(envelope, key, token=token, credential=record.public_id)
        assert content == {"name": "Production", "type": "llm", "secret_fields": ["api_key"], "values": LLM}
        for text in (json.dumps(envelope), base64.b64decode(str(envelope["ciphertext"])).decode("latin-1")):
            assert not any(KEY[at : at + 6] in text for at in range(len(KEY) - 5))


@ON_SQLITE
def test_it_opens_for_the_pair_of_token_and_key_that_asked_and_no_other(vault: Vault) -> None:
    """Every envelope of two tokens, credentials, versions and nonces, against every way to open it."""
    ids = [llm(vault, "one").public_id, vault.create("telegram", "two", {"bot_token": TOKEN}).public_id]
    asked = list(product(TOKENS, ids, NONCES))
    made = {(token, one, 1, nonce): envelope_of(vault, one, token, nonce) for token, one, nonce in asked}
    vault.edit(ids[0], version=1, name="one", values=LLM | {"api_key": "sk-another"})
    vault.edit(ids[1], version=1, name="renamed", values={})
    made |= {(token, one, 2, nonce): envelope_of(vault, one, token, nonce) for token, one, nonce in asked}
    opened = 0
    for (asked_for, envelope), said, key in product(made.items(), made, TOKENS.values()):
        token, public_id, version, nonce = said
        claimed = envelope | {"credential": public_id, "version": version}
        if said == asked_for and key is TOKENS[token]:
            assert open_envelope(claimed, key, token=token, credential=public_id, nonce=nonce)
            opened += 1
            continue
        with pytest.raises(EnvelopeRefused):
            open_envelope(claimed, key, token=token, credential=public_id, nonce=nonce)
    assert opened == len(made) == 16


@ON_SQLITE
def test_no_answer_leaves_before_the_use_is_noted(vault: Vault) -> None:
    llm(vault, "one")
    notes = Notes()
    notes.fails = True
    use = Use(Resolver(vault.store, notes.note)).use
    public = next(iter(TOKENS.values())).public_key().public_bytes_raw()
    asked = {"token": "crs_x", "public_key": public, "consumer": "workflow:1"}
    with pytest.raises(StorageBusy):
        use("one", **asked)
    notes.fails = False
    assert use("one", **asked)
    assert [consumer for _, consumer, _ in notes.uses] == ["workflow:1"]


def test_each_use_is_in_the_audit_log_and_its_time_is_written_once_a_minute(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, start = llm(vault, "one"), utc_now()
    times = []
    for seconds in (0, 1, 59, 61, 62, 0, 122):  # a clock may also be set back
        monkeypatch.setattr("credstore.vault.record_use.utc_now", lambda: start + timedelta(seconds=seconds))  # noqa: B023
        envelope_of(vault, record.public_id)
        vault.store.session.expire_all()
        (reference,) = vault.references_of(record.public_id).references
        assert reference.last_used_at == vault.get(record.public_id).last_used_at
        times.append((reference.last_used_at - start).seconds if reference.last_used_at else None)
    assert times == [0, 0, 0, 61, 61, 61, 122]
    uses = AuditLog(vault.store.session).page(AuditFilters(act="resolve")).entries
    assert [(entry.credential_id, entry.kind, entry.result) for entry in uses] == [
        (record.public_id, "llm", "“workflow:1”, “a”")
    ] * len(times)
    assert AuditLog(vault.store.session).verify().wrong_at == 0


def test_an_entry_stays_where_somebody_reads_a_snapshot_meanwhile(vault: Vault) -> None:
    llm(vault, "one")
    envelope_of(vault, "one")
    begin_snapshot(vault.store.session)
    assert scalar("SELECT count(*) FROM audit_entry WHERE act = 'resolve'") == 1
    envelope_of(vault, "one")
    vault.store.session.rollback()
    assert scalar("SELECT count(*) FROM audit_entry WHERE act = 'resolve'") == 2


def test_a_use_right_after_its_reference_was_moved_is_known_to_who_deletes(vault: Vault) -> None:
    one, other = llm(vault, "one").public_id, llm(vault, "other").public_id
    envelope_of(vault, one)
    vault.move_references(one, other)
    envelope_of(vault, one)
    with pytest.raises(InUse):
        vault.delete([one])


def test_a_use_that_was_noted_a_moment_ago_needs_its_entry_too(vault: Vault) -> None:
    llm(vault, "one")
    assert envelope_of(vault, "one")
    make_unwritable()
    with pytest.raises(AuditUnwritable):
        envelope_of(vault, "one")
    vault.store.session.rollback()
    sql("DROP TRIGGER a_refuse" + (" ON audit_entry" if db.engine.dialect.name == "postgresql" else ""))
    assert envelope_of(vault, "one")
    assert AuditLog(vault.store.session).verify().wrong_at == 0


def test_many_uses_at_once_make_one_chain(vault: Vault, stored_app: Flask) -> None:
    ids = [llm(vault, name).public_id for name in ("one", "two")]

    def use(number: int) -> None:
        with stored_app.app_context():
            envelope_of(vault, ids[number % 2])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(use, range(64)))
    found = AuditLog(vault.store.session).verify()
    assert (found.wrong_at, found.entries) == (0, 2 + 64)


@ON_SQLITE
def test_what_cannot_be_given_is_refused_and_named(vault: Vault) -> None:
    llm(vault, "Model of team 7")
    with pytest.raises(NotFound, match="nothing"):
        envelope_of(vault, "nothing")
    with pytest.raises(Locked, match="Model of team 7"):
        envelope_of(with_keys(OTHER), "Model of team 7")
    with pytest.raises(Refused):
        vault.use("Model of team 7", token="crs_x", public_key=bytes(32), consumer="c")
    sql("UPDATE credential SET sealed = 'gAAAA'")
    with pytest.raises(Unreadable, match="Model of team 7"):
        envelope_of(vault, "Model of team 7")


@ON_SQLITE
def test_the_log_has_the_id_and_nothing_else(vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="credstore.vault")
    record = llm(vault, "Model of team 7")
    envelope = envelope_of(vault, "Model of team 7")
    assert f"credential used: {record.public_id}" in caplog.text
    for text in ("Model of team 7", "crs_", "CANARY", str(envelope["ciphertext"])[:20]):
        assert text not in caplog.text
