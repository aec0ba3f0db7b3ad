"""What the current application offers to views: the vault, the accounts, the settings, and who is signed in."""

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, cast

from flask import current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from credstore.accounts import Accounts, Invitations, ProviderUsers, Role, Users, Visitor
from credstore.accounts.machine_tokens import MachineTokens
from credstore.audit import AuditLog
from credstore.background_runner import BackgroundRunner
from credstore.config import Config
from credstore.notices.notifier import Notifier
from credstore.vault import Vault
from credstore.web.addresses import Addresses
from credstore.web.brand import Brand

if TYPE_CHECKING:  # it imports Authlib, which not every installation has
    from credstore.oidc.provider import Provider

AuthorizeAnswer = ResponseReturnValue | Role | Visitor | None


class Services(Protocol):
    """What the Flask extension offers to the views; it is found at `app.extensions["credstore"]`.

    `layout` is the template of a host application that pages are shown in; None for credstore's own.
    """

    vault: Vault
    accounts: Accounts
    users: Users
    provider_users: ProviderUsers
    provider: "Provider | None"
    invitations: Invitations
    audit: AuditLog
    tokens: MachineTokens
    config: Config
    runner: BackgroundRunner
    notifier: Notifier
    addresses: Addresses
    layout: str | None
    brand: Brand

    def authorize(self) -> AuthorizeAnswer:
        """A role or a visitor lets the request pass with that role, None as an editor; all else is sent instead."""

    def require_ready(self) -> None:
        """Raises StorageError or Locked while requests cannot be served."""


def services() -> Services:
    return cast(Services, current_app.extensions["credstore"])


def vault() -> Vault:
    return services().vault


def config() -> Config:
    return services().config


def authorize() -> AuthorizeAnswer:
    return services().authorize()


def username() -> str:
    """The name of who signed in, or that a host application gave for the audit log; "" where it is not known."""
    return str(g.get("credstore_username", ""))


def role() -> Role:
    """The role of who sent this request; the least one where nobody has passed the authorization check."""
    return cast(Role, g.get("credstore_role", Role.VIEWER))


def is_authorized() -> bool:
    """Whether this request has passed the authorization check."""
    return bool(g.get("credstore_authorized"))


def wants_fragment() -> bool:
    """Whether our own script asks, for a piece of a page."""
    return request.headers.get("X-Credstore") == "fragment"


def asks_api() -> bool:
    """Whether the address of this request is below that of the JSON API."""
    return services().addresses.is_api(request.path)


def wants_json() -> bool:
    """Whether a program asks: it prefers JSON to HTML, or calls the API, whose document is a page."""
    if asks_api() and request.endpoint != "credstore.api_docs":
        return True
    return _prefers_json(request.headers.get("Accept", "")) and not wants_fragment()


@lru_cache(maxsize=64)
def _prefers_json(accept: str) -> bool:
    """Of the header Accept. Kept, since the browsers have few."""
    return parse_accept_header(accept, MIMEAccept).best_match(["text/html", "application/json"]) == "application/json"
