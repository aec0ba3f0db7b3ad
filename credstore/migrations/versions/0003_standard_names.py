"""Gives tables and columns the names that the code uses. Changes no data."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES: tuple[tuple[str, str], ...] = (
    ("past_verdict", "verdict_history"),
    ("host_fact", "host_openness"),
    ("run", "test_run"),
)
_TABLES += (("run_item", "test_run_item"), ("sign_in", "login_session"))
_COLUMNS = (
    ("credential", "holds", "secret_names"),
    ("credential", "expiry_told", "expiry_from_provider"),
    ("deleted_credential", "holds", "secret_names"),
    ("deleted_credential", "expiry_told", "expiry_from_provider"),
    ("host_openness", "asked", "destination_hash"),
    ("test_run", "beat_at", "heartbeat_at"),
)


def upgrade() -> None:
    # Plain SQL: Alembic's own rename would copy the whole table on SQLite.
    for old, new in _TABLES:
        op.execute(f'ALTER TABLE "{old}" RENAME TO "{new}"')
    for table, old, new in _COLUMNS:
        op.execute(f'ALTER TABLE "{table}" RENAME COLUMN "{old}" TO "{new}"')
