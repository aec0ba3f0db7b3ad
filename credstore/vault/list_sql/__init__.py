"""Every SQL statement of the list: a page of it (`pages`), and what a search or filter finds (`matches`)."""

from credstore.vault.list_sql.matches import MatchingIds
from credstore.vault.list_sql.orders import MAX_ID
from credstore.vault.list_sql.pages import (
    FULL_COLUMNS,
    LIST_COLUMNS,
    PageRows,
    RowColumns,
    Totals,
    read_page,
    read_rows,
    read_rows_below,
    totals,
)

__all__ = [
    "FULL_COLUMNS",
    "LIST_COLUMNS",
    "MAX_ID",
    "MatchingIds",
    "PageRows",
    "RowColumns",
    "Totals",
    "read_page",
    "read_rows",
    "read_rows_below",
    "totals",
]
