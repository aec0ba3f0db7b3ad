"""What `credstore serve` checks before it starts: its address, the database and the key. A refusal is one sentence."""

import errno
import socket

from credstore.config import Config
from credstore.encryption.key_verification import read_key_state
from credstore.encryption.keyring import Keyring
from credstore.errors import ConfigError, NotMigrated
from credstore.migrate import is_current
from credstore.models import db


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


def database_is_current() -> bool:
    """Whether the tables are the newest. Call it in an application context. Raises StorageError."""
    try:
        return is_current(db.session.connection())
    except NotMigrated:
        return False
    finally:
        db.session.remove()


def check_encryption_key(config: Config) -> None:
    """Raises ConfigError where none of the keys encrypted the secrets of this database."""
    state = read_key_state(db.session, Keyring(config.field_encryption_key, config.key_source))
    if state.locked:
        raise ConfigError(
            f"The key {', '.join(state.configured)} in {config.key_source} is not the one that encrypted the secrets "
            f"of this database, {' or '.join(state.known)}: restore that key, or start with --locked, to look and "
            "delete only."
        )
