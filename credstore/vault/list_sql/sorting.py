"""Sorts the ids of few matches by what the list shows of them, in the same order as the indexes have it."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from credstore.database import AnySession, in_list
from credstore.models import Credential
from credstore.probe import Outcome
from credstore.vault.list_sql.orders import DETAIL_KEY

_COLUMNS: dict[str, Any] = {
    "name": Credential.name_key,
    "type": Credential.kind,
    "detail": DETAIL_KEY,
    "status": Credential.status,
    "expires": Credential.expires_at,
    "used": Credential.used_by,
}


class Ranks(NamedTuple):
    """The types and statuses in their order, and the ids of the keys that are missing."""

    kinds: Sequence[str]
    statuses: Sequence[str]
    missing_keys: Collection[str]


def sort_ids(session: AnySession, ids: Sequence[int], sort: str, ranks: Ranks) -> list[int]:
    """The ids in the order `sort`. See `orders` for what is done with equals and blanks."""
    column, descending = sort.lstrip("-"), sort.startswith("-")
    if column == "created":
        return sorted(ids, reverse=descending)
    shown = _COLUMNS[column]
    rows: Any = session.execute(
        select(Credential.id, shown, Credential.key_id).where(in_list(session, Credential.id, ids))
    ).all()
    if column in {"type", "status"}:
        known = ranks.kinds if column == "type" else ranks.statuses
        places = {value: -place if descending else place for place, value in enumerate(known)}
        lost = ranks.missing_keys if column == "status" else ()
        values = [(Outcome.UNREADABLE if key_id in lost else value, row_id) for row_id, value, key_id in rows]
        return [row_id for _, row_id in sorted(values, key=lambda row: (places.get(row[0], len(known)), -row[1]))]
    filled = sorted(((value, -row_id) for row_id, value, _ in rows if value is not None), reverse=descending)
    blanks = sorted((row_id for row_id, value, _ in rows if value is None), reverse=True)
    return [-row_id for _, row_id in filled] + blanks
