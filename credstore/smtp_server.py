"""The mail server of CREDSTORE_SMTP_URL: smtps://user:password@host:port (TLS), smtp:// (STARTTLS), smtp-plain://."""

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from credstore.loopback import is_loopback

Security = Literal["tls", "starttls", "none"]
_SCHEMES: dict[str, tuple[Security, int]] = {
    "smtps": ("tls", 465),
    "smtp": ("starttls", 587),
    "smtp-plain": ("none", 25),
}
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?!-)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}", re.ASCII)
LONGEST_ADDRESS = 254  # characters (RFC 5321)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where and how mail is handed over. `sender` is the address that it comes from."""

    host: str
    port: int
    security: Security
    sender: str
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """Raises ValueError where the URL is malformed, or a password would go over a network in clear."""
        if re.search(r"[\x00-\x20\x7f]", url) or not url.isascii():
            raise ValueError
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES or parts.path not in {"", "/"} or parts.fragment:
            raise ValueError
        security, port = _SCHEMES[parts.scheme]
        host = parts.hostname or ""
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True) if parts.query else [])
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        sender = options.pop("from", username if is_address(username) else f"credstore@{host}")
        if options or not _HOST.fullmatch(host) or parts.port == 0 or not is_address(sender):
            raise ValueError
        if not (username + password).isascii() or bool(username) != bool(password):
            raise ValueError
        if password and security == "none" and not is_loopback(host):
            raise ValueError
        return cls(
            host=host,
            port=parts.port or port,
            security=security,
            sender=sender,
            username=username,
            password=password,
        )


def is_address(text: str) -> bool:
    """Whether this is one e-mail address in ASCII, without a display name."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None
