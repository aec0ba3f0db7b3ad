"""Notices of changes: what was told, what waits to be sent, and which process watches."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_state()
    _create_messages()


def _create_state() -> None:
    op.create_table(
        "watched_credential",
        sa.Column("public_id", sa.String(36), primary_key=True),
        sa.Column("red_since", _MOMENT),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("expiry_told", _MOMENT),
    )
    op.create_table(
        "watcher",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("holder", sa.String(36), nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("started_at", _MOMENT),
        sa.Column("run_id", sa.String(36)),
    )


def _create_messages() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("public_id", sa.String(36), nullable=False),
        sa.Column("event", sa.String(10), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("before", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("happened_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT),
    )
    op.create_index("ix_notice_public_id", "notice", ["public_id"])
    op.create_table(
        "notice_delivery",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("changes", sa.Integer, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("given_up_at", _MOMENT),
    )
    op.create_index("ix_notice_delivery_next_at", "notice_delivery", ["next_at"])
