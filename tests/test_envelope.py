"""The envelope of `use`: it is HPKE as the RFC has it, and opens for one key, token, credential and version only."""

import base64
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from credstore.client_errors import EnvelopeRefused
from credstore.envelope import (
    PADDED_TO,
    Binding,
    open_envelope,
    read_private_key,
    read_public_key,
    seal,
    token_id,
)
from credstore.errors import Refused
from credstore.public_ids import new_public_id
from tests import hpke_reference

MINE, OTHERS = X25519PrivateKey.generate(), X25519PrivateKey.generate()
PUBLIC = MINE.public_key().public_bytes_raw()
TOKEN, OTHER_TOKEN = "crs_canarytoken0123456789", "crs_canarytoken0123456780"
ID, OTHER_ID = new_public_id(), new_public_id()
BINDING = Binding(token=token_id(TOKEN), credential=ID, version=7)
CONTENT = {"name": "Prod", "values": {"api_key": "sk-CANARY-0123456789abcdef", "base_url": "https://a.example/é"}}
# The points of small order, and what reduces to them: with these the shared secret is zero, whoever computes it.
SMALL_ORDER = [
    "00" * 32,
    "01" + "00" * 31,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]

# RFC 9180, appendix A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode.
INFO = "4f6465206f6e2061204772656369616e2055726e"
PRIVATE = "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"
ENC = "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
SEALED = "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
PLAIN, AAD = "4265617574792069732074727574682c20747275746820626561757479", "436f756e742d30"


def unpack(envelope: dict[str, Any]) -> tuple[bytes, bytes]:
    return base64.b64decode(envelope["encapsulated_key"]), base64.b64decode(envelope["ciphertext"])


def test_the_reference_opens_what_the_rfc_has() -> None:
    key = X25519PrivateKey.from_private_bytes(bytes.fromhex(PRIVATE))
    parts = [bytes.fromhex(text) for text in (ENC, SEALED)]
    opened = hpke_reference.Suite(aead_id=1).open(*parts, key, bytes.fromhex(INFO), bytes.fromhex(AAD))
    assert opened.hex() == PLAIN
    with pytest.raises(InvalidTag):
        hpke_reference.Suite(aead_id=1).open(*parts, key, b"", bytes.fromhex(AAD))


@given(content=st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=5))
def test_the_reference_opens_what_is_sealed(content: dict[str, str]) -> None:
    envelope = seal(content, PUBLIC, BINDING)
    plain = hpke_reference.Suite(aead_id=2).open(*unpack(envelope), MINE, BINDING.info())
    assert json.loads(plain) == content == open_envelope(envelope, MINE, token=TOKEN, credential=ID)
    assert len(plain) % PADDED_TO == 0, "the length of a secret does not show"
    assert json.loads(json.dumps(envelope)) == envelope


def refused(
    envelope: object, key: X25519PrivateKey = MINE, token: str = TOKEN, credential: str = ID, nonce: str = ""
) -> bool:
    try:
        open_envelope(envelope, key, token=token, credential=credential, nonce=nonce)
    except EnvelopeRefused as refusal:
        return "CANARY" not in refusal.sentence
    return False


ELSEWHERE: dict[str, Callable[[dict[str, Any]], bool]] = {
    "another key": lambda sealed: refused(sealed, key=OTHERS),
    "another token": lambda sealed: refused(sealed, token=OTHER_TOKEN),
    "another credential": lambda sealed: refused(sealed, credential=OTHER_ID),
    "another credential, said by the answer too": lambda sealed: refused(
        sealed | {"credential": OTHER_ID}, credential=OTHER_ID
    ),
    "with a nonce": lambda sealed: refused(sealed, nonce="a"),
    "a nonce in place of the version": lambda sealed: refused(sealed | {"version": 6}, nonce="7"),
    "another version": lambda sealed: refused(sealed | {"version": 6}),
    "a version that is text": lambda sealed: refused(sealed | {"version": "7"}),
    "a version that is true": lambda sealed: refused(sealed | {"version": True}),
    "another suite": lambda sealed: refused(sealed | {"suite": "HPKE-Base-P256-HKDF-SHA256-AES-128-GCM"}),
    "no suite": lambda sealed: refused({name: part for name, part in sealed.items() if name != "suite"}),
    "no ciphertext": lambda sealed: refused(sealed | {"ciphertext": None}),
    "not base64": lambda sealed: refused(sealed | {"ciphertext": "é!"}),
    "nothing": lambda sealed: refused({}) and refused([]) and refused(None) and refused("x"),
}


@pytest.mark.parametrize("elsewhere", ELSEWHERE.values(), ids=ELSEWHERE)
def test_an_envelope_opens_for_nothing_else(elsewhere: Callable[[dict[str, Any]], bool]) -> None:
    envelope = seal(CONTENT, PUBLIC, BINDING)
    assert not refused(envelope)
    assert elsewhere(envelope)


@given(part=st.sampled_from(["encapsulated_key", "ciphertext"]), at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_changed_bit_is_accepted(part: str, at: int, bit: int) -> None:
    envelope = seal(CONTENT, PUBLIC, BINDING)
    raw = bytearray(base64.b64decode(envelope[part]))
    raw[at % len(raw)] ^= 1 << bit
    if part == "encapsulated_key" and (at % len(raw), bit) == (31, 7):
        return  # RFC 7748 masks the highest bit; the HPKE context holds it, so it is refused below as well
    assert refused(envelope | {part: base64.b64encode(raw).decode()})
    assert refused(envelope | {part: base64.b64encode(raw[:-1]).decode()})


@given(other=st.text(max_size=30), version=st.integers(0, 10**6))
def test_two_bindings_have_two_infos(other: str, version: int) -> None:
    ours = BINDING.info()
    for changed in (replace(BINDING, credential=other), replace(BINDING, token=other), replace(BINDING, nonce=other)):
        try:
            assert (changed.info() != ours) is (changed != BINDING)
        except (ValueError, UnicodeEncodeError):
            assert any(char == "\n" or "\ud800" <= char <= "\udfff" for char in other)
    assert (replace(BINDING, version=version).info() == ours) is (version == 7)


def test_each_envelope_is_new_and_holds_nothing_in_clear() -> None:
    first, second = seal(CONTENT, PUBLIC, BINDING), seal(CONTENT, PUBLIC, BINDING)
    assert unpack(first)[0] != unpack(second)[0]
    text = json.dumps(first)
    assert "CANARY" not in text
    assert TOKEN not in text
    assert token_id(TOKEN) not in text
    assert first.keys() == {"suite", "credential", "version", "encapsulated_key", "ciphertext"}


@pytest.mark.parametrize("key", [b"", b"x" * 31, b"x" * 33, *map(bytes.fromhex, SMALL_ORDER)], ids=bytes.hex)
def test_a_key_that_protects_nothing_is_refused(key: bytes) -> None:
    with pytest.raises(Refused):
        seal(CONTENT, key, BINDING)


def test_keys_are_read_as_openssl_writes_them(tmp_path: Path) -> None:
    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    for words in (["genpkey", "-algorithm", "x25519", "-out"], ["pkey", "-in", str(private), "-pubout", "-out"]):
        subprocess.run(
            ["openssl", *words, str(public if "-in" in words else private)], check=True, capture_output=True, timeout=20
        )
    key = read_private_key(private.read_text())
    assert read_public_key(public.read_text()) == key.public_key().public_bytes_raw()
    raw = base64.b64encode(key.private_bytes_raw()).decode()
    assert read_private_key(f" {raw}\n").private_bytes_raw() == key.private_bytes_raw()
    assert read_public_key(base64.b64encode(PUBLIC).decode() + "\n") == PUBLIC


def _pem(key: X25519PrivateKey | Ed25519PrivateKey, passphrase: bytes = b"") -> str:
    how = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


SIGNING = Ed25519PrivateKey.generate()
NO_PRIVATE_KEY = ["", "x", "CANARY", "-----BEGIN CANARY", _pem(SIGNING), _pem(MINE, b"secret"), "é" * 40, "A" * 44]
NO_PUBLIC_KEY = [
    *NO_PRIVATE_KEY,
    *(base64.b64encode(bytes.fromhex(point)).decode() for point in SMALL_ORDER),
    _pem(MINE),
    SIGNING.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
]


@pytest.mark.parametrize("text", NO_PUBLIC_KEY, ids=range(len(NO_PUBLIC_KEY)))
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_public_key(text)
    assert "CANARY" not in caught.value.sentence


@pytest.mark.parametrize("text", NO_PRIVATE_KEY, ids=range(len(NO_PRIVATE_KEY)))
def test_what_is_no_private_key_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_private_key(text)
    assert "CANARY" not in caught.value.sentence
