"""How the search for a text in names is done: by the search index, by the beginning of names, or row by row.

Row by row only while the table is small. A search alone costs no more because the table is longer; with a filter for a
status or type that few rows have, it may look at as many index entries as the text or the filter finds.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, collate, column, exists, literal_column, select, table
from sqlalchemy.orm import InstrumentedAttribute

from credstore.database import AnySession
from credstore.models import Credential, DeletedCredential
from credstore.search_index import MIN_CHARACTERS, has_search_index
from credstore.vault.list_filters import ListFilters

MAX_ROWS_WITHOUT_INDEX = 10_000  # up to so many rows every name may be looked at
_AFTER_ALL = "\U0010ffff"

_search = table("credential_search", column("rowid"))
SEARCH_ROW: ColumnElement[int] = literal_column("credential_search.rowid", Integer)


class Method(Enum):
    """How names are searched."""

    NONE = "none"
    EVERY_NAME = "every name"
    INDEX = "index"
    BEGINNING = "beginning"


class NameSearch:
    """Chooses the method for each search. One per application; it remembers that the search index exists."""

    def __init__(self, session: AnySession) -> None:
        self._session = session
        self._has_index = False

    def method(self, filters: ListFilters, total: int) -> Method:
        """`total` is how many credentials are stored."""
        if not filters.query:
            return Method.NONE
        if total <= MAX_ROWS_WITHOUT_INDEX:
            return Method.EVERY_NAME
        return Method.INDEX if len(filters.search_key) >= MIN_CHARACTERS and self._index_exists() else Method.BEGINNING

    def _index_exists(self) -> bool:
        self._has_index = self._has_index or has_search_index(self._session.connection())
        return self._has_index


def contains(filters: ListFilters) -> ColumnElement[bool]:
    """The names that have the text in them. PostgreSQL answers it from its trigram index."""
    return Credential.name_key.contains(filters.search_key, autoescape=True)


def by_code_point(column: InstrumentedAttribute[str], dialect: str) -> Any:
    """A name as the indexes for its order and beginning have it: PostgreSQL takes them for no other comparison."""
    return collate(column, "C") if dialect == "postgresql" else column


def begins(
    filters: ListFilters, dialect: str, column: InstrumentedAttribute[str] = Credential.name_key
) -> tuple[ColumnElement[bool], Any]:
    """The names that begin with the text, and the order of the index that finds them."""
    key = by_code_point(column, dialect)
    return (key >= filters.search_key) & (key < filters.search_key + _AFTER_ALL), key


def full_text_select(filters: ListFilters, conditions: Sequence[ColumnElement[bool]]) -> Select[int]:
    """SQLite: the ids of stored credentials that the search index finds and that meet `conditions`."""
    stored = exists().where(Credential.id == SEARCH_ROW, *conditions)  # the index keeps deleted credentials as well
    return select(SEARCH_ROW).select_from(_search).where(_match(filters), stored)


def deleted_in_full_text(filters: ListFilters) -> Select[int]:
    """SQLite: the ids of deleted credentials that the search index finds."""
    deleted = exists().where(DeletedCredential.id == SEARCH_ROW)
    return select(SEARCH_ROW).select_from(_search).where(_match(filters), deleted)


def in_full_text(filters: ListFilters) -> ColumnElement[bool]:
    """SQLite: what the search index finds, as a condition on Credential, for an order other than newest first."""
    return Credential.id.in_(select(SEARCH_ROW).select_from(_search).where(_match(filters)))


def _match(filters: ListFilters) -> ColumnElement[bool]:
    wanted = f"name_key : {_phrase(filters.search_key)}"
    if filters.kind:
        wanted += f" AND kind : {_phrase(f'={filters.kind}=')}"
    return literal_column("credential_search").op("MATCH", is_comparison=True)(wanted)


def _phrase(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
