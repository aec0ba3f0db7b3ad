"""Counts per block of 8,192 ids, and one index less on PostgreSQL.

Blocks had 4,096 ids: to add them all up was a fifth of the time of a page of 1,000,000 rows. PostgreSQL's index of the
primary key serves what `ix_credential_id` was for; SQLite's primary key is the table itself, which is wide.
"""

from alembic import op

from credstore.migrations.ddl_0012 import replace_count_triggers

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    replace_count_triggers(connection)
    if connection.dialect.name == "postgresql":
        op.drop_index("ix_credential_id", "credential")
