"""The provider's metadata (OpenID Connect Discovery): its endpoints, and how it wants credstore to prove itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from credstore.oidc.refusals import trouble
from credstore.oidc_settings import parse_provider_url

_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OFFERED = ("userinfo_endpoint", "end_session_endpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """`userinfo_endpoint` and `end_session_endpoint` are "" where the provider has none.

    `client_auth` is client_secret_basic or client_secret_post. `names_itself`: the provider says that it adds `iss`
    when it sends the browser back (RFC 9207).
    """

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    end_session_endpoint: str
    client_auth: str
    names_itself: bool


def parse_metadata(document: Mapping[str, Any], issuer: str, label: str) -> Metadata:
    """Read a provider's document. Raises ProviderRefused: it is of another issuer, or an endpoint cannot be used."""
    if document.get("issuer") != issuer:
        raise trouble(label, "the metadata has another issuer than CREDSTORE_OIDC_ISSUER")
    methods = document.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" not in methods:
        raise trouble(label, "no PKCE with S256")
    needed = {name: _endpoint(document, name, label) for name in _NEEDED}
    offered = {name: _endpoint(document, name, label) if document.get(name) else "" for name in _OFFERED}
    return Metadata(
        **needed,
        **offered,
        client_auth=_client_auth(document, label),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(document: Mapping[str, Any], name: str, label: str) -> str:
    value = document.get(name)
    try:
        return parse_provider_url(value if isinstance(value, str) else "")
    except ValueError:
        raise trouble(label, f"no usable {name}") from None


def _client_auth(document: Mapping[str, Any], label: str) -> str:
    offered = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    for method in ("client_secret_basic", "client_secret_post"):
        if isinstance(offered, list) and method in offered:
            return method
    raise trouble(label, "no client_secret_basic or client_secret_post")
