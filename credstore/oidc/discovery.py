"""The provider's metadata and keys, kept for an hour in each process. An unknown key is looked for again at once.

That the metadata could not be had is kept for a few seconds: while a provider is down, not everybody waits for it.
"""

import time
from collections.abc import Iterator
from typing import Any

from authlib.oidc.discovery import get_well_known_url
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from credstore.access_errors import ProviderRefused
from credstore.oidc.metadata import Metadata, parse_metadata
from credstore.oidc.provider_http import SECONDS, ProviderHttp
from credstore.oidc.refusals import not_genuine, trouble

KEPT_SECONDS = 3600.0
FAILED_SECONDS = 5.0
MOST_KEYS = 100
Key = RSAKey | ECKey
# No symmetric key: a public key that is known to all must never serve as the secret of an HMAC.
_KEY_CLASSES: dict[Any, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}


class Discovery:
    """Threads may share it. Two that find nothing kept both ask; the later answer stays."""

    def __init__(self, issuer: str, label: str) -> None:
        self._issuer = issuer
        self._label = label
        self._metadata: tuple[float, Metadata] | None = None
        self._failed: tuple[float, ProviderRefused] | None = None
        self._keys: tuple[float, list[dict[str, Any]]] | None = None

    def metadata(self, http: ProviderHttp) -> Metadata:
        """The provider's metadata. Raises ProviderRefused."""
        kept = self._metadata
        if kept is None or kept[0] < time.monotonic():
            kept = (time.monotonic() + KEPT_SECONDS, self._ask(http))
            self._metadata = kept
        return kept[1]

    def _ask(self, http: ProviderHttp) -> Metadata:
        failed = self._failed
        if failed and time.monotonic() < failed[0]:
            raise _copy(failed[1])
        if failed:  # one asks again, and the others have the old answer until that one has a new one
            self._failed = (time.monotonic() + SECONDS, failed[1])
        try:
            document = http.get(get_well_known_url(self._issuer, external=True))
            metadata = parse_metadata(document, self._issuer, self._label)
        except ProviderRefused as refusal:
            self._failed = (time.monotonic() + FAILED_SECONDS, _copy(refusal))
            raise
        self._failed = None
        return metadata

    def key(self, http: ProviderHttp, kid: object, algorithm: str) -> Key:
        """The key that signed a token with this `kid` (None: it names none). Raises ProviderRefused."""
        kept = self._keys
        if kept is not None and kept[0] >= time.monotonic():
            for key in self._fitting(kept[1], kid, algorithm):
                return key
        keys = http.get(self.metadata(http).jwks_uri).get("keys")
        if not isinstance(keys, list) or len(keys) > MOST_KEYS:
            raise trouble(self._label, "no list of keys")
        known = [key for key in keys if isinstance(key, dict)]
        self._keys = (time.monotonic() + KEPT_SECONDS, known)
        for key in self._fitting(known, kid, algorithm):
            return key
        raise not_genuine(self._label, "signed with an unknown key")

    def _fitting(self, keys: list[dict[str, Any]], kid: object, algorithm: str) -> Iterator[Key]:
        family = "EC" if algorithm.startswith("ES") else "RSA"
        fitting = [
            key
            for key in keys
            if key.get("kty") == family
            and key.get("use", "sig") == "sig"
            and key.get("alg", algorithm) == algorithm
            and (kid is None or key.get("kid") == kid)
        ]
        if kid is None and len(fitting) != 1:  # which one it was is not known
            return
        for key in fitting:
            try:
                yield _KEY_CLASSES[family].import_key(key)
            except (JoseError, ValueError, TypeError):
                raise trouble(self._label, "a key that cannot be read") from None


def _copy(refusal: ProviderRefused) -> ProviderRefused:
    # Without the traceback, which would keep the request that failed, and grow each time that it is raised again.
    return type(refusal)(refusal.sentence, refusal.reason)
