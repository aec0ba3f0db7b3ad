"""What happens once before `credstore serve` answers: checks, tables, keys, what is kept too long, the set-up link."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import exists, select

from credstore import metrics
from credstore.accounts import Accounts
from credstore.audit.retention import remove_old
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
from credstore.start_checks import check_encryption_key, database_is_current


def prepare_start(config: Config, *, locked: bool) -> tuple[str, str]:
    """Refuse what every worker would refuse, and make what is missing. Raises CredstoreError, one sentence.

    `locked`: with a key that is not the right one, too. Returns what to print to stdout, and to stderr or "".
    """
    client_from_config(config)  # a wrong egress setting stops here
    check_provider_settings(config)
    app = database_app(config)
    with app.app_context():
        current = database_is_current()
    if not current:
        upgrade(app)
    config, token, told = _prepare(config, app, locked=locked)
    close_database(app)
    metrics.prepare_folder(config)
    return _announcement(config, token), told


def _prepare(config: Config, app: Flask, *, locked: bool) -> tuple[Config, str | None, str]:
    """Make missing keys, and check them. The settings with them, the set-up link's token or None, a warning or ""."""
    with app.app_context():
        accounts = Accounts(db.session, idle=timedelta(), longest=timedelta())  # no session begins here
        if not accounts.any_admin() and not config.bound_to_loopback:
            raise ConfigError(
                f"There is no administrator yet, so credstore does not serve on {config.bind}. Create one first: "
                "credstore admin create --username NAME"
            )
        config = ensure_keys(config, app)
        check_keys(config)  # before the URL is printed
        if not locked:
            check_encryption_key(config)
        told = require_needed_keys(db.session, Keyring(config.field_encryption_key, config.key_source))
        token = None if accounts.any_admin() else accounts.new_setup_link()
        _purge(config)
    return config, token, told


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
