"""Whether the address that `credstore serve` shall listen on can be used. A refusal is one sentence."""

import errno
import socket

from credstore.errors import ConfigError


def check_address(host: str, port: int) -> None:
    """Raises ConfigError where the address cannot be used: gunicorn would try five times, and log each time."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
        try:
            probe.bind((host, port))
        except OSError as refusal:
            raise ConfigError(_address_sentence(refusal.errno or 0, host, port)) from None


def _address_sentence(number: int, host: str, port: int) -> str:
    if number == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use by another program: stop it, or choose another port with --port."
    if number in {errno.EACCES, errno.EPERM}:
        return f"This user may not listen on port {port}: choose a port of 1024 or more with --port."
    return f"This machine has no address {host} to listen on: choose another with --host."
