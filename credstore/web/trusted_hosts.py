"""Refuses requests with other host names than the trusted ones. This prevents DNS rebinding."""

from collections.abc import Sequence

from flask import Flask, request
from werkzeug.exceptions import SecurityError


def require_trusted_host(app: Flask, names: Sequence[str]) -> None:
    """Refuse every request (SecurityError, 400) whose host is not in `names`. IPv6 addresses are in brackets.

    A name with a leading dot also allows its subdomains. Flask's TRUSTED_HOSTS is not used: Werkzeug reads an IPv6
    literal only up to its first colon, so that it never matches.
    """
    exact = {name.lower() for name in names}
    endings = tuple(name for name in exact if name.startswith("."))

    def check() -> None:
        host = request.host.lower()
        name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        if name not in exact and f".{name}" not in exact and not name.endswith(endings):
            raise SecurityError

    app.before_request_funcs.setdefault(None, []).insert(0, check)
