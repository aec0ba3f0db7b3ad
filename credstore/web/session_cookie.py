"""The session cookie: its name and flags depend on the scheme of each request."""

import time
from copy import deepcopy
from functools import lru_cache
from typing import Any, Self

from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode

PLAIN_NAME = "credstore"
# With this prefix, browsers refuse the cookie from a subdomain, over plain http, or with another path (RFC 6265bis).
SECURE_NAME = "__Host-credstore"
MOST_KEPT = 256  # cookies that a process has verified
SHORT = 1_000  # bytes of a session that is not compressed


class CookieSerializer(URLSafeTimedSerializer):
    """Flask's, in less time: a browser sends the same cookie with each request, and most cookies are short.

    Whether the session is still valid is no question of the cookie: its row in the database is asked each time.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open = lru_cache(maxsize=MOST_KEPT)(self._open_anew)

    @classmethod
    def like(cls, other: URLSafeTimedSerializer) -> Self:
        """One with the same keys."""
        return cls(other.secret_keys, other.salt, serializer=other.serializer, signer_kwargs=other.signer_kwargs)

    def open_cookie(self, text: str, max_age: int) -> Any:
        """What a cookie holds that was signed `max_age` seconds ago at most. Raises BadSignature."""
        content, signed_at = self._open(text)
        if not 0 <= int(time.time()) - signed_at <= max_age:
            raise SignatureExpired("The cookie is too old, or of another time.")
        return deepcopy(content)

    def _open_anew(self, text: str) -> tuple[Any, int]:
        content, signed_at = self.loads(text, return_timestamp=True)
        return content, int(signed_at.timestamp())

    def dump_payload(self, obj: Any) -> bytes:
        """Compressed only where that makes a cookie notably shorter."""
        plain = self.serializer.dumps(obj).encode()
        return base64_encode(plain) if len(plain) <= SHORT else super().dump_payload(obj)


class SessionCookie(SecureCookieSessionInterface):
    """`__Host-credstore` with Secure on https; `credstore` on plain http, where browsers would refuse the other.

    SESSION_COOKIE_* is not used: a Domain or another Path would make the prefix invalid.
    """

    def __init__(self) -> None:
        self._serializers: dict[tuple[object, ...], CookieSerializer | None] = {}

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Flask's, by `open_cookie`."""
        serializer, text = self.get_signing_serializer(app), request.cookies.get(self.get_cookie_name(app))
        if serializer is None or not text:
            return None if serializer is None else self.session_class()
        try:
            max_age = int(app.permanent_session_lifetime.total_seconds())
            return self.session_class(serializer.open_cookie(text, max_age))
        except BadSignature:
            return self.session_class()

    def get_signing_serializer(self, app: Flask) -> CookieSerializer | None:
        """Flask's, made once for the keys: it is asked for twice in each request."""
        keys = (app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ()))
        if keys not in self._serializers:
            made = super().get_signing_serializer(app)
            self._serializers = {keys: CookieSerializer.like(made) if made else None}
        return self._serializers[keys]

    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002
        return SECURE_NAME if request.is_secure else PLAIN_NAME

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002
        return request.is_secure

    def get_cookie_domain(self, app: Flask) -> str | None:  # noqa: ARG002
        return None

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002
        return "/"

    def get_cookie_httponly(self, app: Flask) -> bool:  # noqa: ARG002
        return True

    def get_cookie_samesite(self, app: Flask) -> str | None:  # noqa: ARG002
        return "Lax"
