"""What uses a credential, how many workflows that are, and what became of each credential, for those that use it."""

import sqlalchemy as sa
from alembic import op

from credstore.migrations.ddl_0015 import create_change_triggers

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table in ("credential", "deleted_credential"):
        op.add_column(table, sa.Column("used_by", sa.Integer))
        # What was used before is not "unused"; by whom is not known.
        op.execute(f"UPDATE {table} SET used_by = 0 WHERE last_used_at IS NOT NULL")  # noqa: S608
    op.create_index("ix_credential_used_by", "credential", ["used_by", sa.text("id DESC"), "kind", "status"])
    op.create_table(
        "credential_reference",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("public_id", sa.String(36), nullable=False),
        sa.Column("consumer", sa.String(200), nullable=False),
        sa.Column("node", sa.String(200), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("link", sa.String(2000), nullable=False),
        sa.Column("registered", sa.Boolean, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_used_at", _MOMENT),
        sqlite_autoincrement=True,
    )
    uses = ["public_id", "consumer", "node"]
    op.create_index("ix_credential_reference_uses", "credential_reference", uses, unique=True)
    op.create_index("ix_credential_reference_consumer", "credential_reference", ["consumer", "id"])
    _partial_index("ix_credential_reference_seen", "credential_reference", "last_used_at", "NOT registered")
    op.create_table(
        "credential_change",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("position", sa.Integer),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("public_id", sa.String(36), nullable=False),
        sa.Column("moved_to", sa.String(36)),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_credential_change_position", "credential_change", ["position"], unique=True)
    _partial_index("ix_credential_change_new", "credential_change", "id", "position IS NULL")
    op.create_index("ix_credential_change_changed_at", "credential_change", ["changed_at"])
    create_change_triggers(op.get_bind())


def _partial_index(name: str, table: str, column: str, condition: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))
