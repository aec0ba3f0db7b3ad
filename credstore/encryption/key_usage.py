"""Counts the rows that each key has encrypted. Needs no key.

To change the key, put a new one first in FIELD_ENCRYPTION_KEY and run `credstore keys rotate`: `vault/encryption_keys`.
`credstore keys` prints these counts, and `key_files` uses them at the first start.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from credstore.database import AnySession
from credstore.encryption.keyring import Keyring
from credstore.encryption.sealed_tables import SEALED_TABLES
from credstore.models import Credential, DeletedCredential, KeyCheck, db
from credstore.replaced_secret_model import ReplacedSecret


def words_of(numbers: Iterable[int]) -> str:
    """As in "3 credentials, 1 deleted credential", for numbers of rows of SEALED_TABLES; "nothing" where all are 0."""
    counted = zip(SEALED_TABLES, numbers, strict=True)
    return ", ".join(table.words(number) for table, number in counted if number) or "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """How many rows one key has encrypted: in each of SEALED_TABLES, in that order."""

    key_id: str
    numbers: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.numbers)

    @property
    def words(self) -> str:
        return words_of(self.numbers)


def count_rows_by_key() -> dict[str, int]:
    """The number of credentials by key id, deleted ones included until erased. Known keys without any have 0."""
    counts = dict.fromkeys(db.session.scalars(select(KeyCheck.key_id).order_by(KeyCheck.created_at)), 0)
    for table in (Credential, DeletedCredential):
        for key_id, number in db.session.execute(select(table.key_id, func.count()).group_by(table.key_id)):
            counts[key_id] = counts.get(key_id, 0) + number
    return counts


def count_replaced_by_key() -> dict[str, int]:
    """The number of replaced secrets that can still be put back, or are not erased yet, by key id."""
    rows = db.session.execute(select(ReplacedSecret.key_id, func.count()).group_by(ReplacedSecret.key_id))
    return {str(key_id): int(number) for key_id, number in rows}


def used_key_ids(session: AnySession) -> set[str]:
    """The ids that rows name. By a look-up in an index for each id: it takes no longer with a million rows."""
    found: set[str] = set()
    for sealed in SEALED_TABLES:
        last: str | None = ""
        while last is not None:
            last = session.scalar(select(func.min(sealed.columns.key_id)).where(sealed.columns.key_id > last))
            found |= {last} if last is not None else set()
    return found


def use_of_key(session: AnySession, key_id: str) -> KeyUse:
    """How many rows need this key. Reads the index only."""
    numbers = (
        session.scalar(select(func.count()).select_from(sealed.table).where(sealed.columns.key_id == key_id))
        for sealed in SEALED_TABLES
    )
    return KeyUse(key_id=key_id, numbers=tuple(int(number or 0) for number in numbers))


def use_of_missing_keys(session: AnySession, keyring: Keyring) -> list[KeyUse]:
    """The use of each key that rows need and that is not configured, but for those that somebody said are lost."""
    lost = set(session.scalars(select(KeyCheck.key_id).where(KeyCheck.lost_at.is_not(None))))
    missing = used_key_ids(session) - set(keyring.key_ids) - lost
    return [use_of_key(session, key_id) for key_id in sorted(missing)]
