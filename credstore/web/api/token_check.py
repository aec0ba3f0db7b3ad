"""The authorization of the API: a machine token with the scope of the route. Cookies are not looked at."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask import Blueprint, g, request

from credstore.access_errors import AccessError, ScopeMissing, TokenRefused
from credstore.accounts.machine_tokens import MachineToken
from credstore.audit import Actor, set_actor
from credstore.vault import READ_BESIDE
from credstore.web import request_context
from credstore.web.authentication import may_ask_for_password
from credstore.web.authorization import forget_actor

PUBLIC_ENDPOINTS = frozenset({"credstore_api.document", "credstore_api.unknown_path"})


class PlainHttp(AccessError):
    """A token came over plain http from another machine."""

    code = "https-needed"


def register(bp: Blueprint, scopes: Mapping[str, str], reading: Collection[str]) -> None:
    """`scopes` has the scope of every endpoint but the public ones.

    For an endpoint in `reading` the credential of its address is read with the token, by one statement.
    """

    def authorize_token() -> None:
        """Raises TokenRefused, ScopeMissing, Throttled or PlainHttp."""
        if request.endpoint in PUBLIC_ENDPOINTS:
            return
        if not may_ask_for_password():
            raise PlainHttp("Use https: over plain http everybody on the way can read the token. Replace it.")
        variables = request.view_args or {}
        read = {"read": str(variables["credential"])} if request.endpoint in reading else {}
        token, g.credstore_read = request_context.services().tokens.authenticate_and_read(
            bearer_token(), request.remote_addr or "", READ_BESIDE if read else None, read
        )
        scope = scopes[str(request.endpoint)]
        if scope not in token.scopes:
            raise ScopeMissing(f"This token does not have the scope “{scope}”.")
        g.credstore_machine_token = token
        g.credstore_username = token.actor_name
        set_actor(Actor(g.credstore_username, request.remote_addr or ""))

    bp.before_request(authorize_token)
    bp.teardown_request(forget_actor)


def bearer_token() -> str:
    """The token as it was sent. Raises TokenRefused where none was."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        raise TokenRefused("Send a machine token, in the header “Authorization: Bearer crs_…”.")
    return text.strip()


def row_read() -> Sequence[Any]:
    """What was read of the credential, for an endpoint that asked for it; for `Vault.use`."""
    row: Sequence[Any] = g.credstore_read
    return row


def machine_token() -> MachineToken:
    """The token of this request."""
    token: MachineToken = g.credstore_machine_token
    return token
