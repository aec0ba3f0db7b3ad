"""Alembic's environment: runs migrations on the connection that `credstore.migrate` opened. Reads no settings."""

from alembic import context

from credstore.models import Base
from credstore.replaced_secret_model import ReplacedSecret  # noqa: F401 - a table of the metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
