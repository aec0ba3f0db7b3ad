"""References: which node of which consumer uses a credential, as consumers say themselves, and as their uses show.

A consumer ("workflow:42") and a node ("node-7") are plain texts that the platform chooses. References are found by the
credential's `public_id`: they stay beside a deleted credential, come back with Undo, and are erased with it.
"""

from collections.abc import Container, Iterable

from sqlalchemy import and_, delete, distinct, func, not_, select, text

from credstore.audit import Act, Subject, record, record_each
from credstore.database import WITHOUT_SYNCHRONIZING, in_list, insert, write_transaction
from credstore.errors import InvalidFields, NotFound
from credstore.models import utc_now
from credstore.public_ids import is_public_id
from credstore.reference_models import CredentialReference
from credstore.vault.reference_records import Reference, ReferencePage, to_reference
from credstore.vault.reference_rules import MOST_AT_ONCE, NewReference, clean_all, clean_consumer
from credstore.vault.store import CredentialStore
from credstore.vault.used_by import lock, lock_stored, recount

PER_PAGE = 50
_CONSUMER_LOCK = 7_286_225  # an arbitrary number: PostgreSQL's advisory locks, one for each consumer


class References:
    """Registers, reads and removes references."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def put_reference(
        self, public_id: str, consumer: str, node: str = "", *, label: str = "", link: str = ""
    ) -> Reference:
        """Register that a node of a consumer uses a credential. A second time it replaces label and link, no more.

        Raises InvalidFields, also where the consumer has MOST_AT_ONCE others, or NotFound where the credential is not
        there or deleted.
        """
        consumer, given = clean_consumer(consumer), NewReference.clean(public_id, node, label, link)
        session = self._store.session
        with write_transaction(session):
            self._lock_consumer(consumer)
            if not is_public_id(public_id) or not lock_stored(session, [public_id]):
                raise NotFound
            self._refuse_many(consumer, given)
            self._put(consumer, [given])
            recount(session, [public_id])
        return self._one(public_id, consumer, given.node)

    def replace_references(
        self, consumer: str, references: Iterable[tuple[str, str, str, str]]
    ) -> tuple[Reference, ...]:
        """Make these (id of the credential, node, label, link) all references of a consumer, in one transaction.

        Those to a deleted credential may stay while it can be restored, but none is new. Raises InvalidFields, which
        names by its place what is wrong or not there; nothing is changed then.
        """
        consumer, session = clean_consumer(consumer), self._store.session
        given = clean_all(references)
        mine = CredentialReference.consumer == consumer
        ids = list(dict.fromkeys(public_id for public_id, _ in given if is_public_id(public_id)))
        with write_transaction(session):
            self._lock_consumer(consumer)
            before = set(session.scalars(select(CredentialReference.public_id).where(mine)))
            lock(session, before | set(ids))
            rows = session.execute(
                select(CredentialReference.id, CredentialReference.public_id, CredentialReference.node).where(mine)
            ).all()
            lock(session, {row.public_id for row in rows} - before)  # a use that was seen meanwhile
            were_there = {(row.public_id, row.node) for row in rows}
            _refuse_unknown(given, were_there, lock_stored(session, ids))
            gone = [row.id for row in rows if (row.public_id, row.node) not in given]
            gone_rows = delete(CredentialReference).where(in_list(session, CredentialReference.id, gone))
            session.execute(gone_rows.execution_options(**WITHOUT_SYNCHRONIZING))
            self._put(consumer, list(given.values()))
            recount(session, before | set(ids) | {row.public_id for row in rows})
            theirs = sorted({row.public_id for row in rows if (row.public_id, row.node) not in given})
            record_each(session, Act.REMOVE_REFERENCES, list(map(Subject, theirs)), result=f"of {consumer}")
        return self.references_of_consumer(consumer)

    def remove_reference(self, public_id: str, consumer: str, node: str = "") -> bool:
        """Remove one reference. Returns whether it was there; to remove it twice is no error."""
        session = self._store.session
        if not is_public_id(public_id) or "\0" in consumer + node:
            return False
        mine = (CredentialReference.public_id == public_id, CredentialReference.consumer == consumer)
        with write_transaction(session):
            lock(session, [public_id])
            rows = delete(CredentialReference).where(*mine, CredentialReference.node == node)
            removed = session.execute(rows.execution_options(**WITHOUT_SYNCHRONIZING))
            found = bool(removed.rowcount)  # type: ignore[attr-defined]
            recount(session, [public_id])
            if found:
                record(session, Act.REMOVE_REFERENCES, Subject(public_id), result=f"of {consumer}")
        return found

    def references_of(self, public_id: str, page: int = 1) -> ReferencePage:
        """A page of a credential's references, by consumer and node, 50 a page. A number past the end gives the last.

        Raises NotFound where the credential is not there or deleted.
        """
        session, mine = self._store.session, CredentialReference.public_id == public_id
        self._store.row(public_id)
        counts = select(func.count(), func.count(distinct(CredentialReference.consumer))).where(mine)
        total, consumers = map(int, session.execute(counts).one())
        pages = max(1, -(-total // PER_PAGE))
        number = min(max(page, 1), pages)
        rows = select(CredentialReference).where(mine).order_by(CredentialReference.consumer, CredentialReference.node)
        rows = rows.offset((number - 1) * PER_PAGE).limit(PER_PAGE)
        found = tuple(map(to_reference, session.scalars(rows.execution_options(populate_existing=True))))
        return ReferencePage(references=found, page=number, pages=pages, total=total, consumers=consumers)

    def references_of_consumer(self, consumer: str) -> tuple[Reference, ...]:
        """What a consumer uses, in the order of registration, also deleted credentials; at most MOST_AT_ONCE."""
        mine = CredentialReference.consumer == clean_consumer(consumer)
        rows = select(CredentialReference).where(mine).order_by(CredentialReference.id).limit(MOST_AT_ONCE)
        return tuple(map(to_reference, self._store.session.scalars(rows.execution_options(populate_existing=True))))

    def _lock_consumer(self, consumer: str) -> None:
        """Inside a writing transaction: two calls for one consumer come one after the other, as on SQLite anyway."""
        if self._store.session.connection().dialect.name == "postgresql":
            lock_text = text("SELECT pg_advisory_xact_lock(:lock, hashtext(:consumer))")
            self._store.session.execute(lock_text, {"lock": _CONSUMER_LOCK, "consumer": consumer})

    def _refuse_many(self, consumer: str, given: NewReference) -> None:
        """Raises InvalidFields where this one is new, and so many are registered already. Uses do not count."""
        same = and_(CredentialReference.public_id == given.public_id, CredentialReference.node == given.node)
        others = select(CredentialReference.id).where(
            CredentialReference.consumer == consumer, CredentialReference.registered, not_(same)
        )
        found = select(func.count()).select_from(others.limit(MOST_AT_ONCE).subquery())
        if self._store.session.scalar(found) == MOST_AT_ONCE:
            raise InvalidFields({"consumer": f"A consumer registers at most {MOST_AT_ONCE:,} references."})

    def _put(self, consumer: str, given: list[NewReference]) -> None:
        """Inside a writing transaction that has locked the credentials."""
        if not given:
            return
        moment = utc_now()
        rows = [
            {
                "public_id": each.public_id,
                "consumer": consumer,
                "node": each.node,
                "label": each.label,
                "link": each.link,
                "registered": True,
                "created_at": moment,
            }
            for each in given
        ]
        new = insert(self._store.session, CredentialReference)
        fresh = {name: new.excluded[name] for name in ("label", "link", "registered")}
        put = new.on_conflict_do_update(index_elements=["public_id", "consumer", "node"], set_=fresh)
        self._store.session.connection().execute(put, rows)

    def _one(self, public_id: str, consumer: str, node: str) -> Reference:
        this = (CredentialReference.public_id == public_id, CredentialReference.consumer == consumer)
        row = self._store.session.scalar(
            select(CredentialReference)
            .where(*this, CredentialReference.node == node)
            .execution_options(populate_existing=True)
        )
        if row is None:  # removed again meanwhile
            raise NotFound
        return to_reference(row)


def _refuse_unknown(
    given: Iterable[tuple[str, str]], were_there: Container[tuple[str, str]], stored: Container[str]
) -> None:
    """By credential and node: what is new must lead to a stored credential."""
    fields = {
        f"references.{place}.credential": "There is no such credential. It may have been deleted."
        for place, each in enumerate(given)
        if each not in were_there and each[0] not in stored
    }
    if fields:
        raise InvalidFields(fields)
