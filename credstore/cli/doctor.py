"""`credstore doctor`: looks at the whole installation and says what to do."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask

from credstore.cli.installation_checks import CHECKS, TABLE_CHECKS, Check, Finding
from credstore.cli.options import data_dir_option, read_config
from credstore.config import Config
from credstore.database import close_database, database_file
from credstore.errors import ConfigError, CredstoreError, StorageError
from credstore.minimal_app import database_app

_ADVICE = {ConfigError: "Correct the setting.", StorageError: "Put this right first; then run credstore doctor again."}


@click.command()
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(data_dir: Path | None, as_json: bool) -> None:
    """Check settings, files, database, key, counts, time, egress, sign-in provider and notices, and say what to do.

    Changes nothing. Exit status 1 on a problem.
    """
    findings = list(examine(read_config(data_dir)))
    if as_json:
        click.echo(json.dumps([found._asdict() | {"ok": not found.advice} for found in findings], ensure_ascii=False))
    else:
        for found in findings:
            click.echo(f"{'problem' if found.advice else 'ok':8} {found.subject:12} {found.sentence}")
            if found.advice:
                click.echo(f"{'':21} {found.advice}")
    problems = sum(bool(found.advice) for found in findings)
    if problems:
        click.echo(f"{problems} problem{'s' if problems > 1 else ''}.", err=True)
        raise click.exceptions.Exit(1)


def examine(config: Config) -> Iterator[Finding]:
    """The findings of all checks. A check that the database or a setting stops is a finding itself."""
    database = database_file(config.sqlalchemy_url)
    if database and not database.exists():  # to connect would make an empty one
        sentence = f"There is no database at {database}."
        yield Finding("Database", sentence, "In a new installation run credstore serve; else set CREDSTORE_DATA_DIR.")
        return
    app = database_app(config)
    try:
        first = list(_run(CHECKS, config, app))
        yield from first
        if not any(found.advice and found.subject in {"Database", "Migrations"} for found in first):
            yield from _run(TABLE_CHECKS, config, app)
    finally:
        close_database(app)


def _run(checks: tuple[tuple[str, Check], ...], config: Config, app: Flask) -> Iterator[Finding]:
    for subject, check in checks:
        try:
            yield from check(config, app)
        except (ConfigError, StorageError) as refusal:
            yield Finding(subject, refusal.for_operator, _advice(refusal))


def _advice(refusal: CredstoreError) -> str:
    return next(advice for kind, advice in _ADVICE.items() if isinstance(refusal, kind))
