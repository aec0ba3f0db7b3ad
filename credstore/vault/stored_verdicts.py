"""How a verdict is stored: a JSON object, read back without trusting it. Holds no secret; the tester scrubbed it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from credstore.probe import Cause, Completion, ListedFor, ModelList, Outcome, Step, Verdict

_CAUSES = {cause.value: cause for cause in Cause}
_LISTED_FOR: dict[str, ListedFor] = {"this-key": "this-key", "any-key": "any-key"}


def dump_verdict(verdict: Verdict) -> dict[str, Any]:
    """A verdict as it is stored."""
    steps = [[s.purpose, s.method, s.url, s.status, s.ms] for s in verdict.steps]
    stored: dict[str, Any] = {"outcome": verdict.outcome, "reason": verdict.reason, "advice": verdict.advice}
    stored |= {"steps": steps, "provider_message": verdict.provider_message, "facts": list(verdict.facts)}
    if verdict.expires_at:
        stored["expires_at"] = verdict.expires_at.isoformat()
    if verdict.cause:
        stored["cause"] = verdict.cause
    if verdict.models:  # the names are stored beside it, see `model_names`
        stored["models"] = {"count": verdict.models.count, "listed_for": verdict.models.listed_for}
    return stored


def dump_completion(completion: Completion) -> dict[str, Any]:
    """A completion as it is stored with the verdict, under "completion"."""
    verdict = dump_verdict(completion.verdict)
    return {"model": completion.model, "tried_at": completion.tried_at.isoformat(), "verdict": verdict}


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
            # Older rows have the message under "said".
            provider_message=str(stored.get("provider_message") or stored.get("said") or ""),
            facts=tuple(str(fact) for fact in stored.get("facts", ())),
            expires_at=datetime.fromisoformat(expires) if expires else None,
            steps=tuple(Step(purpose=p, method=m, url=u, status=s, ms=ms) for p, m, u, s, ms in stored["steps"]),
            cause=_CAUSES.get(stored.get("cause", ""), Cause.NONE),
            models=_load_models(stored.get("models")),
            completion=_load_completion(stored.get("completion")),
        )
    except (KeyError, ValueError, TypeError):
        return None


def _load_models(stored: Any) -> ModelList | None:
    if not isinstance(stored, dict) or not isinstance(stored.get("count"), int):
        return None
    listed_for: ListedFor = _LISTED_FOR.get(stored.get("listed_for", ""), "not-known")
    return ModelList(count=stored["count"], listed_for=listed_for)


def _load_completion(stored: Any) -> Completion | None:
    if not isinstance(stored, dict) or not isinstance(stored.get("verdict"), dict):
        return None
    try:
        verdict, tried_at = load_verdict(stored["verdict"]), datetime.fromisoformat(stored["tried_at"])
        if verdict is None or tried_at.tzinfo is None:
            return None
        return Completion(model=str(stored["model"]), verdict=verdict, tried_at=tried_at)
    except (KeyError, ValueError, TypeError):
        return None
