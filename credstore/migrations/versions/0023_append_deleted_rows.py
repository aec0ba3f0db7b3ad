"""On SQLite deleted credentials are appended to their table.

SQLite keeps a table in the order of a primary key that is "INTEGER". The ids of what one deletion takes may lie between
those of an earlier one, so that the deletion wrote all pages of the table again. A primary key of another type name is
an index, and new rows go to the end. PostgreSQL has always done so; there one index of their names is enough, for equal
ones and for their beginnings.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_DEFINITIONS = sa.text(
    "SELECT sql FROM sqlite_master WHERE tbl_name = 'deleted_credential' AND sql IS NOT NULL ORDER BY type <> 'table'"
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.drop_index("ix_deleted_credential_name_key", "deleted_credential")  # ix_deleted_credential_name_prefix stays
        return
    table, *indexes_and_triggers = connection.scalars(_DEFINITIONS).all()
    changed = table.replace("id INTEGER NOT NULL", "id BIGINT NOT NULL", 1)
    if changed == table:
        raise ValueError("The table deleted_credential is not as the migrations before have made it.")
    # Not renamed: SQLite would change the triggers of other tables too, which name this one.
    connection.exec_driver_sql("CREATE TABLE deleted_credential_copy AS SELECT * FROM deleted_credential")
    connection.exec_driver_sql("DROP TABLE deleted_credential")
    connection.exec_driver_sql(changed)
    connection.exec_driver_sql(
        "INSERT INTO deleted_credential SELECT * FROM deleted_credential_copy ORDER BY deleted_at, id"
    )
    connection.exec_driver_sql("DROP TABLE deleted_credential_copy")
    for definition in indexes_and_triggers:
        connection.exec_driver_sql(definition)
