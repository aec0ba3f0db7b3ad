"""Whether an address is of this machine alone."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a bind address or host name is a loopback address or "localhost"."""
    if host.strip("[]").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
