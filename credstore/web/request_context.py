"""What the current application offers to views: the vault, the accounts, the settings, and who is signed in."""

from typing import Protocol, cast

from flask import current_app, g, request
from flask.typing import ResponseReturnValue

from credstore.accounts import Accounts
from credstore.background_runner import BackgroundRunner
from credstore.config import Config
from credstore.vault import Vault


class Services(Protocol):
    """What the Flask extension offers to the views; it is found at `app.extensions["credstore"]`."""

    vault: Vault
    accounts: Accounts
    config: Config
    runner: BackgroundRunner

    def authorize(self) -> ResponseReturnValue | None:
        """None lets the request pass; anything else is sent instead."""

    def require_ready(self) -> None:
        """Raises StorageError or Locked while requests cannot be served."""


def services() -> Services:
    return cast(Services, current_app.extensions["credstore"])


def vault() -> Vault:
    return services().vault


def config() -> Config:
    return services().config


def authorize() -> ResponseReturnValue | None:
    return services().authorize()


def username() -> str:
    """The name of who signed in with credstore's own sign-in; "" in a host application, which shows its own."""
    return str(g.get("credstore_username", ""))


def is_authorized() -> bool:
    """Whether this request has passed the authorization check."""
    return bool(g.get("credstore_authorized"))


def wants_fragment() -> bool:
    """Whether our own script asks, for a piece of a page."""
    return request.headers.get("X-Credstore") == "fragment"


def wants_json() -> bool:
    """Whether a program asks: it prefers JSON to HTML."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and not wants_fragment()
