"""`credstore serve`: makes the database and the keys where they are missing, then serves the page with gunicorn."""

from pathlib import Path

import click
from sqlalchemy import exists, select

from credstore.cli.options import data_dir_option, open_accounts, read_config
from credstore.config import KEY_FILE, Config
from credstore.database import close_database
from credstore.egress.from_config import client_from_config
from credstore.encryption.key_files import ensure_keys
from credstore.errors import ConfigError
from credstore.migrate import is_current, upgrade
from credstore.minimal_app import check_keys, database_app
from credstore.models import DeletedCredential, db
from credstore.replaced_secret_model import ReplacedSecret


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1))
@click.option("--threads", default=16, show_default=True, type=click.IntRange(1), help="Threads of each worker.")
@data_dir_option
def serve(host: str, port: int, workers: int, threads: int, data_dir: Path | None) -> None:
    """Serve the page. The first start makes the database and the keys, and prints a one-time set-up URL."""
    from credstore.gunicorn_server import replace_process  # here, since no other command needs gunicorn

    config = read_config(data_dir, bind=host, port=port)
    client_from_config(config)  # a wrong egress setting stops here, not in every worker
    app = database_app(config)
    with app.app_context():
        current = is_current(db.session.connection())
        db.session.remove()
    if not current:
        upgrade(app)
    with open_accounts(config, app) as store:
        if not store.any_admin() and not config.bound_to_loopback:
            raise ConfigError(
                f"There is no administrator yet, so credstore does not listen on {host}. Create one first: "
                "credstore admin create --username NAME"
            )
        config = ensure_keys(config, app)
        check_keys(config)  # what every worker would refuse stops here, before the URL is printed
        token = None if store.any_admin() else store.new_setup_link()
        _purge(config)
    close_database(app)
    settings = {"bind": host, "port": port} | ({"data_dir": data_dir.absolute()} if data_dir else {})
    replace_process(settings, workers=workers, threads=threads, announcement=_announcement(config, token))


def _purge(config: Config) -> None:
    """Erase what was kept for its time. Without anything kept, the use cases are not even imported."""
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
