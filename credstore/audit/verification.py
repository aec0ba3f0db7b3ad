"""Proves the chain: computes every hash anew, from the oldest entry to the head, in batches of flat memory."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from credstore.audit.acts import Act
from credstore.audit.chain import NOTHING, hash_of
from credstore.audit_model import AuditEntry, AuditHead
from credstore.database import AnySession, begin_snapshot

BATCH = 200  # entries; one about 10,000 credentials takes 370 kB
DAY = timedelta(days=1)
_ENTRY = AuditEntry.__table__
_NOTE = re.compile(r"up to entry (\d+) of (\S+), ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found. `wrong_at` is the number of the first wrong entry and `why` the sentence; "" where all is right.

    `head_seq` and `head_hash` are those of the last entry that is right. The entries up to `removed_seq` are not here
    any more; `removed_on` is when the last entry that says so was written, None where none was met.
    """

    entries: int = 0
    head_seq: int = 0
    head_hash: str = NOTHING
    wrong_at: int = 0
    why: str = ""
    removed_seq: int = 0
    removed_on: datetime | None = None


def entries(session: AnySession, after: int = 0) -> Iterator[Mapping[str, Any]]:
    """Every entry after this number, oldest first, with all columns; those of the moment of `begin_snapshot`."""
    connection = session.connection()
    while rows := connection.execute(
        select(_ENTRY).where(AuditEntry.seq > after).order_by(AuditEntry.seq).limit(BATCH)
    ).all():
        for row in rows:
            yield row._asdict()
        after = rows[-1].seq


def verify(session: AnySession, *, head: str = "", keep: timedelta = DAY) -> Verification:
    """Follow the chain from its beginning to its head.

    `head` is a hash that was kept elsewhere: it must be that of an entry here, or of the last one that was removed, if
    that one was as old as `keep` then. It proves that up to it nothing was written anew as a whole.
    """
    begin_snapshot(session)
    try:
        return _follow(session, head, keep)
    finally:
        session.rollback()


def _follow(session: AnySession, wanted: str, keep: timedelta) -> Verification:
    known = session.connection().execute(select(AuditHead.__table__).where(AuditHead.id == 1)).one_or_none()
    if known is None:
        return Verification(why="The table of the head is empty.", wrong_at=1)
    at = Verification(head_seq=known.removed_seq, head_hash=known.removed_hash, removed_seq=known.removed_seq)
    met, note = wanted == "", None
    for entry in entries(session):
        if entry["seq"] != at.head_seq + 1:
            why = f"After entry {at.head_seq} comes entry {entry['seq']}."
            return replace(at, wrong_at=at.head_seq + 1, why=why)
        if hash_of(entry, at.head_hash) != entry["hash"]:
            why = "Its hash does not fit its content and the entry before it."
            return replace(at, wrong_at=entry["seq"], why=why)
        met = met or entry["hash"] == wanted
        if entry["act"] == Act.ENTRIES_REMOVED:
            note, at = entry, replace(at, removed_on=entry["at"])
        at = replace(at, entries=at.entries + 1, head_seq=entry["seq"], head_hash=entry["hash"])
    if (known.seq, known.hash) != (at.head_seq, at.head_hash):
        return replace(at, wrong_at=at.head_seq + 1, why=f"The log ends here, and its head is entry {known.seq}.")
    age = _age_when_removed(note, known.removed_seq, known.removed_hash)
    if age is None:
        return replace(at, wrong_at=known.removed_seq + 1, why="No entry says that those before it were removed.")
    if met or (wanted == known.removed_hash and age >= keep):
        return at
    if wanted == known.removed_hash:
        why = "The entry with the hash that was given as the head was removed before its time was over."
        return replace(at, wrong_at=known.removed_seq, why=why)
    return replace(at, wrong_at=at.head_seq, why="No entry has the hash that was given as the head.")


def removal_note(seq: int, last_hash: str, at: datetime) -> str:
    """The result of the entry that says up to which one entries were removed, and of when that one was."""
    return f"up to entry {seq} of {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}, {last_hash}"


def _age_when_removed(note: Mapping[str, Any] | None, seq: int, last_hash: str) -> timedelta | None:
    """How old the last removed entry was by this note; None where the note is not about this one, or misses."""
    if note is None:
        return None if seq else timedelta(0)
    found = _NOTE.fullmatch(note["result"])
    if not found or (int(found[1]), found[3]) != (seq, last_hash):
        return None
    try:
        age: timedelta = note["at"] - datetime.fromisoformat(found[2])
    except ValueError:
        return None
    return age
