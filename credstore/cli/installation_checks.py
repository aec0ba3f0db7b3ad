"""What `credstore doctor` looks at. Each check reads, and gives findings: what is so, or what is wrong and what to do.

No finding names a secret, and no check writes or calls another machine, except the database, the egress proxy and the
provider of the sign-in.
"""

import os
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flask import Flask
from sqlalchemy import func, select, text

from credstore.access_errors import ProviderRefused
from credstore.accounts import Accounts
from credstore.config import KEY_FILE, Config
from credstore.database import database_file
from credstore.egress.from_config import client_from_config, proxy_from_config
from credstore.encryption.key_usage import use_of_key, used_key_ids, words_of
from credstore.encryption.key_verification import read_key_state
from credstore.encryption.keyring import GENERATE_COMMAND, Keyring
from credstore.migrate import is_current
from credstore.models import Credential, db
from credstore.notices.deliveries import waiting
from credstore.oidc.from_config import provider_from_config
from credstore.vault.consistency import check_consistency

LEAST_FREE_BYTES = 200_000_000
MOST_CLOCK_DIFFERENCE = timedelta(seconds=5)
PROXY_SECONDS = 3.0
_OF_PRIVATE_PROVIDERS = (
    "Endpoints on another local host need CREDSTORE_EGRESS_ALLOW; a certificate of your own needs CREDSTORE_CA_BUNDLE."
)


class Finding(NamedTuple):
    """`advice` is what to do, "" where nothing is wrong."""

    subject: str
    sentence: str
    advice: str = ""


Check = Callable[[Config, Flask], Iterator[Finding]]


def check_files(config: Config, _app: Flask) -> Iterator[Finding]:
    """Who may read the data and the key, and how much space is left."""
    database = database_file(config.sqlalchemy_url)
    private = [path for path in (database, config.keys_folder, config.keys_folder / KEY_FILE) if path and path.exists()]
    for path in private:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            advice = f"Run: chmod go= {path}"
            yield Finding("Permissions", f"Other users of this machine may open {path}.", advice)
    if config.keys_folder.resolve().is_relative_to(config.data_dir.resolve()):
        yield Finding(
            "Key folder",
            "The key is inside the data folder, so that one copy of that folder has both.",
            "Set CREDSTORE_KEY_DIR to a folder elsewhere and move the key files.",
        )
    if database is None:
        return
    if not os.access(database.parent, os.W_OK) or (database.exists() and not os.access(database, os.W_OK)):
        yield Finding("Permissions", f"This user may not write to {database}.", "Run as the user that serves the page.")
    free = shutil.disk_usage(database.parent).free
    if free < LEAST_FREE_BYTES:
        yield Finding("Disk", f"Only {free / 1e6:.0f} MB are free at {database.parent}.", "Make space.")
    else:
        yield Finding("Disk", f"{free / 1e9:.1f} GB are free at {database.parent}.")


def check_database(_config: Config, app: Flask) -> Iterator[Finding]:
    """Whether the database answers and is sound, and has the tables of this version."""
    with app.app_context():
        connection = db.session.connection()
        sqlite = connection.dialect.name == "sqlite"
        version = connection.exec_driver_sql(
            "SELECT sqlite_version()" if sqlite else "SHOW server_version"
        ).scalar_one()
        yield Finding("Database", f"{'SQLite' if sqlite else 'PostgreSQL'} {str(version).split()[0]} answers.")
        if sqlite and connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one() != "ok":  # may show content
            yield Finding("Database", "The file is damaged.", "Restore it from a backup.")
        if not is_current(connection):
            yield Finding("Migrations", "The tables are missing or of another version.", "Run: credstore db upgrade")


def check_key(config: Config, app: Flask) -> Iterator[Finding]:
    """Whether the configured keys are those that the stored secrets need."""
    if not config.secret_key:
        yield Finding("Key", "SECRET_KEY is not set, so nobody stays signed in.", f"Make one with: {GENERATE_COMMAND}")
    if not config.field_encryption_key:
        sentence = "FIELD_ENCRYPTION_KEY is not set, and there is no key file."
        yield Finding("Key", sentence, "Restore the key. In a new installation: credstore serve makes one.")
        return
    keyring = Keyring(config.field_encryption_key, config.key_source)
    with app.app_context():
        state = read_key_state(db.session, keyring)
        uses = [use_of_key(db.session, key_id) for key_id in sorted(used_key_ids(db.session))]
    missing = [use for use in uses if use.key_id not in keyring.key_ids]
    for use in missing:
        sentence = f"The key {use.key_id} is not configured. It encrypted {use.words}."
        yield Finding("Key", sentence, f"Add that key behind the others in {config.key_source}.")
    if state.locked and not missing:
        sentence = f"The database was used with the key {' or '.join(state.known)}, not with a configured one."
        yield Finding("Key", sentence, "Restore that key.")
    if not (missing or state.locked):
        stored = words_of(map(sum, zip(*(use.numbers for use in uses), strict=True))) if uses else "nothing yet"
        yield Finding("Key", f"{keyring.key_id} encrypts. Stored, each with its key configured: {stored}.")


def check_counts(_config: Config, app: Flask) -> Iterator[Finding]:
    """Whether the stored counts and the search index are right, and somebody can sign in."""
    with app.app_context():
        found = check_consistency(db.session)
        accounts = Accounts(db.session, idle=timedelta(), longest=timedelta())
        has_admin = accounts.any_admin()
    if not found.sound:
        yield Finding("Counts", "The stored counts or the search index differ.", "Run: credstore db check --fix")
    else:
        yield Finding("Counts", f"{found.credentials:,} credentials, counted right.")
    if not has_admin:
        yield Finding("Sign-in", "There is no administrator.", "Run: credstore admin create --username NAME")


def check_time(_config: Config, app: Flask) -> Iterator[Finding]:
    """Whether the clock of this machine fits the database's, and is not behind what was stored."""
    with app.app_context():
        now = datetime.now(UTC)
        newest = db.session.scalar(select(func.max(Credential.created_at)).where(Credential.id == _newest_id()))
        if db.session.connection().dialect.name == "postgresql":
            theirs = db.session.scalar(text("SELECT clock_timestamp()"))
            if abs(theirs - now) > MOST_CLOCK_DIFFERENCE:
                sentence = f"This machine's clock and the database's differ by {abs(theirs - now).seconds} s."
                yield Finding("Time", sentence, "Let both machines take their time from one server (NTP).")
                return
    if newest and newest > now + MOST_CLOCK_DIFFERENCE:
        sentence = f"The clock says {now:%Y-%m-%d %H:%M} UTC, earlier than the newest credential was stored."
        yield Finding("Time", sentence, "Set the clock right: sessions, expiry and ages depend on it.")
    else:
        yield Finding("Time", f"{now:%Y-%m-%d %H:%M} UTC.")


def _newest_id() -> int:
    return db.session.scalar(select(func.max(Credential.id))) or 0


def check_egress(config: Config, _app: Flask) -> Iterator[Finding]:
    """Whether tests can be sent: the settings are valid, and the proxy, if there is one, accepts connections."""
    client_from_config(config)  # raises for a wrong setting of the policy too
    proxy = proxy_from_config(config)
    allowed = f" and {', '.join(config.egress_allow)}" if config.egress_allow else ""
    if proxy is None:
        yield Finding("Egress", f"Tests may call public addresses{allowed}, directly.")
        return
    started = time.monotonic()
    with suppress(OSError), socket.create_connection((proxy.host, proxy.port), timeout=PROXY_SECONDS):
        took = (time.monotonic() - started) * 1000
        yield Finding(
            "Egress", f"Tests go through the proxy {proxy.host}:{proxy.port}, which answers in {took:.0f} ms."
        )
        return
    sentence = f"The proxy {proxy.host}:{proxy.port} does not accept connections."
    yield Finding("Egress", sentence, "Check CREDSTORE_EGRESS_PROXY, and that the proxy runs.")


def check_notices(config: Config, app: Flask) -> Iterator[Finding]:
    """Whether notices have somewhere to go, and whether some never arrived. Sends none."""
    config.require_whole_notice_settings()
    channels = [("a webhook", config.notify_webhook), ("mail", config.notify_mail_to)]
    ways = " and ".join(way for way, setting in channels if setting)
    if not ways:
        yield Finding("Notices", "None are set up.")
        return
    with app.app_context():
        found = waiting(db.session)
    if found.given_up:
        sentence = f"{found.given_up:,} changes were not told in the last 30 days. The last problem: {found.problem}"
        yield Finding("Notices", sentence, "Mend that, then run: credstore notify test")
    else:
        yield Finding("Notices", f"They go by {ways}; messages that wait: {found.messages:,}.")


def check_provider(config: Config, _app: Flask) -> Iterator[Finding]:
    """Whether the OpenID Connect provider, if there is one, answers with metadata that credstore can use."""
    provider = provider_from_config(config)
    if provider is None:
        yield Finding("OIDC", "No provider is set up.")
        return
    try:
        provider.check()
    except ProviderRefused as refusal:
        sentence = f"{config.oidc_issuer} does not serve for the sign-in ({refusal.reason})."
        yield Finding("OIDC", sentence, f"Check CREDSTORE_OIDC_ISSUER and the provider. {_OF_PRIVATE_PROVIDERS}")
        return
    yield Finding("OIDC", f"{config.oidc_issuer} answers. It gives roles to: {', '.join(provider.rules.roles.roles)}.")


# The subject stands before what stops a check. Those of the second group need the tables.
CHECKS: tuple[tuple[str, Check], ...] = (
    ("Files", check_files),
    ("Egress", check_egress),
    ("OIDC", check_provider),
    ("Database", check_database),
)
TABLE_CHECKS: tuple[tuple[str, Check], ...] = (
    ("Key", check_key),
    ("Counts", check_counts),
    ("Time", check_time),
    ("Notices", check_notices),
)
