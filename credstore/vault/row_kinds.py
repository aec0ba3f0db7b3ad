"""What a page reads of each credential: the whole record, or no more than the table shows."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple

from credstore.vault import list_sql
from credstore.vault.kept_records import to_kept_record
from credstore.vault.records import RowType, to_list_row


class RowKind(NamedTuple, Generic[RowType]):
    """The columns that a page reads of each credential, and what is made of them with the ids of the readable keys."""

    columns: list_sql.RowColumns
    make: Callable[[Sequence[Any], tuple[str, ...]], RowType]


RECORDS = RowKind(list_sql.FULL_COLUMNS, to_kept_record)
LIST_ROWS = RowKind(list_sql.LIST_COLUMNS, to_list_row)
