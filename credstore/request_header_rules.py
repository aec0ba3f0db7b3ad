"""Which headers a `ProbeRequest` may have (RFC 9110). Never repeats the value of a header: it may be a secret.

The validation of a form uses these rules too, so that a wrong header is refused when it is entered, not at the test.
"""

import re

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?\Z")
# Headers that decide where a request ends or which host it is for; a credential must not set them.
_RESERVED = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"}
    | {"accept-encoding", "proxy-authorization", "proxy-connection"}
)


def header_error(name: str, value: str) -> str:
    """Why this header cannot be sent, as part of a sentence; "" when it can."""
    if not _NAME.match(name):
        return "the name of a header has characters that HTTP does not allow"
    if name.lower() in _RESERVED:
        return f"the header {name} is set by credstore itself"
    if not _VALUE.match(value):
        return f"the value for the header {name} has characters that HTTP does not allow"
    return ""
