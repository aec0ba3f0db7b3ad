"""Adds up the kept counts of credentials per type and status. Pure."""

from collections import Counter
from collections.abc import Mapping

from credstore.vault.list_filters import ListFilters

Stored = Mapping[tuple[str, str], int]  # by type and status


def exact_total(filters: ListFilters, stored: Stored) -> int | None:
    """How many credentials match; None where only reading them would tell."""
    if filters.query or filters.unused or filters.expiring is not None:
        return None
    return sum(by_type(filters, stored).values()) if not filters.kind else by_type(filters, stored).get(filters.kind, 0)


def by_type(filters: ListFilters, stored: Stored) -> dict[str, int]:
    """How many of each type have the status that is filtered."""
    found: Counter[str] = Counter()
    for (kind, status), count in stored.items():
        if filters.status in {"", status}:
            found[kind] += count
    return dict(found)


def by_status(filters: ListFilters, stored: Stored) -> dict[str, int]:
    """How many of each status are of the type that is filtered."""
    found: Counter[str] = Counter()
    for (kind, status), count in stored.items():
        if filters.kind in {"", kind}:
            found[status] += count
    return dict(found)
