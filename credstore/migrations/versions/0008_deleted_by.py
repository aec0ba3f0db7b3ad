"""Who deleted a credential, and the indexes of the page of deleted ones: their order and the search in their names."""

import sqlalchemy as sa
from alembic import op

from credstore.migrations.ddl_0004 import has_search_index

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLE = "deleted_credential"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("deleted_by", sa.String(150)))
    op.drop_index("ix_deleted_credential_deleted_at", _TABLE)
    op.create_index("ix_deleted_credential_deleted_at_id", _TABLE, ["deleted_at", "id"])
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.create_index("ix_deleted_credential_name_prefix", _TABLE, [sa.text('name_key COLLATE "C"')])
        if has_search_index(connection):  # then the extension is there
            op.execute(
                "CREATE INDEX IF NOT EXISTS ix_deleted_credential_name_trgm ON deleted_credential"
                " USING gin (name_key gin_trgm_ops)"
            )
