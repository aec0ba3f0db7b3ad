"""The search, filters and order of the list, cleaned: what the page, the JSON and a run over "all that match" share."""

import unicodedata
from dataclasses import dataclass
from typing import Literal, cast, get_args

from credstore.credential_types import by_slug
from credstore.probe import Outcome

MAX_DAYS = 36_500

# A minus turns an order around. "" is the order of the list without any: newest first, or soonest expiry first where
# only what expires is shown.
Sort = Literal[
    "",
    "created",
    "-created",
    "name",
    "-name",
    "type",
    "-type",
    "detail",
    "-detail",
    "status",
    "-status",
    "expires",
    "used",
    "-used",
]
SORTS = frozenset(get_args(Sort)) - {""}
# The order of statuses, by what asks for somebody's attention first.
STATUS_ORDER = (
    *(Outcome.REJECTED, Outcome.BLOCKED, Outcome.UNREADABLE, Outcome.NOT_REACHED, Outcome.PROVIDER_TROUBLE),
    *(Outcome.CANNOT_TELL, Outcome.KEY_NOT_CHECKED, Outcome.ACCEPTED_UNPROVEN, Outcome.STALE, Outcome.UNTESTED),
    *(Outcome.ACCEPTED_LIMITED, Outcome.VERIFIED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilters:
    """Build it with `clean`. "" and None filter nothing; the default order is newest first.

    `query` looks in names, ignoring case; `kind` is a type's slug; `expiring` keeps credentials that expire within so
    many days or have expired; `status` is an outcome as the list shows it; `unused` keeps those that nobody is known to
    use.
    """

    query: str = ""
    kind: str = ""
    expiring: int | None = None
    status: str = ""
    unused: bool = False
    sort: Sort = ""

    @classmethod
    def clean(
        cls,
        *,
        query: str = "",
        kind: str = "",
        expiring: int | None = None,
        status: str = "",
        unused: bool = False,
        sort: str = "",
    ) -> "ListFilters":
        """Filters from any text; what does not make sense filters nothing."""
        return cls(
            query=_clean_query(query),
            kind=kind if by_slug(kind) else "",
            expiring=None if expiring is None else min(max(expiring, 0), MAX_DAYS),
            status=status if status in set(Outcome) else "",
            unused=unused,
            sort=_clean_sort(sort, dated=expiring is not None),
        )

    @property
    def search_key(self) -> str:
        """What is looked for in `Credential.name_key`."""
        return self.query.casefold()

    @property
    def by_id(self) -> bool:
        """Whether the order is that of creation, newest or oldest first."""
        return self.sort in {"", "created", "-created"}

    @property
    def narrows(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.query or self.kind or self.status or self.unused or self.expiring is not None)

    @property
    def counted(self) -> bool:
        """Whether page numbers come from the kept counts: for the whole list and for one type, by creation."""
        return self.by_id and not (self.query or self.status or self.unused or self.expiring is not None)


def _clean_query(text: str) -> str:
    """The text to look for in names: composed, at most 255 characters, and without NUL, which PostgreSQL refuses."""
    return unicodedata.normalize("NFC", text[:1020]).replace("\0", "").strip()[:255]


def _clean_sort(sort: str, *, dated: bool) -> Sort:
    """Each order has one name, so that the links to it have one address."""
    known = cast(Sort, sort if sort in SORTS else "")
    if dated:
        return known or "expires"
    return "" if known == "-created" else known
