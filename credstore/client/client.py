"""The client: lists credentials, says who uses them, and gets their values, which it opens with its private key."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from credstore.client.connection import Connection
from credstore.client.records import CredentialSummary, items_of
from credstore.client.references import ReferenceCalls
from credstore.client.settings import ClientSettings
from credstore.client_errors import EnvelopeRefused
from credstore.credential_values import CredentialValues
from credstore.envelope import new_nonce, open_envelope
from credstore.errors import ConfigError, NotFound

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Client(ReferenceCalls):
    """Use it in a `with` statement, or `close` it. Threads may share it."""

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        super().__init__(Connection(settings))

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._settings.url!r})"

    def close(self) -> None:
        self._connection.close()

    def list(self, query: str = "", *, type: str = "") -> Iterator[CredentialSummary]:
        """All credentials, page after page; `query` looks in names. Scope: read."""
        asked = {name: text for name, text in (("q", query), ("type", type)) if text}
        while True:
            page = self._connection.send("GET", "/credentials", query=asked)
            yield from (CredentialSummary.from_json(item) for item in items_of(page))
            cursor = page.get("next_cursor")
            if not cursor:
                return
            asked["cursor"] = str(cursor)

    def id_of(self, name_or_id: str) -> str:
        """The id of a credential. What looks like an id is one; a name needs the scope read. Raises NotFound."""
        if _ID.fullmatch(name_or_id):
            return name_or_id.lower()
        wanted = _name_key(name_or_id)
        for found in self.list(name_or_id.strip()):
            if _name_key(found.name) == wanted:
                return found.id
        raise NotFound(f"There is no credential “{name_or_id}”. It may have been deleted.")

    def use(self, name_or_id: str, *, consumer: str = "", node: str = "") -> CredentialValues:
        """The values of a credential, opened with the private key. Scope: use.

        `consumer` and `node` say who uses it: "workflow:42", "node-7". Raises NotFound, ServerRefused, Unreached, or
        EnvelopeRefused where the answer was not for this token, key, credential and request.
        """
        key = self._settings.private_key
        if key is None:
            raise ConfigError("Using a credential needs the private key whose public key the token was made with.")
        credential = self.id_of(name_or_id)
        nonce = new_nonce()
        body = {name: text for name, text in (("consumer", consumer), ("node", node), ("nonce", nonce)) if text}
        envelope = self._connection.send("POST", f"/credentials/{credential}/use", body=body)
        content = open_envelope(envelope, key, token=self._settings.token, credential=credential, nonce=nonce)
        return _values(content, credential, int(envelope["version"]))


def _values(content: dict[str, Any], credential: str, version: int) -> CredentialValues:
    values = content.get("values")
    if not isinstance(values, dict) or not _are_texts(values.values()):
        raise EnvelopeRefused("The answer holds no values.")
    secret_fields = content.get("secret_fields", [])
    if not isinstance(secret_fields, list) or not _are_texts(secret_fields):
        raise EnvelopeRefused("The answer does not say which values are secrets.")
    return CredentialValues(
        values,
        id=credential,
        name=str(content.get("name")),
        kind=str(content.get("type")),
        version=version,
        secret_fields=secret_fields,
    )


def _are_texts(found: Iterable[object]) -> bool:
    return all(isinstance(one, str) for one in found)


def _name_key(name: str) -> str:
    """As the server compares names."""
    return unicodedata.normalize("NFC", name).strip().casefold()
