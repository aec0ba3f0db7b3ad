"""Compares the stored counts and the search index with the credentials, and rebuilds them."""

from dataclasses import dataclass

from credstore.block_counts import count_differences, rebuild_counts
from credstore.database import AnySession, write_transaction
from credstore.search_index import has_search_index, rebuild_search_index, search_index_differs
from credstore.status_counts import rebuild_status_counts, status_count_differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """`wrong_counts` counts the stored counts that differ, of blocks of ids and of statuses; `credentials` is how many
    rows there really are.
    """

    credentials: int
    wrong_counts: int
    search_index: bool
    search_index_differs: bool

    @property
    def sound(self) -> bool:
        return not (self.wrong_counts or self.search_index_differs)


def check_consistency(session: AnySession) -> Consistency:
    """Recount every row. Writes nothing; on SQLite other writers wait meanwhile, as the search index is checked."""
    with write_transaction(session):
        connection = session.connection()
        return Consistency(
            credentials=int(connection.exec_driver_sql("SELECT count(*) FROM credential").scalar_one()),
            wrong_counts=len(count_differences(connection)) + len(status_count_differences(connection)),
            search_index=has_search_index(connection),
            search_index_differs=search_index_differs(connection),
        )


def rebuild(session: AnySession) -> None:
    """Rebuild the counts and the search index, in one transaction; create the index where it is missing."""
    with write_transaction(session, bulk=True):
        connection = session.connection()
        rebuild_counts(connection)
        rebuild_status_counts(connection)
        rebuild_search_index(connection)
