"""Finds the names of credentials by their ids and the other way round, stored or deleted, for the audit log's page."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import select

from credstore.database import in_list
from credstore.models import Credential, DeletedCredential
from credstore.vault.name_search import by_code_point
from credstore.vault.restore_chosen import possible_ids
from credstore.vault.store import CredentialStore

MOST_IDS = 20  # deleted ones may share a name


class Named(NamedTuple):
    """The name that a credential has now, and whether it is deleted."""

    name: str
    deleted: bool


class Names:
    """Looks up names. What was erased for good has none."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def named(self, public_ids: Collection[str]) -> dict[str, Named]:
        """The name of each of these ids that is stored or deleted."""
        session, asked = self._store.session, possible_ids(set(public_ids))
        found: dict[str, Named] = {}
        for table in (DeletedCredential, Credential):
            rows = select(table.public_id, table.name).where(in_list(session, table.public_id, asked))
            for public_id, name in session.execute(rows):
                found[public_id] = Named(name, table is DeletedCredential)
        return found

    def ids_named(self, name: str) -> tuple[str, ...]:
        """The ids of the credentials of this name, in upper or lower case: the stored one, then deleted ones."""
        session, key = self._store.session, name.strip().replace("\0", "").casefold()
        found: list[str] = []
        dialect = session.connection().dialect.name
        for table in (Credential, DeletedCredential):
            rows = select(table.public_id).where(by_code_point(table.name_key, dialect) == key).limit(MOST_IDS)
            found += session.scalars(rows)
        return tuple(dict.fromkeys(found[:MOST_IDS]))
