"""One message about some changes, as JSON for the webhook and as words for mail: names and sentences, no secret."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from credstore.credential_types import by_slug
from credstore.credential_types.paste_detection.secret_words import looks_like_a_secret
from credstore.probe import LABELS, Outcome

MOST_CHANGES = 100  # named in one message; of the rest the number is told
EVENTS = ("failed", "recovered", "expires")
_HEADINGS = {"failed": "Turned red", "recovered": "Work again", "expires": "End soon"}
_COUNTED = {
    "failed": ("credential turned red", "credentials turned red"),
    "recovered": ("credential works again", "credentials work again"),
    "expires": ("credential ends soon", "credentials end soon"),
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. `outcome` and `before` are stored outcomes of tests, "" where there are none."""

    event: str
    public_id: str
    name: str
    kind: str
    outcome: str = ""
    before: str = ""
    reason: str = ""
    happened_at: datetime
    expires_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """For programs. A name that looks like a secret is left out."""
        return {
            "event": self.event,
            "id": self.public_id,
            "name": shown_name(self.name),
            "type": self.kind,
            "outcome": self.outcome,
            "before": self.before,
            "reason": _one_line(self.reason),
            "at": _moment(self.happened_at),
            "expires_at": _moment(self.expires_at) if self.expires_at else None,
        }


def compose(delivery: str, changes: Iterable[Change], counts: Mapping[str, int]) -> dict[str, Any]:
    """The message: at most MOST_CHANGES of `changes`, failures first, and the numbers of all of them by event."""
    order = sorted(changes, key=lambda change: (EVENTS.index(change.event), change.happened_at))[:MOST_CHANGES]
    named = [change.as_json() for change in order]
    numbers = {event: counts.get(event, 0) for event in EVENTS}
    return {
        "type": "credstore.changes",
        "id": delivery,
        "text": subject_of(numbers),
        "counts": numbers,
        "changes": named,
        "more": sum(numbers.values()) - len(named),
    }


def test_message(delivery: str) -> dict[str, Any]:
    """The message of `credstore notify test`."""
    text = "This is a test notice: notices of credstore arrive here."
    return {"type": "credstore.test", "id": delivery, "text": text, "counts": {}, "changes": [], "more": 0}


test_message.__test__ = False  # type: ignore[attr-defined]  # no test, whatever its name


def to_bytes(message: Mapping[str, Any]) -> bytes:
    """The body of the webhook's request."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def subject_of(counts: Mapping[str, int]) -> str:
    """The numbers in words: "2 credentials turned red, 1 credential ends soon"."""
    parts = [f"{counts[event]:,} {_COUNTED[event][counts[event] != 1]}" for event in EVENTS if counts.get(event)]
    return ", ".join(parts)


def as_text(message: Mapping[str, Any]) -> str:
    """The text of a mail."""
    lines = [f"{message['text']}", ""]
    numbers = Counter(change["event"] for change in message["changes"])
    for event in EVENTS:
        if numbers[event]:
            lines += [_HEADINGS[event], ""]
            lines += [f"- {_sentence(change)}" for change in message["changes"] if change["event"] == event]
            lines.append("")
    if message["more"]:
        lines += [f"And {message['more']:,} more: see the Credentials page.", ""]
    return "\n".join(lines)


def _sentence(change: Mapping[str, Any]) -> str:
    kind = by_slug(change["type"])
    who = f"{change['name']} ({kind.label if kind else change['type']})"
    if change["event"] == "expires":
        verb = "ended" if change["expires_at"] <= change["at"] else "ends"
        return f"{who} {verb} on {change['expires_at'][:10]}."
    before = f", before: {_label(change['before'])}" if change["before"] else ""
    when = f"{change['at'][:16].replace('T', ' ')} UTC"
    return f"{who}: {_label(change['outcome'])}{before}, {when}. {change['reason']}".rstrip()


def shown_name(name: str) -> str:
    """A credential's name as it is told to others: one line, and no key that somebody took for a name."""
    return "(a name that looks like a secret)" if looks_like_a_secret(name) else _one_line(name)


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _label(outcome: str) -> str:
    return LABELS[Outcome(outcome)] if outcome in set(Outcome) else outcome


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
