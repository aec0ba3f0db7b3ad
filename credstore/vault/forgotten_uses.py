"""Forgets uses that were only seen, never registered, and not repeated for a long time."""

from datetime import timedelta

from sqlalchemy import delete, select, text

from credstore.database import AnySession, in_list, write_transaction
from credstore.models import utc_now
from credstore.reference_models import CredentialReference
from credstore.vault.used_by import lock, recount

SEEN_KEPT_DAYS = 90
_AT_ONCE = 1000


def forget_seen_uses(session: AnySession) -> None:
    """A consumer that registers nothing and has used nothing for SEEN_KEPT_DAYS is no dependent any more."""
    old = (
        text("NOT registered"),  # word for word the condition of the partial index
        CredentialReference.last_used_at <= utc_now() - timedelta(days=SEEN_KEPT_DAYS),
    )
    columns = (CredentialReference.id, CredentialReference.public_id)
    found = session.execute(select(*columns).where(*old).limit(_AT_ONCE)).all()
    if not found:
        return
    public_ids = {row.public_id for row in found}
    with write_transaction(session):
        lock(session, public_ids)
        # Asked again: one of them may have been used meanwhile.
        gone = delete(CredentialReference).where(in_list(session, CredentialReference.id, [row.id for row in found]))
        session.execute(gone.where(*old).execution_options(synchronize_session=False))
        recount(session, public_ids)
