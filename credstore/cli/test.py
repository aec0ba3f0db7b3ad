"""`credstore test`: tests credentials from the command line or cron. Exit status 1 when one failed or ends soon."""

import json
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from credstore.background_runner import BackgroundRunner
from credstore.cli.options import data_dir_option, open_app
from credstore.errors import NotFound
from credstore.extension import Credstore
from credstore.vault import RunItem, Vault
from credstore.verdict_facts import facts_of


class Days(click.ParamType[int]):
    """A number of days: `14` or `14d`."""

    name = "days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).removesuffix("d")
        if not text.isdecimal():
            self.fail("Write a number of days, like 14d.", param, ctx)
        return int(text)


@click.command("test")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Test every credential that can be tested.")
@click.option("--expiring", type=Days(), help="List credentials that end within so many days (14d); any is a failure.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@data_dir_option
def test(ids: tuple[str, ...], everything: bool, expiring: int | None, as_json: bool, data_dir: Path | None) -> None:
    """Test credentials by their ids, or all of them. Exit status 1 if one fails or ends soon."""
    if not (ids or everything or expiring is not None):
        raise click.UsageError("Name the ids to test, or give --all, or --expiring.")
    app = open_app(data_dir)
    store: Credstore = app.extensions["credstore"]
    report: dict[str, Any] = {}
    with app.app_context():
        if ids or everything:
            if not everything and not store.vault.summaries(ids):
                raise NotFound(f"There is no credential with the id {', '.join(dict.fromkeys(ids))}.")
            run_id = store.vault.start_run(None if everything else ids, started_by="credstore test")
            try:
                BackgroundRunner(app, store.vault, at_once=store.config.tests_at_once).run(run_id)
            except KeyboardInterrupt:
                store.vault.cancel_run(run_id)  # or a server would go on with it
                raise
            report["results"] = [_result(store.vault, item) for item in store.vault.progress(run_id).items]
            if not everything:
                report["results"] += _missing(store.vault, ids, {result["id"] for result in report["results"]})
            _send_notices(store)
        if expiring is not None:
            report["expiring"] = [
                {"id": found.public_id, "name": found.name, "expires_at": isoformat(found.expires_at)}
                for found in store.vault.expiring(expiring)
            ]
    report["ok"] = not report.get("expiring") and not any(result["failed"] for result in report.get("results", ()))
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else _as_text(report))
    if not report["ok"]:
        raise click.exceptions.Exit(1)


test.__test__ = False  # type: ignore[attr-defined]  # a command, whatever its name


def _send_notices(store: Credstore) -> None:
    """Of what this run and others noted. What is not taken now, a later run or the server sends."""
    store.notifier.note_expiring()
    for problem in store.notifier.deliver():
        click.echo(f"A notice was not sent, and is tried again later: {problem}", err=True)


def _result(vault: Vault, item: RunItem) -> dict[str, Any]:
    result: dict[str, Any] = {
        "id": item.public_id,
        "name": item.name,
        "outcome": item.outcome.value if item.outcome else "gone" if item.done else "not-tested",
        "reason": item.reason,
        "failed": not item.done or bool(item.outcome and item.outcome.mark == "fail"),
    }
    with suppress(NotFound):  # deleted since
        if item.outcome:
            result |= asdict(facts_of(vault.get(item.public_id).verdict))
    return result


def _missing(vault: Vault, ids: Iterable[str], tested: Collection[str]) -> list[dict[str, Any]]:
    """A failed result for each id that was named but has no testable credential."""
    unknown = [wanted for wanted in dict.fromkeys(ids) if wanted not in tested]
    found = {summary.public_id: summary.name for summary in vault.summaries(unknown)}
    return [
        {
            "id": wanted,
            "name": found.get(wanted, ""),
            "outcome": "not-tested",
            "reason": "Credentials of this type cannot be tested."
            if wanted in found
            else f"There is no credential with the id {wanted}.",
            "failed": True,
        }
        for wanted in unknown
    ]


def _as_text(report: dict[str, Any]) -> str:
    lines = [
        f"{result['outcome']:17} {result['name'] or result['id']}: {result['reason']}"
        for result in report.get("results", ())
    ]
    for found in report.get("expiring", ()):
        verb = "ended" if found["expires_at"] < datetime.now(UTC).isoformat() else "ends"
        lines.append(f"{verb} {found['expires_at'][:10]}  {found['name']}")
    return "\n".join(lines) or "Nothing ends in that time."


def isoformat(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
