"""Values for another process: encrypted to one key, bound to what was asked for, noted first, logged without a name."""

import base64
import json
import logging
from itertools import product

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from credstore.client_errors import EnvelopeRefused
from credstore.envelope import open_envelope
from credstore.errors import Locked, NotFound, Refused, StorageBusy, Unreadable
from credstore.vault import Vault
from credstore.vault.record_use import RecordUse
from credstore.vault.resolve import Resolver
from credstore.vault.use import Use
from tests.vault.conftest import KEY, LLM, ON_SQLITE, TOKEN, llm, scalar, sql
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


def test_each_use_has_an_entry_and_the_times_are_written_once_a_minute(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, now = llm(vault, "one").public_id, [1000.0]
    monkeypatch.setattr("credstore.vault.resolve.time.monotonic", lambda: now[0])
    recorded = []
    real = RecordUse._record
    monkeypatch.setattr(RecordUse, "_record", lambda *given: (recorded.append(given[1:]), real(*given)))
    for seconds in (0, 20, 39, 2, 50):
        now[0] += seconds
        envelope_of(vault, one)
    assert recorded == [(one, "workflow:1", "a")] * 2
    assert scalar("SELECT count(*) FROM audit_entry WHERE act = 'resolve'") == 5


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
