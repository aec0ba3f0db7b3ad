"""Keeps the names of listed models beside the verdict: one row for a credential, replaced by its next test.

A test that did not ask the listing keeps the list of an earlier one, as long as the same secret and destination were
tested and the verdict does not speak against them: a completion endpoint is asked alone once it is known to check keys.
"""

from typing import Any

from sqlalchemy import delete, select

from credstore.database import AnySession, insert
from credstore.models import ModelNames
from credstore.probe import ModelList, Outcome, Verdict

_LIST_STAYS = {Outcome.VERIFIED, Outcome.ACCEPTED_LIMITED, Outcome.ACCEPTED_UNPROVEN, Outcome.KEY_NOT_CHECKED}


def store_names(session: AnySession, public_id: str, version: int, verdict: Verdict) -> dict[str, Any] | None:
    """Inside a writing transaction: keep, replace or drop the list. Returns what the stored verdict says of it."""
    if verdict.models is None:
        kept = _stored(session, public_id, version) if verdict.outcome in _LIST_STAYS else None
        if kept is None:
            session.execute(delete(ModelNames).where(ModelNames.public_id == public_id))
        return kept and {"count": kept["count"], "listed_for": kept["listed_for"]}
    models_summary = {"count": verdict.models.count, "listed_for": verdict.models.listed_for}
    values = {"version": version, "models": models_summary | {"names": list(verdict.models.names)}}
    row = insert(session, ModelNames).values(public_id=public_id, **values)
    session.execute(row.on_conflict_do_update(index_elements=["public_id"], set_=values))
    return models_summary


def load_names(session: AnySession, public_id: str, models: ModelList) -> tuple[str, ...]:
    """The names of the models that a verdict counts, as far as they are stored."""
    stored = session.scalar(select(ModelNames.models).where(ModelNames.public_id == public_id)) or {}
    names = stored.get("names") if stored.get("count") == models.count else None
    return tuple(str(name) for name in names) if isinstance(names, list) else ()


def forget_others(session: AnySession, public_id: str, version: int) -> None:
    """Inside a writing transaction that puts the content `version` back: drop a list that was got with another one."""
    others = (ModelNames.public_id == public_id, ModelNames.version != version)
    session.execute(delete(ModelNames).where(*others).execution_options(synchronize_session=False))


def _stored(session: AnySession, public_id: str, version: int) -> dict[str, Any] | None:
    mine = (ModelNames.public_id == public_id, ModelNames.version == version)
    stored = session.scalar(select(ModelNames.models).where(*mine))
    return stored if stored and {"count", "listed_for"} <= stored.keys() else None
