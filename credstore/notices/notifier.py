"""Sends what was noted: changes of about the same time as one message, not in quiet hours, each until it is taken."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from credstore.config import Config
from credstore.database import AnySession
from credstore.errors import NotSent
from credstore.models import utc_now
from credstore.notices import deliveries
from credstore.notices.changes import note_expiring
from credstore.notices.channels import Channel, channels_from_config
from credstore.notices.message import test_message
from credstore.quiet_hours import QuietHours
from credstore.tester import Sender

SETTLED = timedelta(seconds=20)  # without another change: then those so far become a message
LONGEST_WAIT = timedelta(minutes=15)  # from the first change to its message, also while there are more and more
MOST_SENT = 20  # messages at a time, so that other work comes to its turn


def notifier_from_config(session: AnySession, config: Config, client: Sender) -> "Notifier":
    """The notifier of the settings; without channels where they name none. Raises ConfigError."""
    channels = channels_from_config(config, client)
    return Notifier(session, channels, quiet_hours=config.quiet_hours, expiry_days=config.notify_expiry_days)


class Notifier:
    """Threads and processes may send at the same time: each message is claimed by one of them."""

    def __init__(
        self,
        session: AnySession,
        channels: Sequence[Channel],
        *,
        quiet_hours: QuietHours | None = None,
        expiry_days: int = 0,
    ) -> None:
        self._session = session
        self.channels = {channel.name: channel for channel in channels}
        self._quiet_hours = quiet_hours
        self._expiry_days = expiry_days

    def note_expiring(self) -> int:
        """Note the credentials that end soon, where there is somebody to tell. Returns how many are new."""
        if not self.channels:
            return 0
        return note_expiring(self._session, days=self._expiry_days, now=utc_now())

    def waiting(self) -> deliveries.Waiting:
        """What is not sent yet, and what was given up."""
        return deliveries.waiting(self._session)

    def send_test(self) -> dict[str, str]:
        """Send a test notice by each channel, now. By its name: what went wrong, "" where the receiver took it."""
        self._session.rollback()  # a receiver may take its time; a connection held meanwhile would be missing elsewhere
        return send_test(self.channels.values())

    def quiet_until(self) -> datetime | None:
        """When the quiet hours end in which it is now; None outside of them."""
        return self._quiet_hours.until(utc_now()) if self._quiet_hours else None

    def deliver(self, *, wait_for_more: bool = False, under_way: bool = False) -> list[str]:
        """Send what is due. Returns a sentence for each message that was not taken; it is tried again later.

        `wait_for_more`: leave changes that may not be the last ones for the next call. `under_way`: a run of tests is.
        """
        if not self.channels or self.quiet_until():
            return []
        if not (wait_for_more and self._more_may_come(under_way=under_way)):
            deliveries.make_messages(self._session, list(self.channels), utc_now())
        problems = []
        for _ in range(MOST_SENT):
            claimed = deliveries.claim(self._session, utc_now())
            if claimed is None:
                break
            problems.append(self._send(claimed))
        self._session.rollback()
        return [problem for problem in problems if problem]

    def _more_may_come(self, *, under_way: bool) -> bool:
        found = deliveries.oldest_and_newest_change(self._session)
        if found is None:
            return True
        oldest, newest = (utc_now() - moment for moment in found)
        return oldest < LONGEST_WAIT and (under_way or newest < SETTLED)

    def _send(self, claimed: deliveries.Claimed) -> str:
        """ "" where the receiver has taken it, else what went wrong."""
        channel = self.channels.get(claimed.channel)
        if channel is None:
            problem = f"The settings name no {claimed.channel} any more."
        else:
            problem = _problem_of(channel, claimed.message)
        if problem:
            deliveries.failed(self._session, claimed, problem, utc_now())
        else:
            deliveries.done(self._session, claimed)
        return problem


def send_test(channels: Iterable[Channel]) -> dict[str, str]:
    """Send one test notice by each channel. By its name: what went wrong, "" where the receiver took it."""
    message = test_message(str(uuid.uuid4()))
    return {channel.name: _problem_of(channel, message) for channel in channels}


def _problem_of(channel: Channel, message: Mapping[str, Any]) -> str:
    """What went wrong while it was sent, as a sentence; "" where the receiver has taken it."""
    try:
        channel.send(message)
    except NotSent as failure:
        return failure.sentence
    except Exception as failure:  # what it was stays unknown to others: its text may quote a secret
        return f"The {channel.name} failed in a way that credstore does not know: {type(failure).__name__}."
    return ""
