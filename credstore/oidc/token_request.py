"""The request that exchanges a code for tokens."""

from typing import NamedTuple
from urllib.parse import quote_plus, urlencode

from authlib.oauth2.auth import ClientAuth

from credstore.oidc.metadata import Metadata
from credstore.oidc.provider_http import ProviderHttp
from credstore.oidc.refusals import stale, trouble, wrong_client
from credstore.probe import ProbeResponse


class Client(NamedTuple):
    """What credstore is at the provider. Its repr has no secret."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"Client({self.client_id!r})"


class Tokens(NamedTuple):
    """`id_token` is not verified yet. The repr has no token."""

    id_token: object
    access_token: str

    def __repr__(self) -> str:
        return "Tokens()"


def exchange_code(
    http: ProviderHttp, metadata: Metadata, client: Client, *, code: str, verifier: str, redirect_uri: str, label: str
) -> Tokens:
    """The tokens for a code. Raises ProviderRefused."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
    # RFC 6749, 2.3.1: both are form-encoded before they are joined. Authlib leaves that to its caller.
    basic = metadata.client_auth == "client_secret_basic"
    given = Client(*(quote_plus(part, safe="") if basic else part for part in client))
    auth = ClientAuth(given.client_id, given.client_secret, metadata.client_auth)
    url, headers, body = auth.prepare("POST", metadata.token_endpoint, {}, urlencode(form))
    answer = http.post(url, headers, body)
    if answer.status != 200:
        raise _refusal(answer, label)
    found = http.object_of(answer)
    access_token = found.get("access_token")
    return Tokens(found.get("id_token"), access_token if isinstance(access_token, str) else "")


def _refusal(answer: ProbeResponse, label: str) -> Exception:
    error = answer.json.get("error") if isinstance(answer.json, dict) else None
    if error == "invalid_client" or answer.status == 401:
        return wrong_client(label)
    if error == "invalid_grant":
        return stale("code refused")
    return trouble(label, f"status {answer.status} of the token endpoint")
