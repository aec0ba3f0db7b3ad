"""Alembic's environment: runs migrations on the connection that `credstore.migrate` opened. Reads no settings."""

from alembic import context

from credstore.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
