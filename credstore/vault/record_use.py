"""Notes that a consumer used a credential: the time, and who it was."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, or_, select, update

from credstore.audit import Act, Subject, record
from credstore.credential_types.paste_detection.secret_words import looks_like_a_secret
from credstore.database import WITHOUT_SYNCHRONIZING, insert, write_transaction
from credstore.models import Credential, utc_now
from credstore.public_ids import is_public_id
from credstore.reference_models import CONSUMER_LENGTH, NODE_LENGTH, CredentialReference
from credstore.vault.store import CredentialStore
from credstore.vault.used_by import lock_stored, recount

NOTE_USE_EVERY = timedelta(minutes=1)  # how often at most the use by one node is written


# Built once, on the tables and not on the mapped classes: each use asks these.
_credential, _reference = Credential.__table__.c, CredentialReference.__table__.c
_NOTE_USE = (
    update(Credential.__table__)  # type: ignore[arg-type]  # a table, which is typed as any FROM clause
    .where(_credential.public_id == bindparam("used"))
    .where(or_(_credential.last_used_at.is_(None), _credential.last_used_at < bindparam("noted_before")))
    .values(last_used_at=bindparam("moment"), used_by=func.coalesce(_credential.used_by, 0))
)
_REFERENCE = select(_reference.id, _reference.last_used_at).where(
    _reference.public_id == bindparam("used"),
    _reference.consumer == bindparam("by"),
    _reference.node == bindparam("part"),
)


class RecordUse:
    """Notes uses of credentials."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def record_use(self, public_id: str, consumer: str = "", node: str = "") -> None:
        """Note that somebody used a credential now, at most once a minute for each consumer and node.

        A consumer that registered nothing becomes a reference too, marked as seen only. A use without a consumer is
        noted at the credential alone. Text that is no consumer is cut, not refused: a workflow must not fail of it.
        """
        if is_public_id(public_id):
            with write_transaction(self._store.session):
                self._record(public_id, _plain(consumer, CONSUMER_LENGTH), _plain(node, NODE_LENGTH))

    def record_audited(self, subject: Subject, consumer: str = "", node: str = "", again: bool = False) -> None:
        """The same, with an entry of the audit log. Raises StorageError; then no secret may be handed out.

        `again`: this use was recorded less than NOTE_USE_EVERY ago, so that there is only the entry to write.
        """
        consumer, node = _plain(consumer, CONSUMER_LENGTH), _plain(node, NODE_LENGTH)
        with write_transaction(self._store.session):
            if not again:
                self._record(subject.public_id, consumer, node)
            record(self._store.session, Act.RESOLVE, subject, result=_in_words(consumer, node))

    def _record(self, public_id: str, consumer: str, node: str) -> None:
        """Inside a transaction."""
        session, moment = self._store.session, utc_now()
        moments = {"moment": moment, "noted_before": moment - NOTE_USE_EVERY}
        session.connection().execute(_NOTE_USE, {"used": public_id, **moments})
        if consumer:
            self._record_consumer(public_id, consumer, node, moment)

    def _record_consumer(self, public_id: str, consumer: str, node: str, moment: datetime) -> None:
        session = self._store.session
        this = {"used": public_id, "by": consumer, "part": node}
        found = session.connection().execute(_REFERENCE, this).first()
        if found is None and lock_stored(session, [public_id]):
            seen = insert(session, CredentialReference).values(
                public_id=public_id, consumer=consumer, node=node, registered=False, last_used_at=moment
            )
            session.execute(seen.on_conflict_do_nothing(index_elements=["public_id", "consumer", "node"]))
            recount(session, [public_id])
        elif found is not None and (found.last_used_at is None or found.last_used_at < moment - NOTE_USE_EVERY):
            again = update(CredentialReference).where(CredentialReference.id == found.id).values(last_used_at=moment)
            session.execute(again.execution_options(**WITHOUT_SYNCHRONIZING))


def _in_words(consumer: str, node: str) -> str:
    return ", ".join(_quoted(each) for each in ((consumer, node) if node else (consumer,)) if each or node)


def _quoted(text: str) -> str:
    """For the audit log, which nobody can correct: what looks like a secret is left out, and no text ends the quote."""
    if looks_like_a_secret(text):
        return "(looks like a secret)"
    return "“" + text.replace("“", '"').replace("”", '"') + "”"


def _plain(text: str, most: int) -> str:
    return "".join(char for char in text if char.isprintable()).strip()[:most]
