"""Copies credentials by SQL: a million rows take a minute, where creating them one by one would take an hour.

A copy has a name, an id and a fingerprint of its own and shares the rest, the encrypted text too, with its original.
The list shows it like any other row; only `resolve` would refuse it: the encrypted text is bound to the original's id.
"""

import time
from typing import Any
from uuid import uuid4

from sqlalchemy import BigInteger, ColumnElement, Connection, String, case, cast, func, insert, literal, select

from credstore.models import Credential
from tests.bench.originals import COUNT

COPIES_A_MILLISECOND = 4  # as far as their ids say
RARE_WORD = "zanzibar"  # in the names of three copies
_TABLE: Any = Credential.__table__


def copy_originals(connection: Connection, rows: int) -> None:
    """Insert so many copies of the first COUNT rows, in turn, with ids that increase."""
    if connection.dialect.name == "sqlite":  # PostgreSQL has it
        connection.connection.create_function("gen_random_uuid", 0, lambda: str(uuid4()))
        connection.connection.create_function("to_hex", 1, lambda value: f"{value:x}")
        connection.connection.create_function("lpad", 3, str.rjust)
    first, highest = connection.execute(select(func.min(_TABLE.c.id), func.max(_TABLE.c.id))).one()
    start = select(literal(highest + 1).label("value")).cte("number", recursive=True)
    number = start.union_all(select(start.c.value + 1).where(start.c.value < highest + rows)).c.value
    rare = number.in_([highest + rows // 4, highest + rows // 2, highest + rows])
    ending = " " + cast(number, String)
    uuid = cast(func.gen_random_uuid(), String)
    own = {
        "public_id": _public_id(number, uuid),
        "fingerprint": func.replace(cast(func.gen_random_uuid(), String) + uuid, "-", ""),
        "name": case((rare, RARE_WORD.title()), else_=_TABLE.c.name) + ending,
        "name_key": case((rare, RARE_WORD), else_=_TABLE.c.name_key) + ending,
    }
    names = [column.name for column in _TABLE.columns if column.name != "id"]
    original = _TABLE.c.id == first + number % COUNT
    copies = select(*(own.get(name, _TABLE.c[name]) for name in names)).where(original).order_by(number)
    connection.execute(insert(_TABLE).from_select(names, copies))


def _public_id(number: ColumnElement[int], uuid: ColumnElement[str]) -> ColumnElement[str]:
    """A UUID of version 7, as the application makes them: it begins with a moment, and a later row has a later one."""
    start = time.time_ns() // 1_000_000
    milliseconds = literal(start, BigInteger) + number // COPIES_A_MILLISECOND
    moment = func.lpad(func.to_hex(milliseconds), 12, "0")
    return func.substr(moment, 1, 8) + "-" + func.substr(moment, 9) + "-7" + func.substr(uuid, 16)
