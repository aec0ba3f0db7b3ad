"""A lease on each item of a run, so that several servers share one, and what a killed one held is taken over."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("test_run_item", sa.Column("leased_until", sa.DateTime(timezone=True)))
