"""Every SQL statement of the list: a page of it (`pages`), and what a search or filter finds (`matches`)."""

from credstore.vault.list_sql.matches import MatchingIds
from credstore.vault.list_sql.pages import MAX_ID, Ids, PagePosition, full_rows, list_rows, position, totals

__all__ = ["MAX_ID", "Ids", "MatchingIds", "PagePosition", "full_rows", "list_rows", "position", "totals"]
