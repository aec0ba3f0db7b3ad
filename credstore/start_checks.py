"""What `credstore serve` checks of the database and the key before it serves. A refusal is one sentence."""

from credstore.config import Config
from credstore.encryption.key_verification import read_key_state
from credstore.encryption.keyring import Keyring
from credstore.errors import ConfigError, NotMigrated
from credstore.migrate import is_current
from credstore.models import db


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
