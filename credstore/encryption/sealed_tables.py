"""The tables that hold encrypted values. What works on "every secret" works on these; a new such table belongs here."""

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Table

from credstore.models import Credential, DeletedCredential
from credstore.replaced_secret_model import ReplacedSecret


@dataclass(frozen=True, slots=True)
class SealedTable:
    """`one` and `many` name its rows. `key` is the name of the primary key, by which the rows are read in order."""

    table: Table
    key: str
    one: str
    many: str

    @property
    def columns(self) -> Any:
        return self.table.c

    @property
    def primary_key(self) -> ColumnElement[Any]:
        return cast("ColumnElement[Any]", self.table.c[self.key])

    def words(self, number: int) -> str:
        return f"{number:,} {self.one if number == 1 else self.many}"


SEALED_TABLES = (
    SealedTable(cast(Table, Credential.__table__), "id", "credential", "credentials"),
    SealedTable(cast(Table, DeletedCredential.__table__), "id", "deleted credential", "deleted credentials"),
    SealedTable(cast(Table, ReplacedSecret.__table__), "public_id", "replaced secret", "replaced secrets"),
)
