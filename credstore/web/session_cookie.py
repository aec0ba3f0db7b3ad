"""The session cookie: its name and flags depend on the scheme of each request."""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

PLAIN_NAME = "credstore"
# With this prefix, browsers refuse the cookie from a subdomain, over plain http, or with another path (RFC 6265bis).
SECURE_NAME = "__Host-credstore"


class SessionCookie(SecureCookieSessionInterface):
    """`__Host-credstore` with Secure on https; `credstore` on plain http, where browsers would refuse the other.

    SESSION_COOKIE_* is not used: a Domain or another Path would make the prefix invalid.
    """

    def __init__(self) -> None:
        self._serializers: dict[tuple[object, ...], URLSafeTimedSerializer | None] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Flask's, made once for the keys: it is asked for twice in each request."""
        keys = (app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ()))
        if keys not in self._serializers:
            self._serializers = {keys: super().get_signing_serializer(app)}
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
