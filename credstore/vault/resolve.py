"""Resolve: the only use case that gives the secrets of a credential in clear. In process only: no route calls it."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from credstore.database import write_transaction
from credstore.errors import StorageError
from credstore.models import Credential, utc_now
from credstore.vault.store import CredentialStore, select_secrets

LAST_USED_EVERY = timedelta(minutes=1)  # how often at most the time of the last use is written


class Resolver:
    """Gives the values of a credential to a workflow node."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def resolve(self, public_id: str) -> dict[str, Any]:
        """All values of a credential, secrets in clear, for a workflow node. In process only: no route leads here.

        Raises NotFound, Locked or Unreadable; never gives blanks in place of a secret.
        """
        row = self._store.row_with_sealed(public_id)
        values = {**row.public, **select_secrets(self._store.unseal(row), row.secret_names.split())}
        moment, row_id = utc_now(), row.id  # the write below begins anew, and the row is read no more
        if row.last_used_at is None or row.last_used_at < moment - LAST_USED_EVERY:
            # A workflow must not fail because the note of its use cannot be written.
            with suppress(StorageError), write_transaction(self._store.session):
                used = update(Credential).where(Credential.id == row_id).values(last_used_at=moment)
                self._store.session.execute(used.execution_options(synchronize_session=False))
        return values
