"""The conversion of tokens does what `Fernet` does: it opens what `Fernet` opens, and makes what `Fernet` opens."""

import base64
import hashlib
import hmac
from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from credstore.encryption.token_conversion import TokenConversion

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
PLAINS = st.lists(st.binary(max_size=100), min_size=1, max_size=5)


def opened(decrypt: Callable[[str], bytes], token: str) -> bytes | None:
    try:
        return decrypt(token)
    except (InvalidToken, ValueError):
        return None


@given(PLAINS)
def test_many_tokens_are_converted_one_after_the_other(plains: list[bytes]) -> None:
    convert = TokenConversion(OLD, NEW)
    tokens = [Fernet(OLD).encrypt(plain).decode() for plain in plains]
    made = [convert(token) for token in tokens]
    assert [plain for _, plain in made] == plains
    assert [Fernet(NEW).decrypt(token) for token, _ in made] == plains
    assert [len(token) for token, _ in made] == [len(token) for token in tokens]
    assert all(opened(Fernet(OLD).decrypt, token) is None for token, _ in made)


@given(st.binary(max_size=50), st.data())
def test_it_refuses_what_fernet_refuses_and_goes_on(plain: bytes, data: st.DataObject) -> None:
    """Any byte may be changed, and bytes may be missing or too many; with a tag that is right or not."""
    convert, fernet = TokenConversion(OLD, NEW), Fernet(OLD)
    raw = bytearray(base64.urlsafe_b64decode(fernet.encrypt(plain)))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(0, len(raw)))] + data.draw(st.binary(max_size=20))
    if data.draw(st.booleans()):
        raw[-32:] = hmac.digest(base64.urlsafe_b64decode(OLD)[:16], bytes(raw[:-32]), hashlib.sha256)
    token = base64.urlsafe_b64encode(raw).decode()
    assert opened(lambda text: convert(text)[1], token) == opened(fernet.decrypt, token)
    assert convert(fernet.encrypt(plain).decode())[1] == plain


@given(st.integers(0, 255), st.integers(0, 17))
def test_it_refuses_a_padding_that_fernet_refuses(last: int, equal: int) -> None:
    """A token whose tag is right and whose padding may be wrong, which nobody without the key can make."""
    key = base64.urlsafe_b64decode(OLD)
    padded = bytes(31 - min(equal, 31)) + bytes([last]) * (equal + 1)
    encryptor = Cipher(AES(key[16:]), CBC(bytes(16))).encryptor()
    body = b"\x80" + bytes(24) + encryptor.update(padded[-32:])
    token = base64.urlsafe_b64encode(body + hmac.digest(key[:16], body, "sha256")).decode()
    assert opened(lambda text: TokenConversion(OLD, NEW)(text)[1], token) == opened(Fernet(OLD).decrypt, token)


@pytest.mark.parametrize("rubbish", ["", "x", "rubbish", "é", "gAAA", "=" * 100])
def test_what_is_no_token_is_refused(rubbish: str) -> None:
    assert opened(lambda text: TokenConversion(OLD, NEW)(text)[1], rubbish) is None


def test_equal_texts_have_other_ivs_each_time() -> None:
    token, convert = Fernet(OLD).encrypt(b"the same").decode(), TokenConversion(OLD, NEW)
    made = [base64.urlsafe_b64decode(convert(token)[0]) for _ in range(1_000)]
    assert len({raw[9:25] for raw in made}) == len({raw[25:-32] for raw in made}) == 1_000
