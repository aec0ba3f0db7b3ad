"""The use cases of machine tokens: issue, list, revoke, and the check of a token that a program sends."""

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select, update

from credstore import metrics
from credstore.access_errors import Throttled, TokenRefused
from credstore.accounts import login_throttle
from credstore.accounts.request_rate import RequestRate
from credstore.accounts.token_rules import clean_new
from credstore.accounts.token_text import is_token, new_token, shown, token_hash
from credstore.actor import NOBODY
from credstore.audit import Act, Actor, record
from credstore.database import AnySession, Beside, write_transaction
from credstore.errors import NotFound, StorageError
from credstore.machine_token_model import MachineTokenRow
from credstore.models import utc_now

TOUCH_EVERY = timedelta(minutes=1)
_TOKENS: Any = MachineTokenRow.__table__
_COLUMNS = tuple(column for column in _TOKENS.c if column.name != "token_hash")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineToken:
    """A token as it is shown: not its text. `public_key` has the 32 bytes of X25519, or is None."""

    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    public_key: bytes | None = field(repr=False)
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @property
    def state(self) -> str:
        """valid, expired or revoked."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= utc_now() else "valid"

    @property
    def actor_name(self) -> str:
        """Who acts, for the audit log: two tokens may have one name, and a token the name of a person."""
        return f"token {self.name} (#{self.id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A new token with its `text`, which is stored nowhere and shown once."""

    text: str = field(repr=False)
    token: MachineToken


class MachineTokens:
    """Threads may share it. `per_minute` limits the requests of each token in this process; 0 does not."""

    def __init__(self, session: AnySession, *, per_minute: int = 0) -> None:
        self._session = session
        self._rate = RequestRate(per_minute)

    def issue(
        self, *, name: str, scopes: Collection[str], expires: str = "90d", public_key: str = "", by: str = ""
    ) -> IssuedToken:
        """Make a token. `expires` is like "90d" or "12h", or "never"; `public_key` is X25519, as PEM or base64.

        Raises InvalidFields (`name`, `scopes`, `expires`, `public_key`).
        """
        now = utc_now()
        new = clean_new(name=name, scopes=scopes, expires=expires, public_key=public_key, now=now)
        text = new_token()
        row = MachineTokenRow(
            name=new.name,
            prefix=shown(text),
            token_hash=token_hash(text),
            scopes=" ".join(new.scopes),
            public_key=new.public_key,
            created_at=now,
            created_by=by[:150],
            expires_at=new.expires_at,
        )
        with write_transaction(self._session):
            self._session.add(row)
            record(self._session, Act.TOKEN_ISSUED, result=f"{new.name}: {' '.join(new.scopes)}")
        issued = IssuedToken(text=text, token=_to_token(row))
        _log.info("machine token issued: %s", row.id, extra={"event": "machine token issued"})
        return issued

    def list(self) -> tuple[MachineToken, ...]:
        """Every token, also revoked ones, newest first."""
        rows = self._session.execute(select(MachineTokenRow.__table__).order_by(MachineTokenRow.id.desc()))
        return tuple(map(_to_token, rows))

    def revoke(self, token_id: int) -> MachineToken:
        """End a token now. One that was revoked before keeps its time. Raises NotFound."""
        mine = MachineTokenRow.id == token_id
        with write_transaction(self._session):
            ended = update(MachineTokenRow).where(mine, MachineTokenRow.revoked_at.is_(None))
            ended = ended.values(revoked_at=utc_now()).execution_options(synchronize_session=False)
            count = self._session.execute(ended).rowcount  # type: ignore[attr-defined]
            row = self._session.execute(select(MachineTokenRow.__table__).where(mine)).one_or_none()
            if row is not None and count:
                record(self._session, Act.TOKEN_REVOKED, result=row.name)
        if row is None:
            raise NotFound("There is no such token.")
        _log.info("machine token revoked: %s", token_id, extra={"event": "machine token revoked"})
        return _to_token(row)

    def authenticate(self, text: str, address: str) -> MachineToken:
        """The token of a request from the IP address `address`. One select, and at most once a minute an update.

        Raises TokenRefused, or Throttled for too many requests with this token, or wrong tokens from this address.
        """
        return self.authenticate_and_read(text, address, None, {})[0]

    def authenticate_and_read(
        self, text: str, address: str, beside: Beside | None, values: Mapping[str, Any]
    ) -> tuple[MachineToken, Sequence[Any]]:
        """The same, and what the select has read `beside` the token: all None where there is no such row.

        `values` are the parameters of its condition. Nothing where that may be old by now: then read it again.
        """
        row = None
        if is_token(text):
            # On the connection, not by the ORM session: this runs before each request and needs no object.
            given = {"token_hash": token_hash(text), **values}
            row = self._session.connection().execute(_by_hash(beside), given).one_or_none()
        if row is None:
            self._note_refused(None, address)
            raise TokenRefused("This is no token of this credstore.")
        token = _to_token(row)
        if token.state != "valid":
            self._note_refused(token, address)
            raise TokenRefused(f"This token is {token.state}.")
        if wait := self._rate.seconds_to_wait(token.id):
            raise Throttled("Too many requests with this token. Wait, then try again.", wait)
        now = utc_now()
        if token.last_used_at is None or token.last_used_at < now - TOUCH_EVERY:
            self._touch(token.id, now)
            return token, ()  # while this waited for other writers, what was beside the token may have been deleted
        return token, row[len(_COLUMNS) :]

    def _note_refused(self, token: MachineToken | None, address: str) -> None:
        """Count a refusal, and write it down; None is a text that is no token here. Raises Throttled: then neither."""
        with suppress(StorageError), write_transaction(self._session):
            login_throttle.register_wrong_token(self._session, address, utc_now())
            if token is not None:
                result, who = f"{token.actor_name}: {token.state}", Actor(NOBODY, address)
                record(self._session, Act.TOKEN_REFUSED, result=result, actor=who)
        reason, known = (token.state, str(token.id)) if token else ("unknown", "-")
        event = {"event": "machine token refused"}
        _log.warning("machine token refused, from %s: %s, id %s", address, reason, known, extra=event)
        metrics.count("token_failures", reason)

    def _touch(self, token_id: int, now: datetime) -> None:
        # A request can be answered while the database cannot be written, so this failure is ignored.
        with suppress(StorageError), write_transaction(self._session):
            mine = update(MachineTokenRow).where(MachineTokenRow.id == token_id).values(last_used_at=now)
            self._session.execute(mine.execution_options(synchronize_session=False))


@cache  # so that its compiled form is found for each request
def _by_hash(beside: Beside | None) -> Select[Any]:
    found = select(*_COLUMNS).where(_TOKENS.c.token_hash == bindparam("token_hash"))
    if beside is None:
        return found
    other = beside.columns[0].element.table
    return found.add_columns(*beside.columns).select_from(_TOKENS.outerjoin(other, beside.condition))


def _to_token(row: Any) -> MachineToken:
    """Of a row of any kind."""
    return MachineToken(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(row.scopes.split()),
        public_key=row.public_key,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
