"""Starts a search of the list: chooses how names are searched, and which rows count as unreadable."""

from credstore.vault.list_counts import Stored, exact_total
from credstore.vault.list_filters import ListFilters
from credstore.vault.list_sql import MatchingIds
from credstore.vault.name_search import NameSearch
from credstore.vault.store import CredentialStore


class ListSearch:
    """What the page and a run over "all that match" search by, so that both mean the same by a filter."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store
        self._names = NameSearch(store.session)

    def matching(self, filters: ListFilters, stored: Stored) -> MatchingIds:
        """The ids that match; `stored` are the counts of the stored credentials."""
        by_status = filters.status or filters.sort in {"status", "-status"}
        missing_keys = self._store.missing_keys() if by_status else ()
        method = self._names.method(filters, sum(stored.values()))
        total = None if missing_keys and filters.status else exact_total(filters, stored)
        kinds = {kind for kind, _ in stored}
        return MatchingIds(self._store.session, filters, method, missing_keys=missing_keys, kinds=kinds, total=total)
