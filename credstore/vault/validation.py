"""Checks what somebody typed, all of it at once, before anything is sealed. Touches no database and no key."""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from urllib.parse import unquote

from credstore.credential_types import CredentialType, field_validation, guided_fields
from credstore.credential_types.paste_detection.unwrap import unwrap
from credstore.errors import InvalidFields, Refused
from credstore.redaction import secret_finder
from credstore.vault.records import NAME_LENGTH

LEAST_PASTED_SECRET = 12  # characters; a shorter one may be part of a name by chance
_BELONGS_ELSEWHERE = "This holds the secret itself. It belongs into its own field alone, where it is encrypted."
MAX_TYPED_NAME = 4 * NAME_LENGTH  # characters; a composed letter may be typed as several


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidEntry:
    """What may be stored. `expires_at` is None both for "no day" and where no day was asked for."""

    name: str
    public: dict[str, str]
    secrets: dict[str, str] = field(repr=False)
    expires_at: datetime | None


def validate_entry(
    kind: type[CredentialType], name: str, values: Mapping[str, str], *, kept: Collection[str] = (), expires: str = ""
) -> ValidEntry:
    """Clean everything. `kept` names stored secrets that stay. Raises InvalidFields with every sentence at once."""
    wrong = name_error(name)
    cleaned: dict[str, str] = {}
    expires_at: datetime | None = None
    try:
        cleaned = kind.clean(values, kept)
    except InvalidFields as refusal:
        wrong |= refusal.fields
    try:
        expires_at = clean_day(expires)
    except Refused as refusal:
        wrong["expires"] = refusal.sentence
    public, secrets = split_public_and_secret(kind, cleaned)
    wrong |= fields_with_a_secret({"name": name, **public}, secrets.values())
    if wrong:
        raise InvalidFields(wrong)
    return ValidEntry(name=clean_name(name), public=public, secrets=secrets, expires_at=expires_at)


def pasted_secret_finder(secrets: Iterable[str]) -> Callable[[str], bool]:
    """`redaction.secret_finder` without the secrets that are so short that a name may hold them by chance.

    It also finds a secret of which any characters are percent-encoded, which a URL shows in clear again.
    """
    holds_secret = secret_finder([secret for secret in secrets if len(secret) >= LEAST_PASTED_SECRET])
    return lambda text: holds_secret(text) or ("%" in text and holds_secret(unquote(text)))


def fields_with_a_secret(texts: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """The sentence beside each text that holds a whole secret: these fields are stored and shown in clear."""
    holds_secret = pasted_secret_finder(secrets)
    return {field: _BELONGS_ELSEWHERE for field, text in texts.items() if holds_secret(text)}


def refuse_secret_in(texts: Mapping[str, str], secrets: Iterable[str]) -> None:
    """Raises InvalidFields with a sentence beside each text that holds a whole secret."""
    if wrong := fields_with_a_secret(texts, secrets):
        raise InvalidFields(wrong)


def refuse_secret_in_other_fields(kind: type[CredentialType], values: Mapping[str, str], **texts: str) -> None:
    """Before anything is cleaned. Raises InvalidFields where a public value or one of `texts` holds a typed secret."""
    secret = {field.name for field in kind.secret_inputs()}
    typed = {name: values.get(name) or "" for name in secret}
    secrets = {*typed.values(), *(unwrap(text, name).value for name, text in typed.items())}
    public = {name: text for name, text in values.items() if name not in secret}
    refuse_secret_in(public | texts, secrets)


def name_error(name: str) -> dict[str, str]:
    """The sentence beside the name, if it cannot be one."""
    try:
        clean_name(name)
    except Refused as refusal:
        return {"name": refusal.sentence}
    return {}


def clean_name(name: str) -> str:
    """A name of 1 to 255 characters, trimmed. Raises Refused with a sentence."""
    if len(name) > MAX_TYPED_NAME:  # before anything else: composing a long text takes time that grows with its square
        raise Refused(f"Use at most {NAME_LENGTH} characters.")
    name = field_validation.clean_text(unicodedata.normalize("NFC", name).strip())
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


def entered_secret_names(kind: type[CredentialType], values: Mapping[str, str]) -> set[str]:
    """The names of the secrets that were typed anew."""
    return {
        field.name
        for field in kind.secret_fields()
        if (values.get(field.name) or "").strip() or guided_fields.typed_parts(field.guided, values)
    }


def with_stored_parts(
    kind: type[CredentialType], values: Mapping[str, str], kept: Collection[str], stored: Callable[[], dict[str, str]]
) -> Mapping[str, str]:
    """The values, with whole JSON objects for those of which single parts were typed. Raises InvalidFields.

    `kept` names the secrets that are stored and not removed; `stored` returns them, and is called where it is needed.
    """
    for secret in kind.secret_fields():
        typed = guided_fields.typed_parts(secret.guided, values)
        if typed and secret.name in kept and not (values.get(secret.name) or "").strip():
            keys, public = [key.name for key in secret.keys], [key.name for key in secret.keys if not key.secret]
            whole = guided_fields.write_over_stored(secret.guided, values, stored()[secret.name], keys, public)
            values = {**values, **{part.name: "" for part in secret.guided}, secret.name: whole}
    return values


def split_public_and_secret(
    kind: type[CredentialType], cleaned: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    secret = {field.name for field in kind.secret_fields()}
    public = {name: value for name, value in cleaned.items() if name not in secret}
    return public, {name: value for name, value in cleaned.items() if name in secret}


def enter_again_sentence(kind: type[CredentialType], old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """The sentence beside a secret that would have to follow a changed destination. It names what has changed."""
    bound = [field for field in kind.fields if field.binds or field.form == "url"]
    changed = [field.label for field in bound if (old.get(field.name) or "") != (new.get(field.name) or "")]
    named = " and ".join(changed or [field.label for field in bound])
    return f"{named} changed. A stored secret is sent only where it was saved for, so enter it again."
