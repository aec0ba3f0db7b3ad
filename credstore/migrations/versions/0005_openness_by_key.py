"""Keeps with what a test learned of a destination the fingerprint of the very key that was proven there.

Drops what was remembered: it is a memory of a day, and says nothing of which key it was learned with.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("host_openness")
    op.create_table(
        "host_openness",
        sa.Column("destination_hash", sa.String(64), primary_key=True),
        sa.Column("key_fingerprint", sa.String(64), primary_key=True),
        sa.Column("openness", sa.String(10), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
