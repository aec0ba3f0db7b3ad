"""Remembers what tests learned about a destination, and which keys were proven there.

Later tests then need fewer requests. There are two kinds of rows, and both expire:

- About a destination (fingerprint ""). "open": its completion endpoint checks keys, its listing does not; or, of a Git
  repository, asking for the right to write does, reading does not. This expires after 30 days: it only says what to
  ask, and proves nothing. "erratic": it contradicted itself within one test. This expires after an hour.
- About one key at one destination: where it was proven, "gated" (at the listing) or "open" (at the completion
  endpoint). This expires after a day. Only the keyed HMAC of the key is stored, and it counts for no other key.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select

from credstore.credential_types import CredentialType
from credstore.database import AnySession, insert
from credstore.encryption.keyring import Keyring
from credstore.models import HostOpenness, utc_now
from credstore.probe import Knowledge, Openness, openness_of

OPEN_FOR = timedelta(days=30)
ERRATIC_FOR = timedelta(hours=1)
# A server may be opened or closed at any time; a green must not rest on what was true long ago.
PROVEN_FOR = timedelta(days=1)


def destination_hash(kind: type[CredentialType], public: Mapping[str, Any]) -> str:
    """What the memory is about, as a hash: everything that a secret is encrypted together with.

    That is one API at one base URL, for one organization. "" where there is no fixed destination.
    """
    if not kind.destination(public):
        return ""
    bound = {name: value or "" for name, value in kind.sealed_context(public).items()}
    return hashlib.sha256(json.dumps([kind.slug, bound], sort_keys=True).encode()).hexdigest()


def sealed_destination_hash(kind: type[CredentialType], keyring: Keyring, secrets: Mapping[str, str]) -> str:
    """The same for a destination that stands in the encrypted values, which no one may learn: as a keyed HMAC."""
    url = kind.tested_url(secrets)
    return keyring.fingerprint(f"{kind.slug}\0{url}") if url else ""


def key_fingerprint(kind: type[CredentialType], keyring: Keyring, secrets: Mapping[str, str]) -> str:
    """The keyed HMAC of the main secret; "" when there is none."""
    main = next((secrets[field.name] for field in kind.secret_fields() if field.name in secrets), "")
    return keyring.fingerprint(main) if main else ""


def recall(session: AnySession, asked: str, fingerprint: str) -> Knowledge:
    """What is known of this destination and this very key; a destination that contradicted itself proves no key."""
    if not asked:
        return Knowledge()
    mine = HostOpenness.key_fingerprint.in_({"", fingerprint})
    rows = session.execute(
        select(HostOpenness.key_fingerprint, HostOpenness.openness, HostOpenness.learned_at).where(
            HostOpenness.destination_hash == asked, mine
        )
    )
    fresh = {whose: openness_of(openness) for whose, openness, learned in rows if _is_fresh(whose, openness, learned)}
    here, key = fresh.get("", "unknown"), fresh.get(fingerprint, "unknown") if fingerprint else "unknown"
    if here == "erratic" or key not in {"open", "gated"}:
        return Knowledge(openness=here)
    return Knowledge(openness=key, key_proven=True)


def remember(session: AnySession, asked: str, fingerprint: str, learned: Knowledge) -> None:
    """Inside a writing transaction: keep what a test just learned, and forget what it found to be so no longer.

    `fingerprint` "" keeps nothing of the key.
    """
    now, known = utc_now(), recall(session, asked, fingerprint)
    session.execute(delete(HostOpenness).where(or_(*_outdated(now))))
    # A proof ends a day after the test that proved, however often the key was accepted since.
    if fingerprint and not (learned.key_proven and known.key_proven and learned.openness == known.openness):
        _put(session, asked, fingerprint, learned.openness if learned.key_proven else "unknown", now)
    here: Openness = learned.openness if learned.openness in {"open", "erratic"} else "unknown"
    if here != "erratic" or known.openness != "erratic":  # nor does the hour begin anew
        _put(session, asked, "", here, now)


def _put(session: AnySession, asked: str, fingerprint: str, openness: Openness, now: datetime) -> None:
    key = {"destination_hash": asked, "key_fingerprint": fingerprint}
    if openness == "unknown":
        session.execute(delete(HostOpenness).filter_by(**key))
        return
    facts = {"openness": openness, "learned_at": now}
    row = insert(session, HostOpenness).values(**key, **facts)
    session.execute(row.on_conflict_do_update(index_elements=list(key), set_=facts))


def _is_fresh(fingerprint: str, openness: str, learned_at: datetime) -> bool:
    longest = PROVEN_FOR if fingerprint else ERRATIC_FOR if openness == "erratic" else OPEN_FOR
    return learned_at > utc_now() - longest


def _outdated(now: datetime) -> tuple[Any, ...]:
    of_a_key = HostOpenness.key_fingerprint != ""
    return (HostOpenness.learned_at <= now - OPEN_FOR, of_a_key & (HostOpenness.learned_at <= now - PROVEN_FOR))
