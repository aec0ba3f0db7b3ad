"""What was typed into a form that was sent without a session, kept for the way through the sign-in page.

It is encrypted with a key derived from SECRET_KEY and goes through a hidden field; nothing is stored. It never holds a
secret: only the names of the secret fields that were filled in.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from flask import current_app, request
from werkzeug.datastructures import MultiDict

from credstore.credential_types import CREDENTIAL_TYPES, guided_fields
from credstore.vault.validation import pasted_secret_finder

FORM_ENDPOINTS = frozenset({"credstore.create", "credstore.save"})
KEPT_SECONDS = 3600
MOST_CHARACTERS = 4000  # of one value; no field takes more
_OWN_NAMES = frozenset({"name", "expires", "type", "version", "remove"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedInput:
    """`public_id` is "" for the create form; `secrets` are the names of the secret fields that were filled in."""

    public_id: str
    fields: MultiDict[str, str]
    secrets: tuple[str, ...]


def seal_typed_input() -> str:
    """The fields of this request, without secrets, as a token for a hidden field."""
    declared = [(kind, one) for kind in CREDENTIAL_TYPES for field in kind.fields for one in (field, *field.guided)]
    public = {f"{kind.slug}-{field.name}" for kind, field in declared if not field.secret}
    secret = {f"{kind.slug}-{field.name}" for kind, field in declared if field.secret}
    guided = {f"{kind.slug}-{one.name}" for kind, field in declared for one in field.guided}
    typed = {name: value for name, value in request.form.items(multi=True) if name in secret and value.strip()}
    holds_secret = pasted_secret_finder(typed.values())
    fields = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name in public | _OWN_NAMES
        and len(value) <= MOST_CHARACTERS
        and not holds_secret(value)
        # A URL with a login or a query is never sent back to a page.
        and not (name in guided and guided_fields.may_hold_a_secret(value))
    ]
    public_id = str((request.view_args or {}).get("public_id", ""))
    return _fernet().encrypt(json.dumps([public_id, fields, sorted(typed)]).encode()).decode()


def open_typed_input(token: str) -> TypedInput | None:
    """What `seal_typed_input` kept; None when it is older than an hour or was not made here."""
    try:
        public_id, fields, secrets = json.loads(_fernet().decrypt(token, ttl=KEPT_SECONDS))
    except (InvalidToken, ValueError):
        return None
    return TypedInput(public_id=public_id, fields=MultiDict(fields), secrets=tuple(secrets))


def _fernet() -> Fernet:
    secret_key = current_app.config["SECRET_KEY"]
    key = secret_key if isinstance(secret_key, bytes) else str(secret_key).encode()
    return Fernet(base64.urlsafe_b64encode(hmac.digest(key, b"credstore typed input", hashlib.sha256)))
