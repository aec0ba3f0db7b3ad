"""The feed of changes: what became of credentials, for the consumers that use them, with a cursor that skips nothing.

On PostgreSQL the ids of a sequence become visible out of order: a transaction may take the id 7, and commit after
another one that took 8 was read already. A cursor over ids would then skip 7 for ever. So ids are not the cursor. Each
change gets a `position` when the feed is read: the reader takes a lock, and numbers what is committed and has none yet,
behind all that was numbered before. What commits later gets a later position, whatever its id is. Unlike a cursor over
ids of transactions, this stays right after a dump is loaded into another server. Changes of one credential keep their
order: the second writer waits for the first one's lock, and so takes a later id; what is numbered at
once is in the order of ids.
"""

from sqlalchemy import select

from credstore.errors import CursorExpired
from credstore.reference_models import CredentialChange
from credstore.vault.change_positions import ends, number_changes
from credstore.vault.reference_records import Change, Changes
from credstore.vault.store import CredentialStore

MOST_AT_ONCE = 1000
_position = CredentialChange.position


class ChangeFeed:
    """Reads the changes of credentials."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def changes(self, after_cursor: int = 0, limit: int = 100) -> Changes:
        """The changes after a cursor, which an earlier call gave; 0 is the beginning of what is kept.

        Raises CursorExpired where changes after the cursor are not kept any more, or it is none of this database.
        """
        session, limit = self._store.session, min(max(limit, 1), MOST_AT_ONCE)
        number_changes(session)
        first, last = ends(session)
        if after_cursor and not first - 1 <= after_cursor <= last:
            raise CursorExpired
        following = select(CredentialChange).where(_position > after_cursor).order_by(_position).limit(limit + 1)
        rows = session.scalars(following.execution_options(populate_existing=True)).all()
        found = tuple(Change(**{name: getattr(row, name) for name in Change.__slots__}) for row in rows[:limit])
        cursor = found[-1].position if found else after_cursor
        return Changes(changes=found, cursor=cursor, more=len(rows) > limit)

    def newest_cursor(self) -> int:
        """The cursor behind every change so far. A new consumer asks for it, and reads all credentials after that."""
        number_changes(self._store.session)
        return ends(self._store.session)[1]
