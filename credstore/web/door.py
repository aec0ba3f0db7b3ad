"""The one authorization door: every view of the blueprint passes it, but for the few named here."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from credstore.errors import CredstoreError
from credstore.web import current

OPEN = frozenset({"credstore.login", "credstore.setup", "credstore.healthz", "credstore.readyz", "credstore.static"})


class CrossSite(CredstoreError):
    code = "cross-site"


def register(bp: Blueprint) -> None:
    bp.before_request(pass_door)


def pass_door() -> ResponseReturnValue | None:
    """Refuse what another site sends, then ask who is there."""
    # Beside the token: browsers say where a request comes from, and no script can forge that header.
    foreign = request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}
    if request.method not in {"GET", "HEAD", "OPTIONS"} and foreign:
        raise CrossSite("This form was sent from another site, so credstore refused it.")
    return None if request.endpoint in OPEN else current.authorize()
