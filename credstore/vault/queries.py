"""Read credentials: a page of the list, one credential, those that expire, and those with the same secret."""

from flask_sqlalchemy.pagination import SelectPagination
from sqlalchemy import func, select

from credstore.models import Credential
from credstore.vault.list_filters import clean_kind, clean_query, ends_within, matching_condition
from credstore.vault.records import Page, Record, to_record
from credstore.vault.store import CredentialStore

PER_PAGE = 50


class CountedPagination(SelectPagination):
    """SQLAlchemy pagination whose total is known already: the counts by type were asked for the filter anyway."""

    def _query_count(self) -> int:
        return int(self._query_args["total"])


class Queries:
    """Reads the list and single credentials. Decrypts nothing."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def page(
        self, number: int = 1, *, query: str = "", kind: str = "", expiring: int | None = None, sort: str = ""
    ) -> Page:
        """A page of the list, newest first, 50 a page. A number past the end gives the last page.

        `query` looks in names, ignoring case; `kind` is a type's slug, "" for all; `expiring` keeps those that end
        within so many days or have ended; `sort` "expires" puts the soonest end first. Two statements, always.
        """
        query, kind = clean_query(query), clean_kind(kind)
        matching = matching_condition(query, expiring)
        rows = self._store.session.execute(
            select(Credential.kind, func.count()).where(matching).group_by(Credential.kind)
        )
        counts: dict[str, int] = {slug: int(count) for slug, count in rows}
        total = counts.get(kind, 0) if kind else sum(counts.values())
        order = [Credential.expires_at.is_(None), Credential.expires_at] if sort == "expires" else []
        statement = select(Credential).where(matching).order_by(*order, Credential.id.desc())
        if kind:
            statement = statement.where(Credential.kind == kind)
        last = max(1, -(-total // PER_PAGE))
        pagination = CountedPagination(
            select=statement,
            session=self._store.session,
            total=total,
            page=min(max(number, 1), last),
            per_page=PER_PAGE,
            max_per_page=PER_PAGE,
            error_out=False,
        )
        keys = self._store.keyring.key_ids
        records = tuple(to_record(row, keys) for row in pagination.items)
        return Page(
            records=records, counts=counts, pagination=pagination, query=query, kind=kind, expiring=expiring, sort=sort
        )

    def get(self, public_id: str) -> Record:
        """One credential's public side. Raises NotFound."""
        return to_record(self._store.row(public_id), self._store.keyring.key_ids)

    def expiring(self, days: int) -> tuple[Record, ...]:
        """The credentials that end within so many days or have ended, the soonest first."""
        rows = self._store.session.scalars(
            select(Credential).where(ends_within(days)).order_by(Credential.expires_at, Credential.id)
        )
        return tuple(to_record(row, self._store.keyring.key_ids) for row in rows)

    def names_with_same_secret(self, public_id: str) -> list[str]:
        """The names of other credentials that hold the same secret, told by the keyed fingerprint."""
        row = self._store.row(public_id)
        same = select(Credential.name).where(Credential.fingerprint == row.fingerprint, Credential.id != row.id)
        return list(self._store.session.scalars(same.order_by(Credential.id))) if row.fingerprint else []
