"""The sign-in with one provider: the URL that the browser is sent to, and who comes back from there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from credstore.access_errors import ProviderRefused, Throttled
from credstore.accounts.provider_identity import ProviderIdentity
from credstore.oidc import refusals
from credstore.oidc.attempt import Attempt
from credstore.oidc.discovery import Discovery
from credstore.oidc.group_roles import GroupRoles, groups_in
from credstore.oidc.id_token import verified_claims, was_fresh
from credstore.oidc.metadata import Metadata
from credstore.oidc.provider_http import SECONDS, ProviderHttp, Sender
from credstore.oidc.token_request import Client, exchange_code

AT_ONCE = 4
_WAIT_SECONDS = 2
_MOST_CODE = 4096  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is asked for and how the answer is read; see the settings of these names."""

    scopes: str
    username_claim: str
    groups_claim: str
    roles: GroupRoles


@dataclass(kw_only=True)
class Provider:
    """Threads may share it. Each call asks the provider for at most `seconds` in all.

    `label` is the name that people see. Each method raises ProviderRefused, and Throttled while too many sign in.
    """

    issuer: str
    label: str
    client: Client = field(repr=False)
    rules: Rules
    sender: Sender = field(repr=False)
    seconds: float = SECONDS

    def __post_init__(self) -> None:
        self._discovery = Discovery(self.issuer, self.label)
        # A slow provider must not hold every thread of the server.
        self._slots = BoundedSemaphore(AT_ONCE)

    def authorization_url(self, attempt: Attempt, redirect_uri: str) -> str:
        """Where to send the browser."""
        with self._asking() as (_, metadata):
            # The provider asks for the password again, whoever is signed in there; `max_age` makes it say when.
            again = {"prompt": "login", "max_age": "0"} if attempt.confirms else {}
            return str(
                prepare_grant_uri(
                    metadata.authorization_endpoint,
                    self.client.client_id,
                    "code",
                    redirect_uri=redirect_uri,
                    scope=self.rules.scopes,
                    state=attempt.state,
                    nonce=attempt.nonce,
                    code_challenge=create_s256_code_challenge(attempt.verifier),
                    code_challenge_method="S256",
                    **again,
                )
            )

    def sign_out_url(self) -> str:
        """Where the provider ends its own session; "" where it has no such page."""
        with self._asking() as (_, metadata):
            page = metadata.end_session_endpoint
            return str(add_params_to_uri(page, [("client_id", self.client.client_id)])) if page else ""

    def check(self) -> None:
        """Ask for the metadata, as a sign-in does."""
        with self._asking():
            return

    def user(self, attempt: Attempt | None, answer: Mapping[str, str], redirect_uri: str) -> ProviderIdentity:
        """Who came back from the provider. `answer` are the parameters that the browser brought."""
        if attempt is None or not attempt.matches(answer.get("state", "")):
            raise refusals.stale("another state")
        with self._asking() as (http, metadata):
            self._check_sender(answer, metadata)
            if error := answer.get("error"):
                raise refusals.by_provider(self.label, error)
            claims = self._claims(http, metadata, attempt, answer.get("code", "")[:_MOST_CODE], redirect_uri)
        name = claims.get(self.rules.username_claim)
        if not isinstance(name, str) or not name.strip():
            raise ProviderRefused(
                f"{self.label} did not say what you are called. Tell the operator: the claim of "
                "CREDSTORE_OIDC_USERNAME_CLAIM is missing.",
                "no name",
            )
        return ProviderIdentity(
            issuer=self.issuer,
            subject=claims["sub"],
            username=name.strip(),
            role=self.rules.roles.role_of(groups_in(claims, self.rules.groups_claim)),
            fresh=was_fresh(claims, attempt.seconds),
        )

    def _check_sender(self, answer: Mapping[str, str], metadata: Metadata) -> None:
        """RFC 9207: an answer of another provider must not be taken for one of this."""
        named = answer.get("iss")
        if named != self.issuer and (named is not None or metadata.names_itself):
            raise refusals.not_genuine(self.label, "sent back by another issuer")

    def _claims(
        self, http: ProviderHttp, metadata: Metadata, attempt: Attempt, code: str, redirect_uri: str
    ) -> dict[str, Any]:
        if not code:
            raise refusals.trouble(self.label, "no code")
        verifier, label = attempt.verifier, self.label
        tokens = exchange_code(
            http, metadata, self.client, code=code, verifier=verifier, redirect_uri=redirect_uri, label=label
        )
        claims = verified_claims(
            tokens.id_token,
            lambda kid, algorithm: self._discovery.key(http, kid, algorithm),
            issuer=self.issuer,
            client_id=self.client.client_id,
            nonce=attempt.nonce,
            access_token=tokens.access_token,
            label=label,
        )
        wanted = {self.rules.username_claim, self.rules.groups_claim}
        if wanted <= claims.keys() or not metadata.userinfo_endpoint or not tokens.access_token:
            return claims
        more = http.get(metadata.userinfo_endpoint, {"Authorization": f"Bearer {tokens.access_token}"})
        if more.get("sub") != claims["sub"]:
            raise refusals.not_genuine(label, "the user information is about somebody else")
        return {name: more[name] for name in wanted & more.keys()} | claims

    @contextmanager
    def _asking(self) -> Iterator[tuple[ProviderHttp, Metadata]]:
        if not self._slots.acquire(timeout=_WAIT_SECONDS):
            raise Throttled("Too many people are signing in at once. Wait a few seconds, then try again.", 5)
        try:
            http = ProviderHttp(self.sender, self.label, self.seconds)
            yield http, self._discovery.metadata(http)
        finally:
            self._slots.release()
