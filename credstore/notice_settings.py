"""The settings of notices: where they are sent, and when."""

import base64
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from credstore.errors import ConfigError
from credstore.quiet_hours import QuietHours
from credstore.setting_fields import number_setting, parse_list, setting
from credstore.smtp_server import SmtpServer, is_address

LONGEST_URL = 2048
SHORTEST_SECRET = 16  # characters
BASE64_SECRET = "whsec_"  # noqa: S105 - the prefix of a secret that is written in base64, by Standard Webhooks


def parse_webhook(text: str) -> str:
    parts = urlsplit(text)
    plain = text.isascii() and not re.search(r"[\x00-\x20\x7f\\]", text) and len(text) <= LONGEST_URL
    if not plain or parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError
    if parts.port == 0 or parts.fragment:  # reading the port raises ValueError where it is no number
        raise ValueError
    return text


def parse_secret(text: str) -> str:
    if len(text) < SHORTEST_SECRET:
        raise ValueError
    if text.startswith(BASE64_SECRET):
        base64.b64decode(text.removeprefix(BASE64_SECRET), validate=True)  # raises a ValueError
    return text


def parse_addresses(text: str) -> tuple[str, ...]:
    found = parse_list(text)
    if not all(map(is_address, found)):
        raise ValueError
    return found


@dataclass(frozen=True, kw_only=True)
class NoticeSettings:
    """The part of `Config` that is about notices."""

    notify_webhook: str = setting(
        "CREDSTORE_NOTIFY_WEBHOOK",
        "the URL that notices are posted to, https://host/path",
        "",
        parse_webhook,
        secret=True,
    )
    notify_webhook_secret: str = setting(
        "CREDSTORE_NOTIFY_WEBHOOK_SECRET",
        "what signs the notices of the webhook, 16 characters or more; what follows whsec_ is base64",
        "",
        parse_secret,
        secret=True,
    )
    notify_mail_to: tuple[str, ...] = setting(
        "CREDSTORE_NOTIFY_MAIL_TO", "the e-mail addresses that get notices, comma-separated", (), parse_addresses
    )
    smtp_url: SmtpServer | None = setting(
        "CREDSTORE_SMTP_URL",
        "the mail server: smtps://user:password@host for TLS, smtp://user:password@host for STARTTLS, or "
        "smtp-plain://host without TLS and password",
        None,
        SmtpServer.parse,
        secret=True,
    )
    notify_expiry_days: int = number_setting(
        "CREDSTORE_NOTIFY_EXPIRY_DAYS",
        "how many days before a credential ends there is a notice, 0 for none",
        14,
        0,
        365,
    )
    quiet_hours: QuietHours | None = setting(
        "CREDSTORE_QUIET_HOURS",
        "hours without notices and their time zone, like “22-07” (UTC) or “22:30-07 Europe/Zurich”",
        None,
        QuietHours.parse,
    )

    def require_whole_notice_settings(self) -> None:
        """Raises ConfigError where a setting of notices lacks its counterpart."""
        if self.notify_webhook and not self.notify_webhook_secret:
            raise ConfigError(
                "CREDSTORE_NOTIFY_WEBHOOK needs CREDSTORE_NOTIFY_WEBHOOK_SECRET, by which its receiver knows that a "
                "notice is from credstore."
            )
        if self.notify_webhook_secret and not self.notify_webhook:
            raise ConfigError("CREDSTORE_NOTIFY_WEBHOOK_SECRET is set, but CREDSTORE_NOTIFY_WEBHOOK is not.")
        if self.notify_mail_to and not self.smtp_url:
            raise ConfigError("CREDSTORE_NOTIFY_MAIL_TO needs CREDSTORE_SMTP_URL, the server that takes the mail.")
        if self.smtp_url and not self.notify_mail_to:
            raise ConfigError(
                "CREDSTORE_SMTP_URL is set, but CREDSTORE_NOTIFY_MAIL_TO, which names the receivers, is not."
            )
