"""Parses a base URL strictly into its canonical form.

A query and a fragment are refused, because a probe appends a path to the URL. User information is refused, because it
would be a second secret that is stored without encryption.
"""

import ipaddress
import re
from urllib.parse import urlsplit

import idna

from credstore.errors import Refused

MAX_LENGTH = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCATION = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/@\s]*@)?(?P<host>[A-Za-z0-9_.:\[\]-]+)(?P<path>/[^@\s]*)?"
    r"|(?:[^/@:\s]+@)?(?P<ssh_host>[A-Za-z0-9_.-]+):(?!//)(?P<ssh_path>[^@\s]*)"
)
_CONTROL = re.compile(r"%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
_TO_REPLACE = re.compile(r"<[^<>/]*>")  # as documentation writes what differs from one reader to the next
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*\Z")


def canonical_url(text: str) -> str:
    """The canonical form of an http(s) base URL: lower-case host, punycode, no default port, no trailing slash.

    Raises Refused with a sentence for the form.
    """
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise Refused(f"This URL is longer than {MAX_LENGTH} characters.")
    if _TO_REPLACE.search(text):
        raise Refused("Replace each part in angle brackets, and the brackets, with your own value.")
    if re.search(r"[\x00-\x20\x7f\\]", text):
        raise Refused("A URL cannot contain spaces, backslashes or control characters.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Refused("This is not a valid URL. Example: https://api.example.com/v1") from None
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or not text[len(scheme) :].startswith("://"):
        raise Refused("Start the URL with https:// (or http:// for a local server).")
    if "@" in parts.netloc:
        raise Refused("Leave user name and password out of the URL: they would be stored without encryption.")
    if "?" in text or "#" in text:
        raise Refused("Leave out everything from “?” or “#” on: credstore appends the path of each request itself.")
    host = _host(parts.netloc, parts.hostname or "")
    if port == 0:
        raise Refused("Port 0 is not a port.")
    shown_port = "" if port is None or port == DEFAULT_PORTS[scheme] else f":{port}"
    return f"{scheme}://{host}{shown_port}{_path(parts.path)}"


def shown_location(url: str) -> str:
    """Host and path of any URL, also of one that git takes over ssh ("git@host:path"): without a user or a query.

    "" where it is not one.
    """
    found = _LOCATION.fullmatch(re.split(r"[?#]", url.strip(), maxsplit=1)[0])
    if not found:
        return ""
    host, path = found["host"] or found["ssh_host"], found["path"] or found["ssh_path"] or ""
    return f"{host.lower()}/{path.strip('/')}".rstrip("/")


def host_port(url: str) -> tuple[str, int]:
    """The host (IPv6 without brackets) and port of a canonical URL."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]


def _host(netloc: str, host: str) -> str:
    if not host:
        raise Refused("The URL has no host name. Example: https://api.example.com/v1")
    if netloc.startswith("["):
        # A zone (“%eth0”) has a meaning on one machine only; urlsplit silently drops text after the bracket.
        if not re.fullmatch(r"\[[0-9A-Fa-f:.]+\](?::[0-9]*)?", netloc):
            raise Refused("The IPv6 address in this URL is not valid.")
        try:
            return f"[{ipaddress.IPv6Address(host).compressed}]"
        except ValueError:
            raise Refused("The IPv6 address in this URL is not valid.") from None
    try:
        name = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise Refused("The host name in this URL is not valid.") from None
    name = name.removesuffix(".").lower()
    if not host.isascii():
        _refuse_disguise(name)
    labels = name.split(".")
    if not all(_LABEL.match(label) for label in labels) or len(name) > 253:
        raise Refused("The host name in this URL is not valid.")
    # Clients read a host that ends in a number as an IPv4 address, in many forms; only the usual form is accepted.
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise Refused("Write an IPv4 address as four decimal numbers, like 127.0.0.1.") from None
    return name


def _refuse_disguise(name: str) -> None:
    """Raise Refused for a host that IDNA folded from other digits or letters into an address or this machine's name.

    A person cannot see where such a URL leads, and other software may not fold it the same way.
    """
    last = name.rpartition(".")[2]
    if _NUMBER.fullmatch(last) or last == "localhost":
        raise Refused("Write this host in plain letters and digits: its characters stand for others.")


def _path(path: str) -> str:
    path = path.rstrip("/")
    if not _PATH.match(path):
        raise Refused("The path of this URL has characters that are not allowed there.")
    segments = [segment.lower().replace("%2e", ".") for segment in path.split("/")]
    if "." in segments or ".." in segments:
        raise Refused("The path of this URL must not contain “.” or “..” segments.")
    if "%2f" in path.lower() or "%5c" in path.lower():
        raise Refused("The path of this URL must not contain an encoded slash.")
    if _CONTROL.search(path):
        raise Refused("The path of this URL must not contain an encoded control character.")
    return path
