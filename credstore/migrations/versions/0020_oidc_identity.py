"""Which user an OpenID Connect provider means by an issuer and a subject.

A user without a password here has an empty `password_hash`, which no password fits.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oidc_identity",
        sa.Column("issuer", sa.String(2048), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("admin_id", sa.Integer, sa.ForeignKey("admin.id", ondelete="CASCADE"), nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
