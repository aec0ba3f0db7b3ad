"""Counts per block of ids, an index for every look-up, and the index for substring search.

`status` is the outcome that the list shows ("stale" after an edit); `content_version` is the version of the last edit
that changed what a test depends on.
"""

import json

import sqlalchemy as sa
from alembic import op

from credstore.migrations.ddl_0004 import create_search_index
from credstore.migrations.ddl_0012 import create_count_triggers

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BATCH = 1000
_TABLES = ("credential", "deleted_credential")


def upgrade() -> None:
    connection = op.get_bind()
    for table in _TABLES:
        op.add_column(table, sa.Column("status", sa.String(20), nullable=False, server_default="untested"))
        op.add_column(table, sa.Column("content_version", sa.Integer, nullable=False, server_default="1"))
        op.execute(f"UPDATE {table} SET content_version = version")  # noqa: S608
        _fill_status(connection, table)
    _create_indexes()
    op.create_table(
        "credential_count",
        sa.Column("block", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("total", sa.Integer, nullable=False),
    )
    create_count_triggers(connection)
    create_search_index(connection)


def _fill_status(connection: sa.Connection, table: str) -> None:
    chosen = sa.text(
        f"SELECT id, verdict, verdict_version = version FROM {table}"  # noqa: S608
        " WHERE verdict IS NOT NULL AND id > :last ORDER BY id LIMIT :batch"
    )
    change = sa.text(f"UPDATE {table} SET status = :status WHERE id = :id")  # noqa: S608
    last = 0
    while rows := connection.execute(chosen, {"last": last, "batch": _BATCH}).all():
        connection.execute(change, [{"id": row_id, "status": _status(text, fresh)} for row_id, text, fresh in rows])
        last = rows[-1][0]


def _status(verdict: str, fresh: object) -> str:
    try:
        outcome = str(json.loads(verdict)["outcome"])[:20]
    except (ValueError, KeyError, TypeError):
        return "untested"
    return outcome if fresh else "stale"


def _create_indexes() -> None:
    op.drop_index("ix_credential_kind", "credential")
    op.create_index("ix_credential_id", "credential", ["id"])
    op.create_index("ix_credential_kind_id", "credential", ["kind", "id"])
    op.create_index("ix_credential_status_id", "credential", ["status", "id", "kind"])
    op.create_index("ix_credential_fingerprint", "credential", ["fingerprint"])
    op.create_index("ix_credential_expires", "credential", ["expires_at", sa.text("id DESC"), "kind", "status"])
    op.create_index("ix_deleted_credential_name_key", "deleted_credential", ["name_key"])
    op.create_index("ix_login_session_seen_at", "login_session", ["seen_at"])
    op.create_index("ix_login_session_created_at", "login_session", ["created_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_credential_name_prefix", "credential", [sa.text('name_key COLLATE "C"')])
