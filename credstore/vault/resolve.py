"""Resolve: the only use case that gives the secrets of a credential in clear, and notes who used it."""

import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Row, bindparam, select

from credstore.audit import Subject, current_actor
from credstore.credential_types import by_slug
from credstore.credential_values import CredentialValues
from credstore.database import Beside
from credstore.errors import CredstoreError, Locked, NotFound, Refused, Unreadable
from credstore.models import Credential
from credstore.public_ids import is_public_id
from credstore.vault.store import CredentialStore
from credstore.vault.validation import clean_name

NOTE_EVERY_SECONDS = 60.0  # how often at most a process notes the same use
MOST_REMEMBERED = 10_000  # uses that a process remembers to have noted
_NEVER = float("-inf")
_SHOWN = 255  # characters of what was asked for
# Columns of the table, not of the model: reading a whole object takes twice as long as decrypting its secret.
_COLUMNS = Credential.__table__.c
_NAMES = ("id", "public_id", "name", "kind", "version", "public", "secret_names", "sealed", "key_id")
_READ = select(*(_COLUMNS[name] for name in _NAMES))
# Built once: building the statement anew takes as long as running it.
_BY_ID = _READ.where(_COLUMNS.public_id == bindparam("wanted"))
_BY_NAME = _READ.where(_COLUMNS.name_key == bindparam("wanted"))
# The same beside another row; `read` is the id of the credential.
READ_BESIDE = Beside(
    tuple(_COLUMNS[name].label(f"read_{name}") for name in _NAMES), _COLUMNS.public_id == bindparam("read")
)

NoteUse = Callable[[Subject, str, str], object]  # which credential, consumer, node


class Resolver:
    """Gives the values of a credential to a workflow node.

    `note_use` writes to the audit log that a consumer ("" for nobody in particular) and a node used a credential.
    """

    def __init__(self, store: CredentialStore, note_use: NoteUse) -> None:
        self._store = store
        self._note_use = note_use
        self._noted: dict[tuple[object, ...], float] = {}

    def resolve(self, name_or_id: str, *, consumer: str = "", node: str = "") -> CredentialValues:
        """All values of a credential, secrets in clear. `consumer` and `node` say who uses it: "workflow:42", "node-7".

        What looks like an id is one: a credential that somebody gave the id of another one as its name is not found by
        it. The use is in the audit log before the values are given: by the same user, consumer and node once a minute,
        since a workflow may ask many times. Raises NotFound, Locked or Unreadable, whose sentence names the credential;
        never gives blanks in place of a secret. Raises AuditUnwritable, or another StorageError, where the use cannot
        be noted.
        """
        return self._resolve(name_or_id, consumer, node, every=NOTE_EVERY_SECONDS)

    def resolve_noted(
        self, name_or_id: str, *, consumer: str, node: str = "", read: Sequence[Any] = ()
    ) -> CredentialValues:
        """The same for an answer to another process: each use is noted. `read` is what READ_BESIDE has read of it."""
        return self._resolve(name_or_id, consumer, node, every=0.0, read=read)

    def _resolve(
        self, name_or_id: str, consumer: str, node: str, *, every: float, read: Sequence[Any] = ()
    ) -> CredentialValues:
        """`every`: for so many seconds a use like one that was noted is not noted again."""
        row = self._row(name_or_id, read)
        values = self._open(row)
        use, now = (current_actor(), row.public_id, row.version, consumer, node), time.monotonic()
        if now - self._noted.get(use, _NEVER) >= every:
            self._note_use(Subject(row.public_id, row.kind), consumer, node)
            self._remember(use, now)
        return values

    def _open(self, row: Any) -> CredentialValues:
        """Holds the secrets in a variable of its own, which is gone where a later step fails."""
        try:
            opened = self._store.unseal(cast("Credential", row))
        except (Locked, Unreadable) as refusal:
            raise _about(row.name, refusal) from None
        names = _main_first(row.kind, row.secret_names.split())
        values = dict(row.public)
        for name in names:
            values[name] = opened[name]
        return CredentialValues(
            values, id=row.public_id, name=row.name, kind=row.kind, version=row.version, secret_fields=names
        )

    def _row(self, name_or_id: str, read: Sequence[Any]) -> Any:
        row: Any = None  # as where all that was read beside is None
        if not read:
            row = self._read(name_or_id)
        elif any(read):
            row = SimpleNamespace(**dict(zip(_NAMES, read, strict=True)))
        if row is None:
            raise NotFound(f"There is no credential “{name_or_id[:_SHOWN]}”. It may have been deleted.")
        return row

    def _read(self, name_or_id: str) -> Row[Any] | None:
        statement, wanted = _BY_ID, name_or_id.lower()
        if not is_public_id(wanted):
            statement, wanted = _BY_NAME, _name_key(name_or_id)
        return self._store.session.connection().execute(statement, {"wanted": wanted}).first() if wanted else None

    def _remember(self, use: tuple[object, ...], now: float) -> None:
        """What this process has noted, so that most uses neither write nor ask anything more."""
        if len(self._noted) >= MOST_REMEMBERED:
            self._noted.clear()
        self._noted[use] = now


def _name_key(name: str) -> str:
    """What a name is looked up by; "" for what no credential can be called."""
    try:
        return clean_name(name).casefold()
    except Refused:
        return ""


def _main_first(kind_slug: str, names: list[str]) -> list[str]:
    """The names of secrets in the order in which their type declares them."""
    kind = by_slug(kind_slug) if len(names) > 1 else None
    return [field.name for field in kind.secret_fields() if field.name in names] if kind else names


def _about(name: str, refusal: CredstoreError) -> CredstoreError:
    """The same exception, with a sentence that names the credential."""
    return type(refusal)(f"The credential “{name}” cannot be used. {refusal.sentence}")
