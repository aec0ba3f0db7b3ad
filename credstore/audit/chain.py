"""How entries are chained: the hash of each covers the hash before it, so that no entry can change unnoticed."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

NOTHING = "0" * 64  # the hash before the first entry
HASHED = ("seq", "at", "actor", "act", "credential_id", "kind", "result", "address", "count", "items")


def hash_of(entry: Mapping[str, Any], before: str) -> str:
    """The SHA-256, in hex, of `before` and the entry as a JSON array of the columns HASHED; `at` in UTC."""
    return hashlib.sha256(f"{before}\n[{entry['seq']},{text_behind_seq(entry)}".encode("ascii")).hexdigest()


def text_behind_seq(entry: Mapping[str, Any]) -> str:
    """What is hashed of an entry behind its number."""
    at = entry["at"].astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps([at, *(entry[name] for name in HASHED[2:])], ensure_ascii=True, separators=(",", ":"))
    return text.removeprefix("[")
