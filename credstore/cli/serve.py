"""`credstore serve`: makes the database and the keys where they are missing, then serves the page with gunicorn."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import exists, select

from credstore import metrics
from credstore.audit.retention import remove_old
from credstore.cli.options import Interval, data_dir_option, open_accounts, read_config
from credstore.cli.start_checks import check_address, check_encryption_key, database_is_current
from credstore.config import KEY_FILE, Config
from credstore.database import close_database
from credstore.egress.from_config import client_from_config
from credstore.encryption.key_files import ensure_keys
from credstore.encryption.key_verification import require_needed_keys
from credstore.encryption.keyring import Keyring
from credstore.errors import ConfigError
from credstore.migrate import upgrade
from credstore.minimal_app import check_keys, database_app
from credstore.models import DeletedCredential, db
from credstore.oidc.from_config import check_provider_settings
from credstore.replaced_secret_model import ReplacedSecret


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1))
@click.option("--threads", default=16, show_default=True, type=click.IntRange(1), help="Threads of each worker.")
@click.option("--locked", is_flag=True, help="Start although the key is not the right one: to look and delete only.")
@click.option("--test-every", type=Interval(), help="Test all credentials at this interval: 24h, 90m, 7d.")
@data_dir_option
def serve(
    *,
    host: str,
    port: int,
    workers: int,
    threads: int,
    locked: bool,
    test_every: int | None,
    data_dir: Path | None,
) -> None:
    """Serve the page. The first start makes the database and the keys, and prints a one-time set-up URL."""
    from credstore.gunicorn_server import (
        replace_process,
        serving_options,
    )  # here, since no other command needs gunicorn

    known: dict[str, Any] = {"bind": host, "port": port, "test_every": test_every}
    config = read_config(data_dir, **known)
    client_from_config(config)  # a wrong egress setting stops here, not in every worker
    config.require_whole_notice_settings()
    check_provider_settings(config)
    check_address(host, port)
    app = database_app(config)
    with app.app_context():
        current = database_is_current()
    if not current:
        upgrade(app)
    config, token = _prepare(config, app, locked=locked)
    close_database(app)
    metrics.prepare_folder(config)
    replace_process(
        known | ({"data_dir": data_dir.absolute()} if data_dir else {}),
        workers=workers,
        threads=threads,
        announcement=_announcement(config, token),
        serving=serving_options(config),
    )


def _prepare(config: Config, app: Flask, *, locked: bool) -> tuple[Config, str | None]:
    """Make missing keys, and check them. Returns the settings with them, and the token of a set-up link or None."""
    with open_accounts(config, app) as store:
        if not store.any_admin() and not config.bound_to_loopback:
            raise ConfigError(
                f"There is no administrator yet, so credstore does not listen on {config.bind}. Create one first: "
                "credstore admin create --username NAME"
            )
        config = ensure_keys(config, app)
        check_keys(config)  # what every worker would refuse stops here, before the URL is printed
        if not locked:
            check_encryption_key(config)
        if told := require_needed_keys(db.session, Keyring(config.field_encryption_key, config.key_source)):
            click.echo(told, err=True)
        token = None if store.any_admin() else store.new_setup_link()
        _purge(config)
    return config, token


def _purge(config: Config) -> None:
    """Erase what was kept for its time. Without anything kept, the use cases are not even imported."""
    remove_old(db.session, timedelta(days=config.keep_audit_days))
    if any(db.session.scalar(select(exists().select_from(table))) for table in (DeletedCredential, ReplacedSecret)):
        from credstore.vault.purge import purge_expired

        purge_expired(
            db.session, keep_deleted_days=config.keep_deleted_days, keep_replaced_hours=config.keep_replaced_hours
        )


def _announcement(config: Config, token: str | None) -> str:
    host = f"[{config.bind}]" if ":" in config.bind else config.bind
    address = f"http://{host}:{config.port}"
    lines = [f"\n  credstore serves {address}/credentials"]
    if not config.bound_to_loopback and not config.trusted_hosts:
        lines.append("  It answers requests for loopback names only: set CREDSTORE_TRUSTED_HOSTS to its host names.")
    if token:
        lines.append(
            f"\n  Open this once, within 15 minutes, to become the administrator:\n  {address}/setup?token={token}"
        )
    where = str(config.data_dir.absolute()) if not config.database_url else "by DATABASE_URL"
    lines.append(f"\n  Data  {where}")
    if _kept_in_file(config):
        lines.append(f"  Keys  {config.keys_folder.absolute()}")
        lines.append(
            "\n  Back up both, apart from each other: the data without the key cannot be decrypted by anybody,"
        )
        lines.append("  and a copy of both together is as good as the secrets themselves.\n")
    else:
        lines.append("  Keys  from the environment; keep a copy of FIELD_ENCRYPTION_KEY apart from the data.\n")
    return "\n".join(lines)


def _kept_in_file(config: Config) -> bool:
    """Whether the key in use is the one in the keys folder, and not another one from the environment."""
    path = config.keys_folder / KEY_FILE
    return path.is_file() and path.read_text(encoding="utf-8").strip() == config.field_encryption_key
