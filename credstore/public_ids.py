"""The public id of a credential: a UUID of version 7 (RFC 9562, section 5.7).

It begins with the time, so that new ids stand side by side in an index. Those of version 4 are spread over all of it:
with a million rows each create then reads and writes a page that nothing else needs.
"""

import re
import secrets
import time
import uuid

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_public_id() -> str:
    """A new id, as text."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | secrets.randbits(80)
    value = (value & ~(0xF << 76)) | (7 << 76)  # the version
    return str(uuid.UUID(int=(value & ~(0b11 << 62)) | (0b10 << 62)))  # the variant


def is_public_id(text: str) -> bool:
    """Whether a text is written like an id. PostgreSQL refuses to be asked for some that are not."""
    return _ID.fullmatch(text) is not None
