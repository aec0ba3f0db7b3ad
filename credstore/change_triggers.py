"""Writes down in `credential_change` which credentials were deleted, where the triggers that do so are dropped.

The migration 0015 creates the triggers. They write what was created, edited, deleted or restored in the transaction of
the change, without another statement of the application, whatever makes the change: a form, an import or an Undo. A new
row whose id is among the deleted ones is a restored one: its copy goes after that.
"""

from sqlalchemy import Connection, text

_INSERT = "INSERT INTO credential_change (action, public_id, changed_at)"
_DELETED_BATCH = text(
    f"{_INSERT} SELECT 'deleted', public_id, deleted_at FROM deleted_credential WHERE batch = :batch"  # noqa: S608
)


def note_deleted_batch(connection: Connection, batch: str) -> None:
    """Write down the rows that were copied to `deleted_credential` as `batch`, where no trigger did."""
    connection.execute(_DELETED_BATCH, {"batch": batch})
