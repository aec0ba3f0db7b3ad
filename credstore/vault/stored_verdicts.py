"""How a verdict is stored: a JSON object, read back without trusting it. Holds no secret; the tester scrubbed it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from credstore.probe import Outcome, Step, Verdict


def dump_verdict(verdict: Verdict) -> dict[str, Any]:
    """A verdict as it is stored."""
    steps = [[s.purpose, s.method, s.url, s.status, s.ms] for s in verdict.steps]
    stored: dict[str, Any] = {"outcome": verdict.outcome, "reason": verdict.reason, "advice": verdict.advice}
    stored |= {"steps": steps, "provider_message": verdict.provider_message, "facts": list(verdict.facts)}
    if verdict.expires_at:
        stored["expires_at"] = verdict.expires_at.isoformat()
    return stored


def load_verdict(stored: Mapping[str, Any] | None) -> Verdict | None:
    """A stored verdict, or None where there is none or it does not read as one."""
    if not stored:
        return None
    try:
        expires = stored.get("expires_at")
        return Verdict(
            outcome=Outcome(stored["outcome"]),
            reason=str(stored["reason"]),
            advice=str(stored["advice"]),
            provider_message=str(stored.get("provider_message") or stored.get("said") or ""),
            facts=tuple(str(fact) for fact in stored.get("facts", ())),
            expires_at=datetime.fromisoformat(expires) if expires else None,
            steps=tuple(Step(purpose=p, method=m, url=u, status=s, ms=ms) for p, m, u, s, ms in stored["steps"]),
        )
    except (KeyError, ValueError, TypeError):
        return None
