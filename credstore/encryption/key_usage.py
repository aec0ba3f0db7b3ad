"""Counts the credentials and the replaced secrets that each key has encrypted. Needs no key.

To change the key, put a new one first in FIELD_ENCRYPTION_KEY; remove the old one when its counts are 0.
`credstore keys status` prints these counts, and `key_files` uses them at the first start.
"""

from sqlalchemy import func, select

from credstore.models import Credential, DeletedCredential, KeyCheck, db
from credstore.replaced_secret_model import ReplacedSecret


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
