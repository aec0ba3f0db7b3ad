"""Finds the credentials that hold the same secret, by its fingerprint. Decrypts nothing.

The index `ix_credential_fingerprint` has a part for each 65,536 ids, and in it the first 8 digits of each fingerprint:
the key of encryption is changed in the order of the ids, which then writes one part after the other. So a look-up names
every part, up to that of the highest id. A million rows have 16.
"""

from sqlalchemy import text

from credstore.vault.store import CredentialStore

MAX_SAME_SECRET = 10  # names of other credentials with the same secret that are looked up
_HIGHEST = "(SELECT max(block) FROM credential_count) / 8"  # a block of `block_counts` has 8,192 ids
_EVERY_PART = {
    "sqlite": (
        "IN (WITH RECURSIVE part (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM part"  # noqa: S608
        f" WHERE number < {_HIGHEST}) SELECT number FROM part)"
    ),
    "postgresql": f"= ANY (ARRAY(SELECT generate_series(0, {_HIGHEST})))",
}
_SAME_SECRET = {  # the numbers stand in the statement, as they do in the index
    dialect: text(
        "SELECT other.name FROM credential AS this JOIN credential AS other"  # noqa: S608 - constants alone
        f" ON other.id / 65536 {every_part} AND substr(other.fingerprint, 1, 8) = substr(this.fingerprint, 1, 8)"
        " WHERE other.fingerprint = this.fingerprint AND other.id <> this.id AND this.public_id = :public_id"
        f" ORDER BY other.id LIMIT {MAX_SAME_SECRET}"
    )
    for dialect, every_part in _EVERY_PART.items()
}


class SameSecret:
    """Looks for other credentials with the same secret."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    def names_with_same_secret(self, public_id: str) -> list[str]:
        """The names of other credentials that hold the same secret, by its fingerprint: MAX_SAME_SECRET at most."""
        connection = self._store.session.connection()
        found = connection.execute(_SAME_SECRET[connection.dialect.name], {"public_id": public_id})
        return [str(name) for (name,) in found]
