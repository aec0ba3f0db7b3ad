"""Counts what is sealed with which key, without any key: for the first start and for `credstore keys status`."""

from sqlalchemy import func, select

from credstore.models import Credential, DeletedCredential, KeyCheck, db


def count_rows_by_key() -> dict[str, int]:
    """Credentials (deleted but not erased ones included) by key id; a key that ever sealed here counts, even with 0."""
    counts = dict.fromkeys(db.session.scalars(select(KeyCheck.key_id).order_by(KeyCheck.created_at)), 0)
    for table in (Credential, DeletedCredential):
        for key_id, number in db.session.execute(select(table.key_id, func.count()).group_by(table.key_id)):
            counts[key_id] = counts.get(key_id, 0) + number
    return counts
