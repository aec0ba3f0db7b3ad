"""Makes the policy, the proxy and the outbound client from the settings.

A wrong setting raises ConfigError when the application starts, not at the first test. The proxy's password is never
shown.
"""

import ssl
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from credstore.config import Config
from credstore.egress.deferred_client import DeferredClient
from credstore.egress.policy import Policy
from credstore.egress.proxy import Proxy
from credstore.errors import ConfigError
from credstore.urls import host_port

if TYPE_CHECKING:
    from credstore.egress.client import OutboundClient

CA_SETTING = "CREDSTORE_CA_BUNDLE"


def policy_from_config(config: Config) -> Policy:
    """The policy of CREDSTORE_EGRESS_ALLOW. Raises ConfigError when an item cannot be read."""
    return Policy.parse(config.egress_allow, loopback_open=config.bound_to_loopback, own_port=config.port)


def proxy_from_config(config: Config) -> Proxy | None:
    """The proxy of CREDSTORE_EGRESS_PROXY, None when it is not set. Raises ConfigError without its value."""
    return Proxy.parse(config.egress_proxy) if config.egress_proxy else None


def client_from_config(config: Config, *, named: str = "") -> DeferredClient:
    """The outbound client. Raises ConfigError naming the setting that is wrong.

    `named` is a URL that the operator gave in another setting: its host and port may be called too, also a local one.
    """
    if config.ca_bundle is not None:
        _require_certificates(config.ca_bundle)
    policy, proxy = policy_from_config(config), proxy_from_config(config)
    if named:
        policy = replace(policy, host_ports=policy.host_ports | {host_port(named)})

    def make() -> "OutboundClient":
        from credstore.egress import client

        return client.OutboundClient(policy, ca_file=config.ca_bundle, proxy=proxy)

    return DeferredClient(make)


def _require_certificates(file: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=file)
    except ssl.SSLError:  # an OSError too, so it goes first
        raise ConfigError(f"{CA_SETTING} names a file without a readable PEM certificate: {file}") from None
    except OSError:
        raise ConfigError(f"{CA_SETTING} names a file that cannot be read: {file}") from None
    if not context.cert_store_stats()["x509"]:  # a revocation list alone loads without complaint
        raise ConfigError(f"{CA_SETTING} names a file without a PEM certificate: {file}")
