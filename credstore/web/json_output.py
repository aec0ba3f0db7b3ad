"""Records as JSON, for requests with `Accept: application/json`. Public values only, never a secret."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from credstore.probe import Verdict
from credstore.vault import DeletedPage, Page, Record, Replaced, Run, RunPage
from credstore.verdict_facts import facts_of


def credential_json(record: Record, model_names: Sequence[str] | None = None) -> dict[str, Any]:
    """One credential. `sealed` lists the names of its stored secret fields, never their values.

    `models` has the names too where they are given.
    """
    names = {} if model_names is None else {"names": list(model_names)}
    models = record.verdict.models
    return {
        "id": record.public_id,
        "name": record.name,
        "type": record.kind,
        "testable": record.testable,
        "public": dict(record.public),
        "sealed": sorted(record.secret_names),
        "created_at": isoformat(record.created_at),
        "updated_at": isoformat(record.updated_at),
        "last_used_at": isoformat(record.last_used_at),
        "expires_at": isoformat(record.expires_at),
        "version": record.version,
        "models": models and {"count": models.count, "listed_for": models.listed_for} | names,
        "test": verdict_json(record.verdict) | {"tested_at": isoformat(record.tested_at)},
    }


def replaced_json(replaced: Replaced | None) -> dict[str, Any]:
    """`replaced`: when the secret was replaced and until when the old one can be put back; nothing where it cannot."""
    if replaced is None:
        return {}
    moments = {"replaced_at": isoformat(replaced.replaced_at), "until": isoformat(replaced.until)}
    return {"replaced": moments | {"problem": replaced.problem}}


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """The result of a test. `completion` is what a person asked for since, None without one."""
    completion = verdict.completion
    return {
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "advice": verdict.advice,
        "provider_message": verdict.provider_message,
        "facts": list(verdict.facts),
        **asdict(facts_of(verdict)),
        "completion": completion
        and {"model": completion.model, "tried_at": isoformat(completion.tried_at)} | verdict_json(completion.verdict),
        "steps": [str(step) for step in verdict.steps],
    }


def draft_json(verdict: Verdict) -> dict[str, Any]:
    """The result of a test of what is in a form, with the names of the models."""
    return verdict_json(verdict) | {"models": verdict.models and asdict(verdict.models)}


def page_json(page: Page[Record]) -> dict[str, Any]:
    """One page of the list. Where `capped`, more match than `total`; `next_key` is the `after` of what follows."""
    pages = page.pagination
    return {
        "items": [credential_json(record) for record in page.records],
        "page": pages.page,
        "pages": pages.pages,
        "per_page": pages.per_page,
        "total": pages.total,
        "capped": page.capped,
        "next_key": page.next_key,
    }


def deleted_page_json(page: DeletedPage) -> dict[str, Any]:
    """One page of the deleted credentials, with the members of `page_json`."""
    pages = page.pagination
    return {
        "items": [record.as_json() for record in page.records],
        "page": pages.page,
        "pages": pages.pages,
        "per_page": pages.per_page,
        "total": pages.total,
        "capped": page.capped,
        "next_key": page.next_key,
    }


def run_json(run: Run) -> dict[str, Any]:
    """A run of many tests without its items. `counts` has how many credentials had an outcome."""
    return {
        "id": run.run_id,
        "state": run.state,
        "started_at": isoformat(run.started_at),
        "ended_at": isoformat(run.ended_at),
        "started_by": run.started_by,
        "scope": run.scope,
        "total": run.total,
        "done": run.done,
        "counts": dict(run.counts),
    }


def run_page_json(page: RunPage) -> dict[str, Any]:
    """A run with a page of its items, failures first; `next_key` is the `after` of what follows."""
    items = [
        {"id": item.public_id, "name": item.name, "outcome": item.outcome, "reason": item.reason} for item in page.items
    ]
    key = page.next_key
    return run_json(page.run) | {"items": items, "next_key": key and f"{int(key.group)}-{key.position}"}


def isoformat(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
