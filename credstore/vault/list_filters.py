"""The search, filters and order of the list, cleaned: what the page, the JSON and a run over "all that match" share."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from credstore.credential_types import by_slug
from credstore.probe import Outcome

MAX_DAYS = 36_500

Sort = Literal["", "expires"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilters:
    """Build it with `clean`. "" and None filter nothing; the default order is newest first.

    `query` looks in names, ignoring case; `kind` is a type's slug; `expiring` keeps credentials that expire within so
    many days or have expired, the soonest first; `status` is an outcome as the list shows it.
    """

    query: str = ""
    kind: str = ""
    expiring: int | None = None
    status: str = ""
    sort: Sort = ""

    @classmethod
    def clean(
        cls, *, query: str = "", kind: str = "", expiring: int | None = None, status: str = "", sort: str = ""
    ) -> "ListFilters":
        """Filters from any text; what does not make sense filters nothing."""
        return cls(
            query=_clean_query(query),
            kind=kind if by_slug(kind) else "",
            expiring=None if expiring is None else min(max(expiring, 0), MAX_DAYS),
            status=status if status in set(Outcome) else "",
            sort="expires" if sort == "expires" or expiring is not None else "",
        )

    @property
    def search_key(self) -> str:
        """What is looked for in `Credential.name_key`."""
        return self.query.casefold()

    @property
    def counted(self) -> bool:
        """Whether totals and page numbers come from the kept counts: for the whole list and for one type."""
        return not (self.query or self.status or self.sort)


def _clean_query(text: str) -> str:
    """The text to look for in names: composed, at most 255 characters, and without NUL, which PostgreSQL refuses."""
    return unicodedata.normalize("NFC", text[:1020]).replace("\0", "").strip()[:255]
