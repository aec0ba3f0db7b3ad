"""Remembers what tests learned of a host, so that a made-up key is not sent to it each time. Forgets after a day."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from credstore.credential_types import CredentialType
from credstore.database import AnySession, insert
from credstore.models import HostOpenness, utc_now
from credstore.probe import Openness, openness_of

# A server may be opened or closed at any time; a green must not rest on what was true long ago.
VALID_FOR = timedelta(days=1)


def destination_hash(kind: type[CredentialType], public: Mapping[str, Any]) -> str:
    """What a fact is about: one API at one base URL, as a hash. "" where there is no fixed destination."""
    dest = kind.destination(public)
    asked = "\0".join((kind.slug, str(public.get("provider_type", "")), dest or ""))
    return hashlib.sha256(asked.encode()).hexdigest() if dest else ""


def known_openness(session: AnySession, asked: str) -> Openness:
    """What is known; "unknown" when nothing is, or it was learned too long ago."""
    fresh = select(HostOpenness.openness).where(
        HostOpenness.destination_hash == asked, HostOpenness.learned_at > utc_now() - VALID_FOR
    )
    found = session.scalar(fresh) if asked else None
    return openness_of(found)


def remember_openness(session: AnySession, asked: str, openness: Openness) -> None:
    """Inside a writing transaction: keep what a test just learned; "unknown" forgets."""
    if openness == "unknown" or not asked:
        session.execute(delete(HostOpenness).where(HostOpenness.destination_hash == asked))
        return
    facts = {"openness": openness, "learned_at": utc_now()}
    row = insert(session, HostOpenness).values(destination_hash=asked, **facts)
    session.execute(row.on_conflict_do_update(index_elements=["destination_hash"], set_=facts))
