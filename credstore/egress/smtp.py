"""Hands one mail to the operator's mail server within a deadline.

The egress policy does not judge its address: the operator named it. No text of the server or of an exception is shown.
"""

import logging
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from credstore.egress.address_table import Address, parse_address
from credstore.egress.failures import bad_certificate
from credstore.egress.http_session import tls_context
from credstore.egress.resolver import Resolver
from credstore.errors import NotSent, TestsBusy, Unreached
from credstore.smtp_server import SmtpServer

SHORTEST_TIMEOUT = 0.05  # seconds; 0 would mean a socket that never waits
# The first row that fits is used: some of these are bases of others.
_WORDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((TimeoutError,), "did not answer on port {port} within {seconds} seconds."),
    ((ssl.SSLError,), "speaks no TLS on port {port}: use smtp:// for STARTTLS, or another port."),
    (
        (smtplib.SMTPAuthenticationError,),
        "refused the user name or the password of CREDSTORE_SMTP_URL ({code}).",
    ),
    (
        (smtplib.SMTPNotSupportedError,),
        "offers no STARTTLS or no sign-in: check the scheme and the password of CREDSTORE_SMTP_URL.",
    ),
    ((smtplib.SMTPRecipientsRefused,), "refused all receivers of CREDSTORE_NOTIFY_MAIL_TO."),
    (
        (smtplib.SMTPSenderRefused,),
        "refused the sender {sender} ({code}): set ?from=ADDRESS in CREDSTORE_SMTP_URL.",
    ),
    (
        (smtplib.SMTPServerDisconnected, ConnectionResetError, BrokenPipeError),
        "closed the connection before it took the mail.",
    ),
    ((smtplib.SMTPResponseException,), "refused the mail ({code})."),
    ((ConnectionRefusedError,), "refused the connection on port {port}."),
    ((smtplib.SMTPException,), "did not answer as a mail server does."),
)
_log = logging.getLogger(__name__)


class _Connection(smtplib.SMTP):
    """A connection that a timer shuts down at the deadline: a socket's own time-out starts again at every byte."""

    def __init__(self, server: SmtpServer, addresses: Sequence[Address], context: ssl.SSLContext, end: float) -> None:
        self._addresses = addresses
        self._context = context
        self._end = end
        self._server = server
        self._handle: socket.socket | None = None
        self._timer = threading.Timer(max(0.0, end - time.monotonic()), self._cut)
        self._timer.daemon = True
        self._timer.start()
        try:
            # The name for EHLO is given: smtplib would ask DNS for this machine's own, and may wait long.
            super().__init__(server.host, server.port, server.sender.partition("@")[2], timeout=_left(end))
        except BaseException:
            self.end()
            raise

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 - smtplib's own
        failure: OSError = ConnectionRefusedError()
        for position, address in enumerate(self._addresses):
            try:
                left = _left(self._end) / (len(self._addresses) - position)
                sock = socket.create_connection((str(address), port), left)
            except OSError as refusal:
                failure = refusal
            else:
                break
        else:
            raise failure
        self._handle = sock.dup()
        sock.settimeout(_left(self._end))
        if self._server.security == "tls":
            sock = self._context.wrap_socket(sock, server_hostname=host)
        return sock

    def _cut(self) -> None:
        handle = self._handle
        if handle is not None:
            try:
                handle.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # the server closed the connection first

    def end(self) -> None:
        """Stop the timer and close everything, in any state."""
        self._timer.cancel()
        self._timer.join()
        if self._handle is not None:
            self._handle.close()
        self.close()


def send_mail(
    server: SmtpServer, mail: bytes, receivers: Sequence[str], *, ca_file: Path | None, seconds: float
) -> None:
    """Send `mail`, a whole message with its headers. Raises NotSent with a sentence; nothing else."""
    end = time.monotonic() + seconds
    try:
        refused = _send(server, mail, receivers, tls_context(ca_file), end)
    except NotSent:
        raise
    except Exception as failure:
        sentence = _sentence(failure, server, over=time.monotonic() >= end - SHORTEST_TIMEOUT, seconds=seconds)
    else:
        if refused:  # the others have it: to send it again would be worse
            _log.warning("the mail server refused %d of %d receivers of a notice", refused, len(receivers))
        return
    # Raised outside of the handler: a library's exception may quote what it sent.
    raise NotSent(sentence)


def _send(server: SmtpServer, mail: bytes, receivers: Sequence[str], context: ssl.SSLContext, end: float) -> int:
    """Returns how many of the receivers the server refused while it took the mail for others."""
    connection = _Connection(server, _addresses(server, end), context, end)
    try:
        if server.security == "starttls":
            connection.starttls(context=context)
        if server.password:
            connection.login(server.username, server.password)
        refused: dict[str, Any] = connection.sendmail(server.sender, list(receivers), mail)
        return len(refused)
    finally:
        connection.end()


def _addresses(server: SmtpServer, end: float) -> Sequence[Address]:
    literal = parse_address(server.host)
    if literal:
        return [literal]
    try:
        return Resolver()(server.host, server.port, deadline=end)
    except Unreached as failure:
        raise NotSent(f"The mail server was not found: {failure.sentence}") from None
    except TestsBusy:
        raise NotSent("The name servers are slow; the mail server could not be looked up.") from None


def _left(end: float) -> float:
    return max(SHORTEST_TIMEOUT, end - time.monotonic())


def _sentence(failure: Exception, server: SmtpServer, *, over: bool, seconds: float) -> str:
    """What went wrong, by the type of the exception and the code of the server's answer."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        known = bad_certificate(server.host, failure.verify_code)
        return f"{known.sentence} {known.advice}"
    failed: type[Exception] = TimeoutError if over else type(failure)
    words = next(
        (words for kinds, words in _WORDS if issubclass(failed, kinds)), "could not be reached on port {port}."
    )
    facts = {"port": server.port, "sender": server.sender, "seconds": f"{seconds:g}"}
    return f"The mail server {server.host} " + words.format(code=getattr(failure, "smtp_code", 0), **facts)
