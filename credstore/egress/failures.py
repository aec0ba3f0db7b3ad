"""The sentences for failed requests: one function for each failure, which returns an `Unreached`.

They never contain the text of another exception: such texts quote headers, and so secrets.
"""

import errno
import http.client
import logging
import ssl
from pathlib import Path

from credstore.errors import Unreached

logger = logging.getLogger(__name__)

DOCKER_MARK = Path("/.dockerenv")
_RETRY = "Try again in a minute. If it stays so, check the server and the network between credstore and it."
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}

_TRUST = "put it into a PEM file, set CREDSTORE_CA_BUNDLE to that file, and restart."

# By OpenSSL's verification code (X509_V_ERR_*, x509_vfy.h): what is wrong in words, and what to do.
_CERTIFICATES: dict[int, tuple[str, str]] = {
    9: ("is not valid yet", "Check the clock of the machine that runs credstore, then the server's certificate."),
    10: ("has expired", "Renew the certificate on the server; check the clock of this machine if it is not expired."),
    18: ("is self-signed", f"Use a certificate of a known authority, or trust this one: {_TRUST}"),
    19: ("comes from an authority that is not known here", f"If it is your own authority, trust it: {_TRUST}"),
    20: (
        "comes from an authority that is not known here",
        f"Configure the server to send the whole chain. If it is your own authority, trust it: {_TRUST}",
    ),
    21: ("came without its intermediate certificates", "Configure the server to send the whole chain."),
    23: ("was revoked", "Replace the certificate on the server."),
    62: ("belongs to another host name", "Check the host in the URL against the names in the server's certificate."),
    64: ("does not name this address", "Use the host name that stands in the server's certificate."),
}


def unknown_host(host: str) -> Unreached:
    """The advice is right too where nobody typed a URL, as for Telegram."""
    advice = "Check the host name for a typo, and that this server can look up names."
    return Unreached("name", f"DNS knows no address for {host}.", advice)


def dns_timeout(host: str) -> Unreached:
    return Unreached(
        "name",
        f"The name servers gave no answer about {host}.",
        "Check the DNS settings of the machine that runs credstore, then try again.",
    )


def timed_out(host: str, port: int, stage: str) -> Unreached:
    """`stage` completes the sentence: what the host had not done at the deadline (see `attempt`)."""
    return Unreached(
        "timeout", f"{host} did not {stage} on port {port} before the time for this test was over.", _RETRY
    )


def connection_failed(host: str, port: int, failure: OSError | None, *, loopback: bool) -> Unreached:
    """No connection could be made. `failure` is the error of one address, None when the time was over."""
    if failure is None or isinstance(failure, TimeoutError) or failure.errno == errno.ETIMEDOUT:
        return timed_out(host, port, "accept the connection")
    if failure.errno in _NO_ROUTE:
        return Unreached("refused", f"No network route leads from credstore to {host}.", _RETRY)
    advice = f"Check that the server is running and listens on port {port}."
    if loopback and DOCKER_MARK.exists():
        advice += (
            f" credstore runs in a container, where {host} is the container itself; a server on the host machine is at"
            " host.docker.internal."
        )
    return Unreached("refused", f"{host} refused the connection on port {port}.", advice)


def proxy_failed(proxy: str, what: str) -> Unreached:
    """`proxy` is the host:port of the operator's egress proxy, `what` completes the sentence."""
    return Unreached(
        "proxy", f"The egress proxy {proxy} {what}.", "Check CREDSTORE_EGRESS_PROXY, and that the proxy is running."
    )


def proxy_timeout(proxy: str) -> Unreached:
    return Unreached(
        "timeout", f"The egress proxy {proxy} made no connection before the time for this test was over.", _RETRY
    )


def proxy_refused(proxy: str, target: str, status: int) -> Unreached:
    """The proxy itself answered, and with an error."""
    if status == 407:
        return Unreached(
            "proxy",
            f"The egress proxy {proxy} asks for a user name and password (407).",
            "Set CREDSTORE_EGRESS_PROXY=http://user:password@host:port, with the right ones, and restart.",
        )
    if status >= 500:
        return Unreached(
            "proxy",
            f"The egress proxy {proxy} could not reach {target} ({status}).",
            "Check the URL, and that the proxy's machine can reach that server.",
        )
    return Unreached(
        "proxy",
        f"The egress proxy {proxy} refused to connect to {target} ({status}).",
        "Allow this destination in the rules of the proxy.",
    )


def bad_certificate(host: str, code: int) -> Unreached:
    """`code` is the verify_code of an ssl.SSLCertVerificationError."""
    what, advice = _CERTIFICATES.get(code, ("could not be verified", "Check the server's certificate and its chain."))
    return Unreached("certificate", f"The TLS certificate of {host} {what}.", advice)


def no_tls(host: str, port: int) -> Unreached:
    return Unreached(
        "protocol",
        f"{host} and credstore could not agree on TLS on port {port}.",
        "Check the port. A local server without TLS is called with http:// instead of https://.",
    )


def connection_reset(host: str) -> Unreached:
    return Unreached("reset", f"{host} closed the connection before its answer was complete.", _RETRY)


def too_large(host: str, cap: int) -> Unreached:
    """`cap` in bytes."""
    return Unreached(
        "too-large",
        f"The answer of {host} is larger than {max(1, cap // 1024)} KiB, which no answer to a key check is.",
        "Check that the URL is the base URL of an API, not of a file or a stream.",
    )


def not_http(host: str, port: int) -> Unreached:
    return Unreached(
        "protocol",
        f"{host} did not answer in HTTP on port {port}.",
        "Check the port in the URL: another service is there.",
    )


def unsendable(host: str, what: str) -> Unreached:
    return Unreached(
        "protocol",
        f"The request to {host} was not sent: {what}.",
        "Edit the credential and enter the value again, without line breaks or special characters.",
    )


def failure_of(failure: Exception, host: str, port: int, *, ended: bool = False) -> Unreached:
    """The sentence for an exception of requests, urllib3, http.client or ssl. Reads types and codes, never texts.

    `ended`: the peer closed the connection inside the body. urllib3 raises the same type for a missing last chunk and
    for a malformed one, with different texts.
    """
    import urllib3.exceptions  # here: whoever only names a failure, as `credstore serve` does, does not need it

    chain = _causes(failure)
    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            return bad_certificate(host, link.verify_code)
    if any(_is_cut(link) or (ended and type(link) is urllib3.exceptions.ProtocolError) for link in chain):
        return connection_reset(host)
    if any(isinstance(link, ssl.SSLError) for link in chain):
        return no_tls(host, port)
    if any(isinstance(link, TimeoutError | urllib3.exceptions.TimeoutError) for link in chain):
        return timed_out(host, port, "answer")
    if any(isinstance(link, http.client.HTTPException | urllib3.exceptions.HTTPError) for link in chain):
        return not_http(host, port)
    logger.error("unexpected %s while calling a server", type(failure).__name__)
    return Unreached("protocol", f"The exchange with {host} failed in a way that credstore does not know.", _RETRY)


def _is_cut(link: BaseException) -> bool:
    import urllib3.exceptions

    if isinstance(link, urllib3.exceptions.InvalidChunkLength):
        return False  # a subclass of IncompleteRead, but the server sent something that is not HTTP
    return isinstance(link, ConnectionError | ssl.SSLEOFError | ssl.SSLZeroReturnError | http.client.IncompleteRead)


def _causes(failure: BaseException) -> list[BaseException]:
    """The exception and all that it wraps: urllib3 and requests keep causes in arguments as well as in the context."""
    chain: list[BaseException] = []
    todo: list[object] = [failure]
    while todo:
        link = todo.pop()
        if isinstance(link, BaseException) and link not in chain:
            chain.append(link)
            todo += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
    return chain
