"""Which host names are answered: a page on another name could be somebody else's, pointed at this address."""

from collections.abc import Sequence

from flask import Flask, request
from werkzeug.exceptions import SecurityError


def require_trusted_host(app: Flask, names: Sequence[str]) -> None:
    """Answer requests for these hosts alone; a leading dot also takes the names below. IPv6 stands in brackets.

    Not by TRUSTED_HOSTS of Flask: Werkzeug reads an IPv6 literal only up to its first colon, so none ever matches.
    """
    exact = {name.lower() for name in names}
    endings = tuple(name for name in exact if name.startswith("."))

    def check() -> None:
        host = request.host.lower()
        name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        if name not in exact and f".{name}" not in exact and not name.endswith(endings):
            raise SecurityError

    app.before_request_funcs.setdefault(None, []).insert(0, check)
