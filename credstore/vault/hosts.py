"""Remembers what tests learned of a host, so that a made-up key is not sent to it each time. Forgets after a day."""

from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, insert, select

from credstore.database import AnySession
from credstore.models import HostFact, now
from credstore.providers.probe import Openness

# A server may be opened or closed at any time; a green must not rest on what was true long ago.
VALID = timedelta(days=1)


def known_openness(session: AnySession, url: str | None) -> Openness:
    """What is known of the host of `url`; "unknown" when nothing is, or it was learned too long ago."""
    if not url:
        return "unknown"
    fresh = select(HostFact.openness).where(HostFact.origin == _origin(url), HostFact.learned_at > now() - VALID)
    known: Openness = (
        "gated" if (found := session.scalar(fresh)) == "gated" else "open" if found == "open" else "unknown"
    )
    return known


def learn(session: AnySession, url: str | None, openness: Openness) -> None:
    """Inside a writing transaction: keep what a test just learned."""
    if url:
        session.execute(delete(HostFact).where(HostFact.origin == _origin(url)))
        session.execute(insert(HostFact).values(origin=_origin(url), openness=openness, learned_at=now()))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"[:300]
