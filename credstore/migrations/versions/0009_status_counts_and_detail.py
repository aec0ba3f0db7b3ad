"""Counts per type and status, and the Detail column as it is shown, with an index to sort by it.

`detail` of rows that are there is filled from their public values and, for a bot, from its last test. What an encrypted
value says of a repository or a tool is added by the next test or edit.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from credstore.migrations.ddl_0009 import create_status_count_triggers

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_BATCH = 1000
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    connection = op.get_bind()
    for table in ("credential", "deleted_credential"):
        op.add_column(table, sa.Column("detail", _TEXT))
        _fill_detail(connection, table)
    op.create_index(
        "ix_credential_detail",
        "credential",
        [sa.text("substr(detail, 1, 64)"), sa.text("id DESC"), "kind", "status"],
    )
    op.create_table(
        "credential_status_count",
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("status", sa.String(20), primary_key=True),
        sa.Column("total", sa.Integer, nullable=False),
    )
    create_status_count_triggers(connection)


def _fill_detail(connection: sa.Connection, table: str) -> None:
    chosen = sa.text(
        f"SELECT id, kind, public, CASE WHEN verdict_version = content_version THEN verdict END FROM {table}"  # noqa: S608
        " WHERE id > :last ORDER BY id LIMIT :batch"
    )
    change = sa.text(f"UPDATE {table} SET detail = :detail WHERE id = :id")  # noqa: S608
    last = 0
    while rows := connection.execute(chosen, {"last": last, "batch": _BATCH}).all():
        details = ((row_id, _detail(kind, public, verdict)) for row_id, kind, public, verdict in rows)
        if filled := [{"id": row_id, "detail": detail} for row_id, detail in details if detail]:
            connection.execute(change, filled)
        last = rows[-1][0]


def _detail(kind: str, public: str, verdict: str | None) -> str:
    values = _object(public)
    if kind == "llm":
        return "\n".join(str(values[name]) for name in ("provider_type", "base_url") if values.get(name))
    facts = _object(verdict or "{}").get("facts")
    if kind == "telegram" and isinstance(facts, list) and facts and str(facts[0]).startswith("@"):
        return str(facts[0])
    return ""


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
