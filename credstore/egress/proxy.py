"""The operator's egress proxy: its address and credentials, and the CONNECT request that opens a tunnel through it.

It never shows the user name, the password or the text of the proxy's response. HTTP_PROXY and similar variables are
ignored.
"""

import re
import socket
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from credstore.egress.address_table import FORBIDDEN_PORTS
from credstore.egress.failures import proxy_failed, proxy_refused
from credstore.errors import ConfigError, Refused
from credstore.urls import canonical_url, host_port

SETTING = "CREDSTORE_EGRESS_PROXY"
_HEAD = 16_384  # bytes; the longest head of a response to CONNECT
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\r?\n")


@dataclass(frozen=True, slots=True)
class Proxy:
    """Host and port of the proxy; `authorization` is the value of its Proxy-Authorization header, "" for none."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> "Proxy":
        """Parse `http://[user:password@]host:port`. Raises ConfigError, which does not quote the text."""
        scheme, mark, rest = text.strip().partition("://")
        login, _, where = rest.rpartition("@")
        if scheme.lower() != "http" or not mark:
            raise ConfigError(f"{SETTING} is not valid: it is the URL of an http proxy, like http://proxy:3128.")
        try:
            url = canonical_url(f"http://{where}")
            host, port = host_port(url)
        except Refused:
            raise ConfigError(f"{SETTING} is not valid: its host and port cannot be read.") from None
        if urlsplit(url).path or urlsplit(f"http://{where}").port is None:
            raise ConfigError(f"{SETTING} is not valid: name host and port and nothing after them.")
        if port in FORBIDDEN_PORTS:
            raise ConfigError(f"{SETTING} is not valid: port {port} belongs to another protocol.")
        return cls(host, port, _basic(login) if login else "")

    @property
    def name(self) -> str:
        """`host:port` (IPv6 in brackets), without the password."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def open_tunnel(self, sock: socket.socket, target: str) -> None:
        """Send CONNECT for `target` (`host:port`). After it, the socket is connected to the target.

        Raises Unreached when the proxy refuses, OSError when the socket fails.
        """
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        lines += [f"Proxy-Authorization: {self.authorization}"] if self.authorization else []
        sock.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
        head = _read_head(sock)
        status = _STATUS.match(head)
        if not status:
            raise proxy_failed(self.name, "did not answer as an http proxy does")
        if not status[1].startswith(b"2"):
            raise proxy_refused(self.name, target, int(status[1]))


def _basic(login: str) -> str:
    """The header value for `user:password` (RFC 7617); both may be percent-encoded, as in a URL."""
    user, _, password = login.partition(":")
    return "Basic " + b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode("ascii")


def _read_head(sock: socket.socket) -> bytes:
    """Read up to the blank line, one byte at a time: a byte after it already belongs to the tunnel."""
    head = bytearray()
    while not head.endswith((b"\r\n\r\n", b"\n\n")) and len(head) < _HEAD:
        byte = sock.recv(1)
        if not byte:
            break
        head += byte
    return bytes(head)
