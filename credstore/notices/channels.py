"""The channels that the settings name. A wrong setting raises ConfigError when the application starts."""

from collections.abc import Mapping
from typing import Any, Protocol

from credstore.config import Config
from credstore.notices.mail import Mail
from credstore.notices.webhook import Webhook
from credstore.tester import Sender


class Channel(Protocol):
    """Sends one message. `name` is "webhook" or "mail", `where` says to whom, without a secret."""

    @property
    def name(self) -> str: ...

    @property
    def where(self) -> str: ...

    def send(self, message: Mapping[str, Any]) -> None:
        """Raises NotSent with a sentence."""


def channels_from_config(config: Config, client: Sender) -> tuple[Channel, ...]:
    """The webhook and the mail, each where it is set. Raises ConfigError where a setting lacks its counterpart."""
    config.require_whole_notice_settings()
    found: list[Channel] = []
    if config.notify_webhook:
        found.append(Webhook(config.notify_webhook, config.notify_webhook_secret, client))
    if config.smtp_url:
        found.append(Mail(config.smtp_url, config.notify_mail_to, ca_file=config.ca_bundle))
    return tuple(found)
