"""What the current application offers to views. The only way from `web` to the vault."""

from typing import TYPE_CHECKING, cast

from flask import current_app, g, request
from flask.typing import ResponseReturnValue

from credstore.config import Config
from credstore.vault import Vault

if TYPE_CHECKING:
    from credstore.extension import Credstore


def services() -> "Credstore":
    return cast("Credstore", current_app.extensions["credstore"])


def vault() -> Vault:
    return services().vault


def config() -> Config:
    return services().config


def authorize() -> ResponseReturnValue | None:
    return services().authorize()


def username() -> str:
    """The name of who signed in at credstore's own door; "" in a host application, which shows its own."""
    return str(g.get("credstore_username", ""))


def is_authorized() -> bool:
    """Whether this request has passed the authorization door."""
    return bool(g.get("credstore_authorized"))


def wants_fragment() -> bool:
    """Whether our own script asks, for a piece of a page."""
    return request.headers.get("X-Credstore") == "fragment"


def wants_json() -> bool:
    """Whether a program asks: it prefers JSON to HTML."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and not wants_fragment()
