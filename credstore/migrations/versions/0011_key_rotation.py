"""What a change of the encryption key needs: rows found by key and order, keys that are lost, the last rotation."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_PRIMARY_KEYS = {"credential": "id", "deleted_credential": "id", "replaced_secret": "public_id"}


def upgrade() -> None:
    for table, primary_key in _PRIMARY_KEYS.items():
        op.drop_index(f"ix_{table}_key_id", table)
        op.create_index(f"ix_{table}_key_id", table, ["key_id", primary_key])
    op.add_column("key_check", sa.Column("lost_at", _MOMENT))
    op.create_table(
        "key_rotation",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("heartbeat_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("rotated", sa.Integer, nullable=False),
        sa.Column("unreadable", sa.Integer, nullable=False),
    )
