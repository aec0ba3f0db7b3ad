"""The settings of the sign-in with an OpenID Connect provider."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from credstore.errors import ConfigError
from credstore.loopback import is_loopback
from credstore.setting_fields import setting

LONGEST_URL = 2048
_NEEDED = {
    "CREDSTORE_OIDC_ISSUER": "oidc_issuer",
    "CREDSTORE_OIDC_CLIENT_ID": "oidc_client_id",
    "CREDSTORE_OIDC_CLIENT_SECRET": "oidc_client_secret",
    "CREDSTORE_OIDC_ROLES": "oidc_roles",
}


def parse_provider_url(text: str) -> str:
    """The URL of a provider: https, or http on loopback. Raises ValueError for any other."""
    parts = urlsplit(text)
    plain = text.isascii() and not re.search(r"[\x00-\x20\x7f\\]", text) and len(text) <= LONGEST_URL
    if not plain or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise ValueError
    if parts.port == 0:  # reading the port raises ValueError where it is no number
        raise ValueError
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError
    return text


def parse_issuer(text: str) -> str:
    """The URL of an issuer, which has no query. Raises ValueError."""
    if "?" in text or "#" in text:
        raise ValueError
    return parse_provider_url(text)


def parse_scopes(text: str) -> str:
    """Scopes with spaces between them, `openid` among them. Raises ValueError."""
    scopes = text.split()
    if "openid" not in scopes or not all(re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", scope) for scope in scopes):
        raise ValueError
    return " ".join(scopes)


@dataclass(frozen=True, kw_only=True)
class OidcSettings:
    """The part of `Config` that is about the sign-in with a provider. It is off while no issuer is set."""

    oidc_issuer: str = setting(
        "CREDSTORE_OIDC_ISSUER",
        "the URL of the OpenID Connect provider as it writes it itself, https://host or https://host/path",
        "",
        parse_issuer,
    )
    oidc_client_id: str = setting("CREDSTORE_OIDC_CLIENT_ID", "the client ID of credstore at the provider", "")
    oidc_client_secret: str = setting(
        "CREDSTORE_OIDC_CLIENT_SECRET", "the client secret of credstore at the provider", "", secret=True
    )
    oidc_scopes: str = setting(
        "CREDSTORE_OIDC_SCOPES",
        "the scopes that are asked for, with spaces between them; openid is one",
        "openid profile email",
        parse_scopes,
    )
    oidc_username_claim: str = setting(
        "CREDSTORE_OIDC_USERNAME_CLAIM", "the claim that has the user's name", "preferred_username"
    )
    oidc_groups_claim: str = setting("CREDSTORE_OIDC_GROUPS_CLAIM", "the claim that has the user's groups", "groups")
    oidc_roles: str = setting(
        "CREDSTORE_OIDC_ROLES", "the role of each group, like “admins=admin, ops=editor, *=viewer”", ""
    )
    oidc_label: str = setting("CREDSTORE_OIDC_LABEL", "the provider's name on the button “Sign in with …”", "")

    def require_whole_oidc_settings(self) -> None:
        """Raises ConfigError where some of the needed settings are there and others are not."""
        missing = [variable for variable, name in _NEEDED.items() if not getattr(self, name)]
        if missing and len(missing) < len(_NEEDED):
            raise ConfigError(f"The sign-in with an OpenID Connect provider also needs {' and '.join(missing)}.")
