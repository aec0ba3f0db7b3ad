"""Adds runs, the history of verdicts, what is known about hosts, and whether an expiry date came from the provider."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table in ("credential", "deleted_credential"):
        told = sa.Column("expiry_told", sa.Boolean, nullable=False, server_default=sa.false())
        op.add_column(table, told)
    op.create_table(
        "past_verdict",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("public_id", sa.String(36), nullable=False, index=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("tested_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "host_fact",
        sa.Column("asked", sa.String(64), primary_key=True),
        sa.Column("openness", sa.String(10), nullable=False),
        sa.Column("learned_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("started_at", _MOMENT, nullable=False, index=True),
        sa.Column("beat_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("cancelled", sa.Boolean, nullable=False),
    )
    op.create_table(
        "run_item",
        sa.Column("run_id", sa.String(36), sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("public_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
