"""Notes that a consumer used a credential: the time, and who it was."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update

from credstore.audit import Act, Condition, Subject, record, record_alone
from credstore.credential_types.paste_detection.secret_words import looks_like_a_secret
from credstore.database import insert, write_transaction
from credstore.models import Credential, utc_now
from credstore.public_ids import is_public_id
from credstore.reference_models import CONSUMER_LENGTH, NODE_LENGTH, CredentialReference
from credstore.vault.store import CredentialStore
from credstore.vault.used_by import lock_stored, recount

NOTE_USE_EVERY = timedelta(minutes=1)  # how often at most the use by one node is written
MOST_REMEMBERED = 10_000  # uses that a process remembers to have written
# On the tables, and built once: building a statement anew takes longer than running it.
_CREDENTIAL: Any = Credential.__table__
_REFERENCE: Any = CredentialReference.__table__
_USED = (
    update(_CREDENTIAL)
    .where(_CREDENTIAL.c.public_id == bindparam("used"))
    .where(or_(_CREDENTIAL.c.last_used_at.is_(None), _CREDENTIAL.c.last_used_at < bindparam("noted_before")))
    .values(last_used_at=bindparam("moment"), used_by=func.coalesce(_CREDENTIAL.c.used_by, 0))
)
_IS_THIS = and_(*(_REFERENCE.c[name] == bindparam(name) for name in ("public_id", "consumer", "node")))
_REFERENCE_OF = select(_REFERENCE.c.id, _REFERENCE.c.last_used_at).where(_IS_THIS)
_HAS_REFERENCE = select(_REFERENCE.c.id).where(_IS_THIS).exists()
_USED_AGAIN = (
    update(_REFERENCE).where(_REFERENCE.c.id == bindparam("reference")).values(last_used_at=bindparam("moment"))
)


class RecordUse:
    """Notes uses of credentials."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store
        self._noted: dict[tuple[str, str, str], tuple[datetime, str]] = {}

    def record_use(self, public_id: str, consumer: str = "", node: str = "") -> None:
        """Note that somebody used a credential now, at most once a minute for each consumer and node.

        A consumer that registered nothing becomes a reference too, marked as seen only. A use without a consumer is
        noted at the credential alone. Text that is no consumer is cut, not refused: a workflow must not fail of it.
        """
        if is_public_id(public_id):
            with write_transaction(self._store.session):
                self._record(public_id, *_cut(consumer, node))

    def record_audited(self, subject: Subject, consumer: str = "", node: str = "") -> None:
        """The same, with an entry of the audit log. Raises StorageError; then no secret may be handed out.

        The entry is written each time, and alone where this process has written the same use less than a minute ago.
        """
        session, use, moment = self._store.session, (subject.public_id, *_cut(consumer, node)), utc_now()
        noted, who = self._noted.get(use) or (None, "")
        recent = noted is not None and abs(moment - noted) < NOTE_USE_EVERY  # a clock may also be set back
        if recent and record_alone(session, Act.RESOLVE, subject, result=who, condition=_is_known(*use)):
            return
        who = _in_words(*use[1:])
        with write_transaction(session):
            self._record(*use)
            record(session, Act.RESOLVE, subject, result=who)
        if len(self._noted) >= MOST_REMEMBERED:
            self._noted.clear()
        self._noted[use] = moment, who

    def _record(self, public_id: str, consumer: str, node: str) -> None:
        """Inside a transaction."""
        moment = utc_now()
        times = {"moment": moment, "noted_before": moment - NOTE_USE_EVERY}
        self._store.session.connection().execute(_USED, {"used": public_id, **times})
        if consumer:
            self._record_consumer(public_id, consumer, node, moment)

    def _record_consumer(self, public_id: str, consumer: str, node: str, moment: datetime) -> None:
        session = self._store.session
        this = {"public_id": public_id, "consumer": consumer, "node": node}
        found = session.connection().execute(_REFERENCE_OF, this).first()
        if found is None and lock_stored(session, [public_id]):
            seen = insert(session, CredentialReference).values(
                public_id=public_id, consumer=consumer, node=node, registered=False, last_used_at=moment
            )
            session.execute(seen.on_conflict_do_nothing(index_elements=["public_id", "consumer", "node"]))
            recount(session, [public_id])
        elif found is not None and (found.last_used_at is None or found.last_used_at < moment - NOTE_USE_EVERY):
            session.connection().execute(_USED_AGAIN, {"reference": found.id, "moment": moment})


def _is_known(public_id: str, consumer: str, node: str) -> Condition | None:
    """That who would delete the credential is told of the use: its reference may have been moved or removed since."""
    this = {"public_id": public_id, "consumer": consumer, "node": node}
    return Condition(_HAS_REFERENCE, this) if consumer else None


def _in_words(consumer: str, node: str) -> str:
    """Who used it, for the audit log."""
    return ", ".join(_quoted(each) for each in ((consumer, node) if node else (consumer,)) if each or node)


def _quoted(text: str) -> str:
    """For the audit log, which nobody can correct: what looks like a secret is left out, and no text ends the quote."""
    if looks_like_a_secret(text):
        return "(looks like a secret)"
    return "“" + text.replace("“", '"').replace("”", '"') + "”"


def _cut(consumer: str, node: str) -> tuple[str, str]:
    """What is stored of them."""
    return _plain(consumer, CONSUMER_LENGTH), _plain(node, NODE_LENGTH)


def _plain(text: str, most: int) -> str:
    if not text.isprintable():
        text = "".join(char for char in text if char.isprintable())
    return text.strip()[:most]
