"""Writes down in `credential_change` which credentials were deleted, where the triggers that do so are dropped.

The migration 0015 creates the triggers. They write what was created, edited, deleted or restored in the transaction of
the change, without another statement of the application, whatever makes the change: a form, an import or an Undo. A new
row whose id is among the deleted ones is a restored one: its copy goes after that.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from credstore.column_types import UTCDateTime

_DELETED = text(
    "INSERT INTO credential_change (action, public_id, changed_at)"
    " SELECT 'deleted', value, :deleted_at FROM json_each(:public_ids)"
).bindparams(bindparam("deleted_at", type_=UTCDateTime))


def note_deleted(connection: Connection, public_ids: Sequence[str], deleted_at: datetime) -> None:
    """Write down on SQLite that these were deleted, where no trigger does."""
    connection.execute(_DELETED, {"public_ids": json.dumps(list(public_ids)), "deleted_at": deleted_at})
