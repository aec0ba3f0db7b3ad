"""Finds the credentials that hold the same secret, by its fingerprint. Decrypts nothing."""

from sqlalchemy import ColumnElement, FromClause, bindparam, func, literal_column, select

from credstore.models import Credential
from credstore.vault.store import CredentialStore

_this, _other = Credential.__table__.alias("this"), Credential.__table__.alias("other")


def _beginning(table: FromClause) -> ColumnElement[str]:
    """What the index holds of a fingerprint; the numbers stand in the statement, as they do in the index."""
    return func.substr(table.c.fingerprint, literal_column("1"), literal_column("8"))


MAX_SAME_SECRET = 10  # names of other credentials with the same secret that are looked up
_SAME_SECRET = (  # built once
    select(_other.c.name)
    .join_from(_this, _other, _beginning(_this) == _beginning(_other))
    .where(_this.c.fingerprint == _other.c.fingerprint, _this.c.id != _other.c.id)
    .where(_this.c.public_id == bindparam("public_id"))
    .order_by(_other.c.id)
    .limit(MAX_SAME_SECRET)
)


class SameSecret:
    """Looks for other credentials with the same secret."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def names_with_same_secret(self, public_id: str) -> list[str]:
        """The names of other credentials that hold the same secret, by its fingerprint: MAX_SAME_SECRET at most."""
        found = self._store.session.connection().execute(_SAME_SECRET, {"public_id": public_id})
        return [str(name) for (name,) in found]
