"""Sends a message as one e-mail to all receivers, through the mail server of CREDSTORE_SMTP_URL."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from credstore.notices.message import as_text
from credstore.smtp_server import SmtpServer

SECONDS = 20.0  # for one try in all


class Mail:
    """The channel "mail". `ca_file`: a PEM file of roots to trust besides the shipped ones."""

    name = "mail"

    def __init__(
        self, server: SmtpServer, receivers: Sequence[str], *, ca_file: Path | None = None, seconds: float = SECONDS
    ) -> None:
        self._server = server
        self._receivers = receivers
        self._ca_file = ca_file
        self._seconds = seconds
        self.where = f"{', '.join(receivers)}, by {server.host}"

    def __repr__(self) -> str:
        return f"Mail({self._server!r})"

    def send(self, message: Mapping[str, Any]) -> None:
        """Hand the message over. Raises NotSent, whose sentence names the server and never the password."""
        # Here, since a process without notices needs none of them.
        from email.message import EmailMessage
        from email.policy import SMTP
        from email.utils import formatdate

        from credstore.egress.smtp import send_mail

        mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))  # for servers that take no more
        mail["Subject"] = f"credstore: {message['text']}"
        mail["From"] = self._server.sender
        mail["To"] = ", ".join(self._receivers)
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{message['id']}@{self._server.sender.partition('@')[2]}>"  # the same for each try
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(as_text(message))
        send_mail(self._server, mail.as_bytes(), self._receivers, ca_file=self._ca_file, seconds=self._seconds)
