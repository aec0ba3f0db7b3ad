"""Posts a message to the webhook, signed as Standard Webhooks (https://www.standardwebhooks.com) describes it.

The signature is HMAC-SHA256 over "id.timestamp.body". The request goes through the outbound client, and so through the
egress policy; a redirect is not followed.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from credstore.errors import Blocked, NotSent, TestsBusy, Unreached
from credstore.notice_settings import BASE64_SECRET
from credstore.notices.message import to_bytes
from credstore.probe import ProbeRequest
from credstore.tester import Sender

SECONDS = 10.0  # for one try in all
_WORDS = {
    "timeout": "did not answer within 10 seconds.",
    "too-large": "sent a larger answer than a receiver of notices should.",
    "reset": "closed the connection before its answer was complete.",
}


class Webhook:
    """The channel "webhook"."""

    name = "webhook"

    def __init__(self, url: str, secret: str, client: Sender, *, seconds: float = SECONDS) -> None:
        self._url = url
        self._secret = secret
        self._client = client
        self._seconds = seconds
        self._host = self.where = urlsplit(url).hostname or ""

    def __repr__(self) -> str:
        return f"Webhook({self._host!r})"  # its URL may hold a token

    def send(self, message: Mapping[str, Any]) -> None:
        """Post the message. Raises NotSent, whose sentence names the host and never the rest of the URL."""
        body, moment = to_bytes(message), int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message["id"],
            "webhook-timestamp": str(moment),
            "webhook-signature": signature(self._secret, message["id"], moment, body),
        }
        request = ProbeRequest(purpose="a notice", method="POST", url=self._url, headers=headers, body=body)
        try:
            status = self._client.send(request, deadline=time.monotonic() + self._seconds).status
        except Blocked as refusal:
            raise NotSent(f"The webhook is refused by the egress policy: {refusal.sentence} {refusal.advice}") from None
        except Unreached as failure:
            words = _WORDS.get(failure.cause)
            raise NotSent(f"The webhook's host {self._host} {words}" if words else failure.sentence) from None
        except TestsBusy:
            raise NotSent("The name servers are slow; the webhook's host could not be looked up.") from None
        if 300 <= status < 400:
            raise NotSent(
                f"The webhook's host {self._host} answered with a redirect ({status}), which is not followed: set "
                "CREDSTORE_NOTIFY_WEBHOOK to the final URL."
            )
        if not 200 <= status < 300:
            raise NotSent(f"The webhook's host {self._host} answered with the status {status}.")


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the header webhook-signature. `timestamp` is in seconds since 1970."""
    written = secret.startswith(BASE64_SECRET)
    key = base64.b64decode(secret.removeprefix(BASE64_SECRET)) if written else secret.encode()
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
