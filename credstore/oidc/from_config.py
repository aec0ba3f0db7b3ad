"""Makes the provider from the settings. Imports Authlib only where a provider is set."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from credstore.config import Config
from credstore.egress.from_config import client_from_config
from credstore.errors import ConfigError
from credstore.oidc.group_roles import GroupRoles

if TYPE_CHECKING:
    from credstore.oidc.provider import Provider

_DEFAULT_LABEL = "your organization"


def check_provider_settings(config: Config) -> GroupRoles | None:
    """The roles of groups, None where no provider is set. Raises ConfigError where a provider could not be made."""
    config.require_whole_oidc_settings()
    if not config.oidc_issuer:
        return None
    if find_spec("authlib") is None:
        raise ConfigError("CREDSTORE_OIDC_ISSUER needs Authlib. Install credstore[oidc].")
    return GroupRoles.parse(config.oidc_roles)


def provider_from_config(config: Config) -> "Provider | None":
    """The provider of CREDSTORE_OIDC_ISSUER, None where none is set. Sends no request. Raises ConfigError."""
    roles = check_provider_settings(config)
    if roles is None:
        return None
    from credstore.oidc.provider import Provider, Rules
    from credstore.oidc.token_request import Client

    return Provider(
        issuer=config.oidc_issuer,
        label=config.oidc_label or _DEFAULT_LABEL,
        client=Client(config.oidc_client_id, config.oidc_client_secret),
        rules=Rules(
            scopes=config.oidc_scopes,
            username_claim=config.oidc_username_claim,
            groups_claim=config.oidc_groups_claim,
            roles=roles,
        ),
        sender=client_from_config(config, named=config.oidc_issuer),
    )
