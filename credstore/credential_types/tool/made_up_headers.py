"""Makes up values for headers that hold a secret: other ones of the same form, for the control of a check. Pure.

A server that looks at the form alone must take them. So the scheme before a token stays, a cookie keeps its names, and
in the base64 of `user:password` or `id:key` only the password or key changes.
"""

import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Collection, Mapping

from credstore.credential_types.made_up_key import made_up_key

_PARAMETER = re.compile(
    r"(?P<name>[\w!#$%&'*.^`|~-]+)=(?P<quote>\"?)(?P<value>[^\s\",;=]+=*)(?P=quote)(?=\s*(?:[,;]|$))"
)
_SECRET_PARAMETER = re.compile(r"auth|token|key|secret|pass|pwd|session|sid|sign|credential|response", re.IGNORECASE)
_STANDS_FOR_NOTHING = "made-up"


def made_up_headers(headers: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """All the headers, those of `names` with made-up values."""
    return {name: made_up_header(name, value) if name in names else value for name, value in headers.items()}


def made_up_header(name: str, value: str) -> str:
    """Another value of the same form."""
    if not value.strip():
        return _STANDS_FOR_NOTHING
    if name.lower() == "cookie":
        return _other_parameters(value)
    scheme, space, token = value.rpartition(" ")
    if _decode(token) is None and _PARAMETER.search(value):
        return _other_parameters(value)
    return scheme + space + _other_token(token)


def texts_inside(value: str) -> set[str]:
    """The secrets that a header value holds in another form: what its base64 encodes, and its parameters."""
    found = {parameter["value"] for parameter in _PARAMETER.finditer(value)}
    for token in {value.rpartition(" ")[2], *found}:
        if decoded := _decode(token):
            before, _, after = decoded[0].partition(":")
            found |= {decoded[0], after or before}  # a key may stand in place of the user name
    return found


def _other_token(token: str) -> str:
    """A made-up token; of the base64 of `user:password`, the same with another password."""
    decoded = _decode(token)
    if decoded is None:
        return made_up_key(token)
    text, encode = decoded
    before, colon, after = text.partition(":")
    # A key may stand in place of the user name, with nothing behind the colon.
    changed = before + colon + made_up_key(after) if after else made_up_key(before) + colon
    coded = encode(changed.encode()).decode("ascii")
    return coded if token.endswith("=") or len(token) % 4 == 0 else coded.rstrip("=")


def _decode(token: str) -> tuple[str, Callable[[bytes], bytes]] | None:
    """The `user:password` that a token encodes, and how it is encoded; None when it is not of that form."""
    padded = token + "=" * (-len(token) % 4)
    try:
        if re.search(r"[-_]", token):
            text, encode = urlsafe_b64decode(padded).decode(), urlsafe_b64encode
        else:
            text, encode = b64decode(padded, validate=True).decode(), b64encode
    except (Error, ValueError):
        return None
    return (text, encode) if len(text) > 1 and ":" in text and text.isprintable() else None


def _other_parameters(value: str) -> str:
    """The same `name=value` pairs with other values: of the secret ones, or of all where no name tells which."""
    names = {found["name"] for found in _PARAMETER.finditer(value)}
    chosen = {name for name in names if _SECRET_PARAMETER.search(name)} or names

    def other(found: re.Match[str]) -> str:
        if found["name"] not in chosen:
            return found[0]
        return f"{found['name']}={found['quote']}{_other_token(found['value'])}{found['quote']}"

    return _PARAMETER.sub(other, value)
