"""Machine tokens: their form, what is stored of them, what they are refused for, and the commands."""

import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from credstore.access_errors import Throttled, TokenRefused
from credstore.accounts.machine_tokens import IssuedToken, MachineTokens
from credstore.accounts.request_rate import RequestRate
from credstore.accounts.token_text import is_token, new_token
from credstore.audit import AuditFilters, AuditLog
from credstore.cli import main
from credstore.errors import InvalidFields, NotFound
from credstore.models import db, utc_now

KEY = X25519PrivateKey.generate().public_key()
RAW = KEY.public_bytes_raw()
PEM = KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
OTHER_PEM = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
HERE = "192.0.2.7"


@pytest.fixture
def tokens(vault: object) -> MachineTokens:
    return MachineTokens(db.session)


def issue(tokens: MachineTokens, **more: Any) -> IssuedToken:
    return tokens.issue(**({"name": "n8n", "scopes": ["read"]} | more))


@given(st.integers(0, 41), st.sampled_from("0Az_ é\n"))
def test_any_changed_character_is_seen_by_the_checksum(place: int, other: str) -> None:
    text = new_token()
    assert re.fullmatch(r"crs_[0-9A-Za-z]{38}", text)
    assert is_token(text)
    changed = text[:place] + other + text[place + 1 :]
    assert is_token(changed) == (changed == text)


@given(st.text(max_size=60))
def test_no_other_text_is_a_token(text: str) -> None:
    assert not is_token(text)
    assert not is_token(f"crs_{text}")


def test_only_the_hash_is_stored(tokens: MachineTokens) -> None:
    issued = issue(tokens, scopes=["write", "read"], expires="12h", by="ann")
    assert issued.text not in repr(issued)
    (row,) = db.session.connection().exec_driver_sql("SELECT * FROM machine_token").all()
    assert issued.text not in repr(row)
    assert issued.text[8:20] not in repr(row)
    (listed,) = tokens.list()
    assert (listed.name, listed.prefix, listed.scopes, listed.created_by) == (
        *("n8n", issued.text[:8]),
        *(("read", "write"), "ann"),
    )
    assert listed.expires_at
    assert timedelta(hours=11) < listed.expires_at - utc_now() <= timedelta(hours=12)


def test_a_token_is_accepted_until_it_ends(tokens: MachineTokens) -> None:
    day, endless, revoked = (issue(tokens, expires=end) for end in ("1d", "never", "never"))
    tokens.revoke(revoked.token.id)
    with pytest.raises(TokenRefused, match="revoked"):
        tokens.authenticate(revoked.text, HERE)
    assert tokens.authenticate(day.text, HERE).id == day.token.id
    with time_machine.travel(utc_now() + timedelta(days=1, seconds=1)):
        with pytest.raises(TokenRefused, match="expired"):
            tokens.authenticate(day.text, HERE)
        assert tokens.authenticate(endless.text, HERE).id == endless.token.id
    with pytest.raises(NotFound):
        tokens.revoke(77)


def test_each_refusal_is_written_down_until_the_address_must_wait(
    tokens: MachineTokens, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[tuple[str, ...]] = []
    monkeypatch.setattr("credstore.metrics.count", lambda *words: counted.append(words))
    expired, revoked = issue(tokens, expires="1h"), issue(tokens)
    tokens.revoke(revoked.token.id)
    refused = {"expired": expired.text, "revoked": revoked.text, "unknown": new_token()}
    with time_machine.travel(utc_now() + timedelta(days=1), tick=False):
        for text in refused.values():
            with pytest.raises(TokenRefused):
                tokens.authenticate(text, HERE)
        assert counted == [("token_failures", reason) for reason in refused]
        for reason, text in refused.items():
            assert f"machine token refused, from {HERE}: {reason}" in caplog.text
            assert text[8:] not in caplog.text
        for _ in range(17):
            with pytest.raises(TokenRefused):
                tokens.authenticate(expired.text, HERE)
        with pytest.raises(Throttled):
            tokens.authenticate(expired.text, HERE)
    found = AuditLog(db.session).page(AuditFilters(act="token refused")).entries
    assert len(found) == 19
    assert {(one.actor, one.result, one.address) for one in found} == {
        ("not signed in", f"token n8n (#{one.token.id}): {state}", HERE)
        for one, state in ((expired, "expired"), (revoked, "revoked"))
    }


def test_the_last_use_is_written_at_most_once_a_minute(tokens: MachineTokens) -> None:
    issued = issue(tokens)
    seen = []
    with time_machine.travel(utc_now(), tick=False) as clock:
        for _ in range(3):
            tokens.authenticate(issued.text, HERE)
            seen.append(tokens.list()[0].last_used_at)
            clock.shift(31)
    assert seen[0] == seen[1] != seen[2]


def test_wrong_tokens_of_an_address_must_wait_and_right_ones_not(tokens: MachineTokens) -> None:
    issued = issue(tokens)
    with time_machine.travel(utc_now(), tick=False):
        for wrong in ["crs_", "", new_token(), "x" * 42] * 5:
            with pytest.raises(TokenRefused):
                tokens.authenticate(wrong, HERE)
        with pytest.raises(Throttled) as refusal:
            tokens.authenticate(new_token(), HERE)
        assert refusal.value.retry_after == 1
        with pytest.raises(TokenRefused):
            tokens.authenticate(new_token(), "198.51.100.1")
        assert tokens.authenticate(issued.text, HERE)


def test_each_token_has_its_own_rate() -> None:
    now = 0.0
    rate = RequestRate(120, clock=lambda: now)
    assert [rate.seconds_to_wait(1) for _ in range(121)] == [0] * 120 + [1]
    assert rate.seconds_to_wait(2) == 0
    now = 0.5
    assert [rate.seconds_to_wait(1) for _ in range(2)] == [0, 1]
    assert not any(RequestRate(0).seconds_to_wait(1) for _ in range(1000))


def test_a_public_key_is_taken_as_pem_or_base64(tokens: MachineTokens) -> None:
    for text in (PEM, base64.b64encode(RAW).decode(), f"\n{PEM}\n", f"The key of n8n:\n{PEM}"):
        assert issue(tokens, scopes=["use"], public_key=text).token.public_key == RAW


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\x07b"}, "name"),
        ({"name": "n8n sk-proj-CANARY0123456789abcdefABCDEF"}, "name"),
        ({"name": new_token()}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["read", "admin"]}, "scopes"),
        ({"scopes": ["use"]}, "public_key"),
        *(({"expires": end}, "expires") for end in ("", "0d", "-1d", "90", "99999d", "1w", "²d")),
        *(({"public_key": key}, "public_key") for key in ("x", "AAAA", OTHER_PEM.decode(), "-----BEGIN", "é")),
        ({"public_key": base64.b64encode(bytes(32)).decode()}, "public_key"),
        ({"public_key": "-----BEGIN PRIVATE KEY-----"}, "public_key"),
    ],
)
def test_bad_input_gets_a_sentence_beside_its_field(tokens: MachineTokens, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        issue(tokens, **given)
    assert list(refusal.value.fields) == [field]
    assert not tokens.list()


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(main, ["db", "upgrade", "--data-dir", str(tmp_path / "data")])
    assert made.exit_code == 0, made.output

    def run(*arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(main, ["token", *arguments, "--data-dir", str(tmp_path / "data")])
        assert done.exit_code == status, done.output
        return done.output

    return run


def test_the_commands_issue_list_and_revoke(command: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(PEM)
    made = command("create", "--name", "n8n", "--scope", "read", "--scope", "use", "--public-key", "key.pem")
    text = made.splitlines()[0]
    assert is_token(text)
    (listed,) = json.loads(command("list", "--json"))
    assert (listed["scopes"], listed["state"], listed["has_public_key"]) == (["read", "use"], "valid", True)
    assert f"{text[:8]}…  valid" in command("list")
    assert text not in command("list")
    command("revoke", str(listed["id"]))
    assert "revoked" in command("list")
    command("revoke", "9", status=1)
    assert "public key" in command("create", "--name", "x", "--scope", "use", status=1)


def test_the_application_has_the_tokens(app: Flask) -> None:
    with app.app_context():
        issued = app.extensions["credstore"].tokens.issue(name="n8n", scopes=["read"])
        assert app.extensions["credstore"].tokens.authenticate(issued.text, HERE).name == "n8n"
