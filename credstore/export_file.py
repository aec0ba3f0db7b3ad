"""The encrypted file of `credstore export`: lines of text, under a passphrase. Memory is flat at any size.

A header, then chunks of CHUNK bytes, each encrypted with ChaCha20-Poly1305. The key comes from the passphrase by scrypt
(RFC 7914). A nonce is a random part, the number of the chunk, and whether it is the last one, as in the STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizár; each chunk has the whole header as associated data. So no chunk
can be changed, moved, left out or added, and the file cannot be cut short.

Header: 16 bytes MAGIC, 1 byte version, 1 byte log2 of scrypt's N, 16 bytes salt, 7 bytes of the nonces.
"""

import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from credstore.errors import FileRefused

MAGIC = b"credstore export"
VERSION = 1
COST, COSTS = 17, range(14, 19)  # log2 of scrypt's N: 17 takes 128 MiB and some tenths of a second
CHUNK, TAG = 65_536, 16  # bytes
LEAST_PASSPHRASE = 12  # characters
_HEADER = struct.Struct(">16sBB16s7s")


def check_passphrase(passphrase: str) -> None:
    """Raises FileRefused for one that is too short to protect anything."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise FileRefused(f"Use a passphrase of {LEAST_PASSPHRASE} characters or more.")


def write_export(target: Path, lines: Iterable[str], passphrase: str, *, cost: int = COST) -> None:
    """Encrypt the lines into the new file `target` (mode 0600), which appears only when it is complete.

    Raises FileRefused, and whatever `lines` raises; then nothing is written.
    """
    check_passphrase(passphrase)
    if target.exists():
        raise FileRefused(f"{target} exists already. Choose another name.")
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            for part in encrypt(lines, passphrase, cost=cost):
                out.write(part)
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, target)  # unlike a rename, it fails where a file of that name was made meanwhile
    except FileExistsError:
        raise FileRefused(f"{target} exists already. Choose another name.") from None
    except OSError:
        raise FileRefused(f"{target} cannot be written. Check the folder, its permissions and its space.") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def encrypt(lines: Iterable[str], passphrase: str, *, cost: int = COST) -> Iterator[bytes]:
    """The bytes of the file: the header, then each chunk."""
    salt, nonces = os.urandom(16), os.urandom(7)
    header = _HEADER.pack(MAGIC, VERSION, cost, salt, nonces)
    cipher = _cipher(passphrase, salt, cost)
    yield header
    number, waiting = 0, bytearray()
    for line in lines:
        waiting += line.encode() + b"\n"
        while len(waiting) > CHUNK:  # a full one may be the last
            yield cipher.encrypt(_nonce(nonces, number, last=False), bytes(waiting[:CHUNK]), header)
            del waiting[:CHUNK]
            number += 1
    yield cipher.encrypt(_nonce(nonces, number, last=True), bytes(waiting), header)


def decrypt(file: BinaryIO, passphrase: str) -> Iterator[str]:
    """The lines. Raises FileRefused at the first chunk that is not as it was written.

    Lines that came before it are sound, but they are not all: a caller must store none of them.
    """
    header, salt, nonces, cost = _read_header(file)
    cipher = _cipher(passphrase, salt, cost)
    number, sealed, rest = 0, file.read(CHUNK + TAG), b""
    while True:
        following = file.read(CHUNK + TAG)
        try:
            plain = cipher.decrypt(_nonce(nonces, number, last=not following), sealed, header)
        except (InvalidTag, ValueError):
            raise FileRefused(_WRONG_FIRST if number == 0 else _WRONG_LATER) from None
        *lines, rest = (rest + plain).split(b"\n")
        for line in lines:
            yield line.decode()
        if not following:
            return
        number, sealed = number + 1, following


_WRONG_FIRST = "The passphrase is wrong, or the file was changed. Nothing was imported."
_WRONG_LATER = "The file was changed, or cut short, after it was written. Nothing was imported."
_NO_EXPORT = "This is not a file that credstore export wrote, or it was changed. Nothing was imported."


def _read_header(file: BinaryIO) -> tuple[bytes, bytes, bytes, int]:
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        raise FileRefused(_NO_EXPORT)
    magic, version, cost, salt, nonces = _HEADER.unpack(header)
    if magic != MAGIC:
        raise FileRefused(_NO_EXPORT)
    if version != VERSION or cost not in COSTS:
        raise FileRefused("This file is of another version of credstore, or it was changed. Nothing was imported.")
    return header, salt, nonces, cost


def _cipher(passphrase: str, salt: bytes, cost: int) -> ChaCha20Poly1305:
    try:
        return ChaCha20Poly1305(Scrypt(salt=salt, length=32, n=2**cost, r=8, p=1).derive(passphrase.encode()))
    except MemoryError:
        raise FileRefused(f"Too little memory for the passphrase: it takes {2**cost >> 10} MiB.") from None


def _nonce(random: bytes, number: int, *, last: bool) -> bytes:
    return random + struct.pack(">IB", number, last)
