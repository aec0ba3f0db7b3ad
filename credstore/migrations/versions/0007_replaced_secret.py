"""The table of replaced secrets, which can be put back for a few hours."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "replaced_secret",
        sa.Column("public_id", sa.String(36), primary_key=True),
        sa.Column("public", sa.Text, nullable=False),
        sa.Column("secret_names", sa.String(255), nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("key_id", sa.String(8), nullable=False, index=True),
        sa.Column("fingerprint", sa.String(64)),
        sa.Column("content_version", sa.Integer, nullable=False),
        sa.Column("expires_at", _MOMENT),
        sa.Column("expiry_from_provider", sa.Boolean, nullable=False),
        sa.Column("verdict", sa.Text),
        sa.Column("verdict_version", sa.Integer),
        sa.Column("verdict_at", _MOMENT),
        sa.Column("replaced_at", _MOMENT, nullable=False, index=True),
    )
