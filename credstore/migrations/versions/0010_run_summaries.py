"""What a run covered and who started it, its results in numbers, and an index that puts failures first."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# The groups of `vault/run_records.py` as they were then: 0 failed, 1 not clear, 2 passed, 3 not tested.
_RANK = """CASE WHEN outcome = '' THEN 3 WHEN outcome IN ('verified', 'accepted-limited') THEN 2
    WHEN outcome IN ('rejected', 'not-reached', 'blocked', 'unreadable') THEN 0 ELSE 1 END"""


def upgrade() -> None:
    op.add_column("test_run", sa.Column("started_by", sa.String(150), nullable=False, server_default=""))
    op.add_column("test_run", sa.Column("scope", sa.String(400), nullable=False, server_default=""))
    op.add_column("test_run", sa.Column("total", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_test_run_ended_at", "test_run", ["ended_at"])
    op.add_column("test_run_item", sa.Column("rank", sa.SmallInteger, nullable=False, server_default="3"))
    op.create_table(
        "test_run_count",
        sa.Column("run_id", sa.String(36), sa.ForeignKey("test_run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("outcome", sa.String(20), primary_key=True),
        sa.Column("total", sa.Integer, nullable=False),
    )
    op.execute(f"UPDATE test_run_item SET rank = {_RANK}")  # noqa: S608
    op.execute(
        "UPDATE test_run SET total = (SELECT count(*) FROM test_run_item WHERE test_run_item.run_id = test_run.id)"
    )
    op.execute(
        "INSERT INTO test_run_count (run_id, outcome, total) SELECT run_id, outcome, count(*) FROM test_run_item"
        " WHERE outcome <> '' GROUP BY run_id, outcome"
    )
    op.create_index("ix_test_run_item_rank", "test_run_item", ["run_id", "rank", "position"])
