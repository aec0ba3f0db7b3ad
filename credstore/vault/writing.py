"""Use cases that seal: create and edit. A stored secret stays with the destination that it was sealed for."""

import unicodedata
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from credstore.database import writing
from credstore.errors import Conflict, InvalidFields, Refused, Unreadable
from credstore.kinds import Kind, by_slug, cleaning
from credstore.models import Credential, now
from credstore.vault.base import Room, context, held_by, picked
from credstore.vault.keys import remember
from credstore.vault.record import NAME_LENGTH, Record, record

MOST_TYPED = 4 * NAME_LENGTH  # characters; a composed letter may be typed as several
_TAKEN = {"name": "Another credential has this name already. Choose a different one."}


class Writing(Room):
    def create(self, kind_slug: str, name: str, values: Mapping[str, str], *, expires: str = "") -> Record:
        """Seal and store a new credential. `expires` is a day as YYYY-MM-DD, or "".

        Raises InvalidFields with every sentence at once, or Locked.
        """
        self._require_open()
        kind = by_slug(kind_slug)
        wrong: dict[str, str] = {}
        cleaned: dict[str, str] = {}
        try:
            name = clean_name(name)
        except Refused as refusal:
            wrong["name"] = refusal.sentence
        if kind is None:
            raise InvalidFields(wrong | {"type": "Choose a type."})
        try:
            cleaned = kind.clean(values)
        except InvalidFields as refusal:
            wrong |= refusal.fields
        try:
            expires_at = clean_day(expires)
        except Refused as refusal:
            wrong["expires"] = refusal.sentence
        if wrong:
            raise InvalidFields(wrong)
        row = Credential(public_id=str(uuid.uuid4()), kind=kind.slug, expires_at=expires_at)
        with writing(self._session), _unique_name():
            self._refuse_taken(name)
            row.name, row.name_key = name, name.casefold()
            self._seal(row, kind, *_split(kind, cleaned))
            remember(self._session, self._ring)
            self._session.add(row)
            self._session.flush()
        self._tidy()
        return self._fresh(row.public_id)

    def edit(
        self,
        public_id: str,
        *,
        version: int,
        name: str,
        values: Mapping[str, str],
        remove: Collection[str] = (),
        expires: str | None = None,
    ) -> Record:
        """Change a credential as it was at `version`. A blank secret is kept, one named in `remove` is dropped.

        `expires` is a day as YYYY-MM-DD, "" for none, None to leave it as it is.

        Raises NotFound, Conflict (somebody was faster), InvalidFields (also where a kept secret would follow a changed
        destination: it must be entered again), Locked or Unreadable. What is not touched need not be readable.
        """
        with writing(self._session), _unique_name():
            row = self._whole_row(public_id)
            if row.version != version:
                raise Conflict("Somebody else changed this credential after you opened it.")
            kind = by_slug(row.kind)
            if kind is None:
                raise Unreadable("This version of credstore does not know the type of this credential.")
            changes = self._changes(row, kind, name, values, remove) | _expiry(row, expires)
            if changes:
                changed = self._session.execute(
                    update(Credential)
                    .where(Credential.id == row.id, Credential.version == version)
                    .values(**changes, version=version + 1, updated_at=now())
                    .execution_options(synchronize_session=False)
                )
                if changed.rowcount != 1:  # type: ignore[attr-defined]
                    raise Conflict("Somebody else changed this credential after you opened it.")
        self._tidy()
        return self._fresh(public_id)

    def _changes(
        self, row: Credential, kind: type[Kind], name: str, values: Mapping[str, str], remove: Collection[str]
    ) -> dict[str, object]:
        """The columns that differ after this edit; empty when nothing does."""
        held = held_by(row, kind)
        given = {field.name for field in kind.secrets() if (values.get(field.name) or "").strip()}
        kept = held - given - set(remove)
        wrong: dict[str, str] = {}
        cleaned: dict[str, str] = {}
        try:
            name = clean_name(name)
        except Refused as refusal:
            wrong["name"] = refusal.sentence
        try:
            cleaned = kind.clean(values, kept)
        except InvalidFields as refusal:
            wrong |= refusal.fields
        if wrong:
            raise InvalidFields(wrong)
        public, secrets = _split(kind, cleaned)
        moved = kind.binding(public) != kind.binding(row.public)
        if moved and kept:
            raise InvalidFields(dict.fromkeys(kept, enter_again(kind)))
        self._refuse_taken(name, other_than=row.id)
        changed = Credential(public_id=row.public_id, kind=row.kind)
        names = {"name": name, "name_key": name.casefold()} if name != row.name else {}
        if secrets or moved or kept != held:
            self._require_open()
            stored = self._open(row) if kept else {}
            self._seal(changed, kind, public, picked(stored, kept) | secrets)
            remember(self._session, self._ring)
            sealing = ("public", "holds", "sealed", "key_id", "fingerprint")
            return names | {column: getattr(changed, column) for column in sealing}
        return names | ({"public": public} if public != row.public else {})

    def _seal(self, row: Credential, kind: type[Kind], public: dict[str, str], secrets: Mapping[str, str]) -> None:
        row.public, row.holds = public, " ".join(sorted(secrets))
        row.sealed = self._ring.seal(context(kind, row.public_id, public), secrets)
        row.key_id = self._ring.key_id
        main = next((secrets[field.name] for field in kind.secrets() if field.name in secrets), None)
        row.fingerprint = self._ring.fingerprint(main) if main else None

    def _refuse_taken(self, name: str, other_than: int | None = None) -> None:
        taken = select(Credential.id).where(Credential.name_key == name.casefold(), Credential.id != (other_than or 0))
        if self._session.scalar(taken) is not None:
            raise InvalidFields(_TAKEN)

    def _fresh(self, public_id: str) -> Record:
        self._session.expire_all()
        return record(self._row(public_id), self._ring.key_ids)


def clean_name(name: str) -> str:
    """A name of 1 to 255 characters, trimmed. Raises Refused with a sentence."""
    if len(name) > MOST_TYPED:  # before anything else: composing a long text takes time that grows with its square
        raise Refused(f"Use at most {NAME_LENGTH} characters.")
    name = cleaning.text(unicodedata.normalize("NFC", name).strip())
    if not any(unicodedata.category(char)[0] in "LNPS" for char in name):
        raise Refused("Give the credential a name.")
    if len(name) > NAME_LENGTH:
        raise Refused(f"Use at most {NAME_LENGTH} characters.")
    return name


def clean_day(text: str) -> datetime | None:
    """The end of a day given as YYYY-MM-DD, in UTC; None for "". Raises Refused with a sentence."""
    if not text.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time(23, 59, 59), UTC)
    except ValueError:
        raise Refused("Write the day as YYYY-MM-DD, like 2027-03-31.") from None


def _expiry(row: Credential, expires: str | None) -> dict[str, object]:
    """The columns that a day entered by hand changes; a day that the provider told stays until then."""
    if expires is None:
        return {}
    try:
        moment = clean_day(expires)
    except Refused as refusal:
        raise InvalidFields({"expires": refusal.sentence}) from None
    if (moment and moment.date()) == (row.expires_at and row.expires_at.date()):
        return {}
    return {"expires_at": moment, "expiry_told": False}


def _split(kind: type[Kind], cleaned: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    secret = {field.name for field in kind.secrets()}
    public = {name: value for name, value in cleaned.items() if name not in secret}
    return public, {name: value for name, value in cleaned.items() if name in secret}


def enter_again(kind: type[Kind]) -> str:
    """The sentence beside a secret that would have to follow a changed destination."""
    bound = " or ".join(field.label for field in kind.fields if field.binds or field.form == "url")
    return f"{bound} changed. A stored secret is sent only where it was saved for, so enter it again."


@contextmanager
def _unique_name() -> Iterator[None]:
    """Two writers may both find a name free; the database then tells the second one."""
    try:
        yield
    except IntegrityError as clash:
        if "name_key" not in str(clash.orig):
            raise
        raise InvalidFields(_TAKEN) from None
