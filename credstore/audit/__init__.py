"""The audit log: who did what with which credential, in a chain of hashes. Knows no HTTP and no value of a secret.

`record` adds an entry in the transaction of the act; the web layer and the commands say once who acts (`actor`).
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from credstore.actor import OWN_WORK, SCHEDULE, Actor, acting_as, current_actor, is_reserved, set_actor
from credstore.audit.acts import Act
from credstore.audit.reading import AuditFilters, AuditPage, read_page
from credstore.audit.recorded_insert import insert_recorded, is_one_statement
from credstore.audit.recording import Condition, Subject, record, record_alone, record_each
from credstore.audit.verification import DAY, Verification, entries, verify
from credstore.database import AnySession, begin_snapshot

__all__ = [
    "OWN_WORK",
    "SCHEDULE",
    "Act",
    "Actor",
    "AuditFilters",
    "AuditLog",
    "AuditPage",
    "Condition",
    "Subject",
    "Verification",
    "acting_as",
    "current_actor",
    "insert_recorded",
    "is_one_statement",
    "is_reserved",
    "record",
    "record_alone",
    "record_each",
    "set_actor",
]


class AuditLog:
    """Reads and proves the log of one database. `session` is per thread (scoped)."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def page(self, filters: AuditFilters, *, before: int | None = None, after: int | None = None) -> AuditPage:
        """A page of entries, newest first; `before` and `after` are the keys that a page gives for its neighbours."""
        return read_page(self._session, filters, before=before, after=after)

    def verify(self, *, head: str = "", keep: timedelta = DAY) -> Verification:
        """Whether the chain is whole; see `verification.verify`."""
        return verify(self._session, head=head, keep=keep)

    def export(self, since: date | None = None) -> Iterator[Mapping[str, Any]]:
        """Every entry from this day on, oldest first, as it is stored, all of one moment."""
        begin_snapshot(self._session)
        try:
            for entry in entries(self._session):
                if since is None or entry["at"].date() >= since:
                    yield entry
        finally:
            self._session.rollback()
