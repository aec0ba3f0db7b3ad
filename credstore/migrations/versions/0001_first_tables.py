"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _sealed_row() -> list[sa.Column[object]]:
    """A list made anew for each table: a column belongs to one table only."""
    return [
        sa.Column("public_id", sa.String(36), nullable=False, unique=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("name_key", sa.String(1024), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("public", sa.Text, nullable=False),
        sa.Column("holds", sa.String(255), nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("key_id", sa.String(8), nullable=False, index=True),
        sa.Column("fingerprint", sa.String(64)),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("last_used_at", _MOMENT),
        sa.Column("expires_at", _MOMENT),
        sa.Column("verdict", sa.Text),
        sa.Column("verdict_version", sa.Integer),
        sa.Column("verdict_at", _MOMENT),
    ]


def upgrade() -> None:
    op.create_table(
        "credential", sa.Column("id", sa.Integer, primary_key=True), *_sealed_row(), sqlite_autoincrement=True
    )
    op.create_index("ix_credential_kind", "credential", ["kind"])
    op.create_index("ix_credential_name_key", "credential", ["name_key"], unique=True)
    op.create_table(
        "deleted_credential",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        *_sealed_row(),
        sa.Column("batch", sa.String(36), nullable=False, index=True),
        sa.Column("deleted_at", _MOMENT, nullable=False, index=True),
    )
    op.create_table(
        "key_check",
        sa.Column("key_id", sa.String(8), primary_key=True),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    _create_access()


def _create_access() -> None:
    op.create_table(
        "admin",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("username", sa.String(150), nullable=False),
        sa.Column("username_key", sa.String(600), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "sign_in",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("admin_id", sa.Integer, sa.ForeignKey("admin.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "setup_link",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("expires_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "login_failure",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failed_at", _MOMENT, nullable=False, index=True),
    )
