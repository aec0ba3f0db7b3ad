"""Alembic's environment: runs migrations on the connection that `credstore.migrate` opened. Reads no settings."""

from alembic import context

from credstore.audit_model import AuditEntry  # noqa: F401 - a table of the metadata
from credstore.key_rotation_model import KeyRotation  # noqa: F401 - a table of the metadata
from credstore.machine_token_model import MachineTokenRow  # noqa: F401 - a table of the metadata
from credstore.models import Base
from credstore.notice_models import Notice  # noqa: F401 - a table of the metadata
from credstore.reference_models import CredentialReference  # noqa: F401 - a table of the metadata
from credstore.replaced_secret_model import ReplacedSecret  # noqa: F401 - a table of the metadata
from credstore.run_models import TestRun  # noqa: F401

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
