"""Every SQL statement of the list: a page of it (`pages`), and what a search or filter finds (`matches`)."""

from credstore.vault.list_sql.matches import MatchingIds
from credstore.vault.list_sql.orders import MAX_ID
from credstore.vault.list_sql.pages import (
    FULL_COLUMNS,
    Ids,
    PagePosition,
    Totals,
    full_rows,
    list_rows,
    totals,
    totals_and_position,
)

__all__ = [
    "FULL_COLUMNS",
    "MAX_ID",
    "Ids",
    "MatchingIds",
    "PagePosition",
    "Totals",
    "full_rows",
    "list_rows",
    "totals",
    "totals_and_position",
]
