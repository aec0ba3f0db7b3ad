"""The formats of text files that can be imported, by name; and reading such a file."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from credstore.errors import FileRefused
from credstore.importing import airflow, bitwarden, ci_variables, env_file, n8n, onepassword
from credstore.importing.candidate import Candidate

MOST_BYTES = 50_000_000
_ENV_LINE = re.compile(r"(?:export\s+)?[A-Za-z_]\w*=")


@dataclass(frozen=True, slots=True)
class Format:
    """`read` raises FileRefused where the text is not of this format."""

    label: str
    read: Callable[[str], list[Candidate]]


FORMATS = {
    "airflow": Format("Airflow connections (JSON or .env)", airflow.read),
    "n8n": Format("n8n credentials (decrypted JSON)", n8n.read),
    "env": Format(".env file", env_file.read),
    "github": Format("GitHub variables (JSON)", ci_variables.read_github),
    "gitlab": Format("GitLab variables (JSON)", ci_variables.read_gitlab),
    "1password": Format("1Password (CSV)", onepassword.read),
    "bitwarden": Format("Bitwarden (CSV)", bitwarden.read),
}


def read_candidates(name: str, text: str) -> list[Candidate]:
    """What is in a file of this format. Raises FileRefused, with a hint where it looks like a .env file."""
    try:
        return FORMATS[name].read(text)
    except FileRefused as refusal:
        lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
        if name == "env" or not lines or not all(map(_ENV_LINE.match, lines)):
            raise
        raise FileRefused(f"{refusal.sentence} This looks like a .env file.") from None


def fitting_format(chosen: str, text: str) -> str:
    """The other format in which most of the text can be imported; "" where there is none."""
    found = {name: _importable(name, text) for name in FORMATS if name != chosen}
    best = max(found, key=lambda name: found[name])
    return best if found[best] else ""


def _importable(name: str, text: str) -> int:
    """How many items with a name the text has in this format."""
    try:
        candidates = FORMATS[name].read(text)
    except FileRefused:
        return 0
    return sum(not one.skipped and one.name not in {"", "?"} for one in candidates)


def read_text_file(path: Path) -> str:
    """Raises FileRefused."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FileRefused(f"This file is larger than {MOST_BYTES // 10**6} MB. Split it.")
        return decode_text(path.read_bytes())
    except OSError:
        raise FileRefused("The file cannot be read.") from None


def decode_text(content: bytes) -> str:
    """Raises FileRefused."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused("This file is not UTF-8 text.") from None
