"""Who was signed in by the OpenID Connect provider."""

from dataclasses import dataclass

from credstore.accounts.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderIdentity:
    """`issuer` and `subject` say who it is; `username` is only how they are called.

    `role` is None where none of their groups has one. `fresh`: they proved who they are just now, and the provider did
    not let them in by an earlier sign-in.
    """

    issuer: str
    subject: str
    username: str
    role: Role | None
    fresh: bool
