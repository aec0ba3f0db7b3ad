"""Makes the key files of a new installation. Only `credstore serve` does this.

It never makes a key for a database that has encrypted secrets already.
"""

import os
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask

from credstore.config import KEY_FILE, SECRET_FILE, Config
from credstore.encryption.key_usage import count_rows_by_key
from credstore.encryption.keyring import generate_key
from credstore.errors import ConfigError


def ensure_keys(config: Config, app: Flask) -> Config:
    """The config with both keys; a key that is missing is made and written to the keys folder.

    Raises ConfigError when the encryption key is missing and secrets are stored: a new key could not decrypt them.
    """
    found: dict[str, Any] = {}
    if not config.field_encryption_key:
        with app.app_context():
            expected = count_rows_by_key()
        if expected:
            raise ConfigError(
                f"FIELD_ENCRYPTION_KEY is not set, but this database holds {sum(expected.values())} credentials "
                f"encrypted with the key {' and '.join(expected)}. Restore that key: set the variable, or put it into "
                f"{config.keys_folder / KEY_FILE}"
            )
        path = config.keys_folder / KEY_FILE
        found |= {"field_encryption_key": write_key_file(path, generate_key()), "key_source": f"the file {path}"}
    if not config.secret_key:
        found["secret_key"] = write_key_file(config.keys_folder / SECRET_FILE, secrets.token_urlsafe(48))
    return replace(config, **found)


def write_key_file(path: Path, value: str) -> str:
    """Write `value` to a new file (mode 0600) and return it. When the file exists already, return its content.

    Raises ConfigError when the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(dir=path.parent)  # 0600 from the start
        with os.fdopen(handle, "w") as file:
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # A hard link is atomic and never replaces a file: a partly written or replaced key would lose every secret.
            os.link(draft, path)
        except FileExistsError:
            return path.read_text().strip()
        finally:
            Path(draft).unlink()
    except OSError:
        raise ConfigError(f"The key file cannot be written: {path}. Check the folder's permissions.") from None
    return value
