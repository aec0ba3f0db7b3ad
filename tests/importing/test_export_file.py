"""The encrypted file of an export: what was written is read, and nothing else is."""

from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from credstore.errors import FileRefused
from credstore.export_file import CHUNK, MAGIC, decrypt, encrypt, write_export

PASSPHRASE = "correct horse battery"
COST = 14  # quick; a real one is 17
LINES = ["{}", "ä" * 40_000, "", "x" * 70_000, "last"]
FILE = b"".join(encrypt(LINES, PASSPHRASE, cost=COST))
HEADER = 41


def read(content: bytes, passphrase: str = PASSPHRASE) -> list[str]:
    return list(decrypt(BytesIO(content), passphrase))


@pytest.mark.parametrize(
    "lines",
    [[], [""], ["one"], LINES, ["x" * (CHUNK - 1)], ["x" * CHUNK], ["x" * (2 * CHUNK - 1)], ["y" * 1000] * 200],
    ids=lambda lines: f"{len(lines)} lines, {sum(map(len, lines))}",
)
def test_what_was_written_is_read(lines: list[str]) -> None:
    content = b"".join(encrypt(lines, PASSPHRASE, cost=COST))
    assert read(content) == lines
    assert content.startswith(MAGIC)
    assert not any(line.encode() in content for line in lines if len(line) > 2)


@settings(max_examples=30)
@given(at=st.integers(0, len(FILE) - 1), bit=st.integers(0, 7))
@example(at=17, bit=0)
@example(at=len(FILE) - 1, bit=0)
@example(at=HEADER + CHUNK + 16, bit=7)
def test_one_flipped_bit_anywhere_is_refused(at: int, bit: int) -> None:
    changed = bytearray(FILE)
    changed[at] ^= 1 << bit
    with pytest.raises(FileRefused, match="Nothing was imported"):
        read(bytes(changed))


@settings(max_examples=30)
@given(length=st.integers(0, len(FILE) - 1))
@example(length=HEADER)
@example(length=HEADER + CHUNK + 16)  # a whole chunk is missing at the end
@example(length=HEADER + 2 * (CHUNK + 16))
def test_a_file_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(FileRefused, match="Nothing was imported"):
        read(FILE[:length])


def test_chunks_in_another_order_or_twice_are_refused() -> None:
    size = CHUNK + 16
    head, one, two, rest = FILE[:HEADER], FILE[HEADER:][:size], FILE[HEADER + size :][:size], FILE[HEADER + 2 * size :]
    assert head + one + two + rest == FILE
    for content in (head + two + one + rest, head + one + one + rest, head + one + rest, FILE + rest, FILE + b"x"):
        with pytest.raises(FileRefused):
            read(content)


def test_another_passphrase_is_refused() -> None:
    with pytest.raises(FileRefused, match="The passphrase is wrong"):
        read(FILE, "incorrect horse battery")


def test_the_file_is_new_complete_and_for_its_owner(tmp_path: Path) -> None:
    target = tmp_path / "all.export"
    write_export(target, LINES, PASSPHRASE, cost=COST)
    assert target.stat().st_mode & 0o777 == 0o600
    assert read(target.read_bytes()) == LINES
    with pytest.raises(FileRefused, match="exists already"):
        write_export(target, LINES, PASSPHRASE, cost=COST)
    with pytest.raises(FileRefused, match="cannot be written"):
        write_export(tmp_path / "none" / "all.export", LINES, PASSPHRASE, cost=COST)
    with pytest.raises(FileRefused, match="12 characters"):
        write_export(tmp_path / "other", LINES, "short", cost=COST)
    with pytest.raises(ZeroDivisionError):
        write_export(tmp_path / "other", (str(1 // n) for n in (1, 0)), PASSPHRASE, cost=COST)
    assert list(tmp_path.iterdir()) == [target]
