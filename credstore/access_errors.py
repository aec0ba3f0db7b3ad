"""The exceptions of sign-in, set-up and machine tokens; see `errors`."""

from credstore.errors import CredstoreError


class AccessError(CredstoreError):
    code = "access"


class WrongPassword(AccessError):
    code = "wrong-password"


class Throttled(AccessError):
    code = "throttled"

    def __init__(self, sentence: str, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class TokenRefused(AccessError):
    code = "unauthorized"


class ScopeMissing(AccessError):
    code = "scope"


class RoleMissing(AccessError):
    code = "role"


class LastAdministrator(AccessError):
    code = "last-administrator"


class OwnUser(AccessError):
    code = "own-user"


class InvitationClosed(AccessError):
    code = "invitation-closed"


class SetupClosed(AccessError):
    code = "setup-closed"


class ProviderRefused(AccessError):
    """A sign-in with the OpenID Connect provider that failed. `reason` is a word or two for the log, of ours alone."""

    code = "oidc"

    def __init__(self, sentence: str, reason: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class ProviderUnreached(ProviderRefused):
    """The provider could not be asked."""


class NoRole(ProviderRefused):
    """None of the groups has a role. `username` is that of the user here, "" where they are not known."""

    def __init__(self, username: str) -> None:
        super().__init__(
            "None of your groups at the provider may use credstore. Ask an administrator for access.", "no role"
        )
        self.username = username
