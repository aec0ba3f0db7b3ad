"""The `.env` file of the folder that a command runs in: read into the environment, and named where it was wrong."""

import os
import re
from collections.abc import Collection
from pathlib import Path

from dotenv import dotenv_values, load_dotenv


def load_env_file() -> frozenset[str]:
    """Set the variables of the file that are not set already. Returns their names."""
    path = Path.cwd() / ".env"
    names = frozenset(name for name in dotenv_values(path) if name not in os.environ)
    load_dotenv(path)
    return names


def with_file(sentence: str, from_file: Collection[str]) -> str:
    """The sentence, with the path of the file behind the first variable in it that is one of `from_file`.

    Nobody looks for a variable there.
    """
    found = re.search(r"\b[A-Z]+(?:_[A-Z]+)+\b", sentence)
    if not found or found[0] not in from_file:
        return sentence
    return f"{sentence[: found.end()]} (from {Path.cwd() / '.env'}){sentence[found.end() :]}"
