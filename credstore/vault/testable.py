"""Which credentials a run over some, or over all that match, would test; and in words, what it covers."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import select

from credstore.credential_types import CREDENTIAL_TYPES, by_slug
from credstore.database import in_list
from credstore.models import Credential
from credstore.probe import Outcome
from credstore.vault import list_sql
from credstore.vault.list_counts import by_type
from credstore.vault.list_filters import ListFilters
from credstore.vault.list_search import ListSearch
from credstore.vault.queries import MAX_COUNTED
from credstore.vault.store import CredentialStore

EVERYTHING = ListFilters()


class Testable:
    """Finds what can be tested. What matches is what the list shows for the same filters."""

    __test__ = False  # no test class, whatever its name

    def __init__(self, store: CredentialStore) -> None:
        self._store = store
        self._search = ListSearch(store)

    def count_testable(self, filters: ListFilters = EVERYTHING) -> tuple[int, bool]:
        """How many credentials a run over all that match would test, and whether there are more: counts to 1,000."""
        slugs = [known.slug for known in CREDENTIAL_TYPES if known.testable]
        stored = list_sql.totals(self._store.session)
        filters = replace(filters, sort="" if filters.expiring is None else "expires")
        if filters.counted:
            counts = by_type(filters, stored)
            return sum(counts.get(slug, 0) for slug in slugs if filters.kind in {"", slug}), False
        matching = self._search.matching(filters, stored)
        found = matching.first(MAX_COUNTED + 1)
        counts = by_type(filters, matching.counts(found[:MAX_COUNTED]))
        return sum(counts.get(slug, 0) for slug in slugs), len(found) > MAX_COUNTED

    def list_testable(
        self, public_ids: Iterable[str] | None = None, filters: ListFilters = EVERYTHING
    ) -> list[tuple[str, str]]:
        """(id, name) of what a run over these credentials, or over all that match, would test; newest first.

        Reads all of them.
        """
        session = self._store.session
        slugs = {known.slug for known in CREDENTIAL_TYPES if known.testable}
        statement = select(Credential.public_id, Credential.name, Credential.kind)
        if public_ids is not None:
            wanted = in_list(session, Credential.public_id, [found for found in public_ids if "\0" not in found])
            statement = statement.where(wanted)
        if filters.narrows:
            matching = self._search.matching(filters, list_sql.totals(session))
            statement = statement.where(Credential.id.in_(matching.all()))
        rows = session.execute(statement.order_by(Credential.id.desc()))
        # Types are told apart here: as a condition they would lead SQLite through every row of them.
        return [(public_id, name) for public_id, name, slug in rows if slug in slugs]


def scope_in_words(filters: ListFilters) -> str:
    """What a run over all that match covers: "LLM credentials with “prod” in the name, status Rejected"."""
    kind = by_slug(filters.kind)
    words = [f"{kind.label if kind else 'All'} credentials"]
    if filters.query:
        words[0] += f" with “{filters.query}” in the name"
    if filters.status:
        words.append(f"status {Outcome(filters.status).label}")
    if filters.unused:
        words.append("used by nobody")
    if filters.expiring is not None:
        words.append(f"ending within {filters.expiring} days")
    return ", ".join(words)
