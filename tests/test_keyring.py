"""The keyring: which keys it accepts, what it encrypts, and everything that it must refuse to decrypt."""

import base64
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from credstore.encryption.keyring import Keyring, generate_key, key_id
from credstore.errors import ConfigError, Tampered, Unreadable

KEY = "0123456789012345678901234567890123456789012="
OTHER = "abcdefghijabcdefghijabcdefghijabcdefghijabc="
SECRET = "CANARY-plaintext"
CONTEXT = {"v": 1, "use": "credential", "id": "some-id", "kind": "llm", "dest": "https://api.example.com", "org": None}


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (KEY, [KEY]),
        (f"  {KEY}\n", [KEY]),
        (f"{KEY},{OTHER}", [KEY, OTHER]),
        (f"{OTHER} ,\n {KEY}", [OTHER, KEY]),
        (f",{KEY},,", [KEY]),
        (f"{KEY},{OTHER},{KEY}", [KEY, OTHER]),
    ],
)
def test_keys_are_read_in_their_order_and_once(text: str, ids: list[str]) -> None:
    keyring = Keyring(text)
    assert keyring.key_ids == tuple(key_id(key) for key in ids)
    assert keyring.key_id == keyring.key_ids[0]


BAD = [
    f'"{KEY}"',
    f"'{KEY}'",
    KEY[:-1],
    KEY + "=",
    KEY[1:],
    "x" + KEY,
    KEY.replace("5", "+"),
    KEY.replace("5", "/"),
    KEY.replace("5", " "),
    KEY.replace("5", "é"),
    KEY[:20] + "\n" + KEY[20:],
    f"{KEY} {OTHER}",
    f"{KEY};{OTHER}",
    "changeme",
]


@pytest.mark.parametrize("bad", BAD)
def test_a_malformed_key_is_named_by_its_place_and_never_shown(bad: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Keyring(f"{OTHER},{bad}")
    assert "Key 2 of 2 in FIELD_ENCRYPTION_KEY is malformed" in caught.value.sentence
    assert bad not in caught.value.sentence
    assert KEY[:12] not in caught.value.sentence


@pytest.mark.parametrize("text", ["", "  ", ",", " , \n,"])
def test_no_key_is_told_with_the_command_that_makes_one(text: str) -> None:
    with pytest.raises(ConfigError, match=r"is not set.*credstore keys generate"):
        Keyring(text)


def test_a_generated_key_is_a_key() -> None:
    keys = {generate_key() for _ in range(5)}
    assert len(keys) == 5
    assert len(Keyring(",".join(keys)).key_ids) == 5


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=40), max_size=4))
def test_what_is_encrypted_is_decrypted_unchanged(secrets: dict[str, str]) -> None:
    keyring = Keyring(KEY)
    assert keyring.unseal(keyring.seal(CONTEXT, secrets), CONTEXT) == secrets


def test_a_sealed_value_is_a_fernet_token_and_differs_each_time() -> None:
    keyring = Keyring(KEY)
    one, two = (keyring.seal(CONTEXT, {"api_key": SECRET}) for _ in range(2))
    assert one != two
    assert SECRET.encode() in Fernet(KEY).decrypt(one)
    assert SECRET not in one


@pytest.mark.parametrize("item", CONTEXT)
def test_every_item_of_the_context_is_compared(item: str) -> None:
    keyring = Keyring(KEY)
    token = keyring.seal(CONTEXT, {"api_key": SECRET})
    without = {name: value for name, value in CONTEXT.items() if name != item}
    for context in (CONTEXT | {item: "changed"}, CONTEXT | {item: []}, without, CONTEXT | {"more": 1}):
        with pytest.raises(Tampered, match="does not belong to this row"):
            keyring.unseal(token, context)


def sealed(payload: bytes) -> str:
    return Fernet(KEY).encrypt(payload).decode()


TOKEN = Keyring(KEY).seal(CONTEXT, {"api_key": SECRET})
DAMAGED: dict[str, Any] = {
    "none": None,
    "empty": "",
    "number": 7,
    "garbage": "garbage",
    "non-ASCII": "gAAAAé",
    "truncated": TOKEN[:-5],
    "half": TOKEN[: len(TOKEN) // 2],
    "of another key": Keyring(OTHER).seal(CONTEXT, {"api_key": SECRET}),
    "in clear": '{"secrets": {"api_key": "CANARY-plaintext"}}',
    "not JSON": sealed(SECRET.encode()),
    "a list": sealed(b'["CANARY-plaintext"]'),
    "no secrets": sealed(b'{"v": 1}'),
    "odd secrets": sealed(b'{"secrets": "CANARY-plaintext"}'),
    "no text": sealed(b"\xff\xfe"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_token_is_unreadable_and_shows_nothing(name: str) -> None:
    with pytest.raises(Unreadable) as caught:
        Keyring(KEY).unseal(DAMAGED[name], CONTEXT)
    assert isinstance(caught.value, Tampered) == (name in {"no secrets", "odd secrets", "a list"})
    assert SECRET not in f"{caught.value!r}{caught.value}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_every_flipped_bit_is_noticed() -> None:
    keyring, raw = Keyring(KEY), base64.urlsafe_b64decode(TOKEN)
    for place in range(len(raw)):
        flipped = bytes([*raw[:place], raw[place] ^ 1, *raw[place + 1 :]])
        with pytest.raises(Unreadable):
            keyring.unseal(base64.urlsafe_b64encode(flipped).decode(), CONTEXT)


def test_the_first_key_encrypts_and_all_of_them_decrypt() -> None:
    old, both, turned = Keyring(KEY), Keyring(f"{OTHER},{KEY}"), Keyring(f"{KEY},{OTHER}")
    token = both.seal(CONTEXT, {"api_key": SECRET})
    for keyring in (both, turned, Keyring(OTHER)):
        assert keyring.unseal(token, CONTEXT) == {"api_key": SECRET}
    with pytest.raises(Unreadable):
        old.unseal(token, CONTEXT)


def test_key_ids_are_stable_and_tell_nothing() -> None:
    assert key_id(KEY) == key_id(KEY) != key_id(OTHER)
    assert len(key_id(KEY)) == 8
    assert key_id(KEY) not in KEY
    assert key_id(KEY) != base64.urlsafe_b64decode(KEY).hex()[:8]


def test_the_repr_shows_ids_alone() -> None:
    assert repr(Keyring(f"{KEY},{OTHER}")) == f"Keyring({key_id(KEY)}, {key_id(OTHER)})"


def test_a_fingerprint_tells_equal_secrets_under_one_key() -> None:
    keyring = Keyring(KEY)
    assert keyring.fingerprint(SECRET) == keyring.fingerprint(SECRET) != keyring.fingerprint(SECRET + "x")
    assert keyring.fingerprint(SECRET) != Keyring(OTHER).fingerprint(SECRET)
    assert keyring.fingerprint(SECRET) == Keyring(f"{KEY},{OTHER}").fingerprint(SECRET)
    assert len(keyring.fingerprint("ü")) == 64


def test_check_tokens_verify_their_own_key_alone() -> None:
    keyring = Keyring(f"{KEY},{OTHER}")
    tokens = keyring.check_tokens()
    assert tuple(tokens) == keyring.key_ids
    assert all(keyring.verifies_check_token(kid, token) for kid, token in tokens.items())
    first, second = keyring.key_ids
    assert not keyring.verifies_check_token(first, tokens[second])
    assert not keyring.verifies_check_token("ffffffff", tokens[first])
    assert not Keyring(OTHER).verifies_check_token(first, tokens[first])
    for damaged in ("", "garbage", "é", tokens[first][:-4], sealed(b"something else")):
        assert not keyring.verifies_check_token(first, damaged)
