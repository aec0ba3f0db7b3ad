"""Makes records of rows of `list_sql.FULL_COLUMNS`, and keeps them: programs read the same rows again and again."""

from collections.abc import Sequence
from functools import lru_cache
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

from credstore.column_types import EPOCH, parse_json_object, parse_moment
from credstore.models import Credential
from credstore.vault.list_sql import FULL_COLUMNS
from credstore.vault.records import Record, to_record

MOST_KEPT = 512
_NAMES = tuple(column.name for column in FULL_COLUMNS)
_NEVER_NONE = ("created_at", "updated_at")
_MOMENTS = (*_NEVER_NONE, "last_used_at", "expires_at", "verdict_at")


def to_kept_record(row: Sequence[Any], readable_keys: tuple[str, ...]) -> Record:
    """The public side of a row. The same values give the same object, while it is kept. Decrypts nothing."""
    return _record(tuple(row), readable_keys)


@lru_cache(maxsize=MOST_KEPT)
def _record(values: tuple[Any, ...], readable_keys: tuple[str, ...]) -> Record:
    row = dict(zip(_NAMES, values, strict=True))
    row |= {name: parse_moment(row[name]) for name in _MOMENTS}
    row |= {name: row[name] or EPOCH for name in _NEVER_NONE}
    row["public"] = MappingProxyType(parse_json_object(row["public"]))  # who reads one object must not change another's
    row["verdict"] = row["verdict"] and parse_json_object(row["verdict"])
    return to_record(cast("Credential", SimpleNamespace(**row)), readable_keys)
