"""The Flask extension: puts credstore's blueprint into an application and holds its vault and accounts.

Credstore(app, config=config)                       # with credstore's own sign-in
Credstore(app, config=config, authorize=my_check)   # inside a host application that has users of its own

See docs/embedding.md for the other arguments.
"""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from credstore.accounts import Accounts, Invitations, ProviderUsers, Users
from credstore.accounts.machine_tokens import MachineTokens
from credstore.audit import AuditLog
from credstore.background_runner import BackgroundRunner
from credstore.config import Config
from credstore.database import init_database
from credstore.egress import client_from_config
from credstore.encryption.key_verification import require_unlocked
from credstore.encryption.keyring import Keyring
from credstore.errors import ConfigError, NotMigrated
from credstore.migrate import is_current
from credstore.models import db
from credstore.notices.notifier import notifier_from_config
from credstore.oidc.from_config import provider_from_config
from credstore.tester import Tester
from credstore.vault import Vault
from credstore.web import make_blueprint
from credstore.web.addresses import API, LIST, Addresses
from credstore.web.api import make_api_blueprint
from credstore.web.authentication import init_login_manager, require_sign_in
from credstore.web.brand import brand_of
from credstore.web.request_context import AuthorizeAnswer

Authorize = Callable[[], AuthorizeAnswer]


class Credstore:
    """`authorize` is the host's sign-in check: it returns a `Role` to let a request pass, or what to send instead.

    A `Visitor` is a role and a name for the audit log; None is the role editor. The other arguments are for a host too:
    `url_prefix` is the path of the list, and what is above all other pages; `api_prefix` is that of the JSON API.
    `layout` is the host's template that pages are shown in. `brand` is a name, or a name and its link, in place of
    "credstore" in titles and in the header. `csp=False`: the content security policy is the host's.
    """

    def __init__(
        self,
        app: Flask,
        *,
        config: Config | None = None,
        authorize: Authorize | None = None,
        url_prefix: str = LIST,
        api_prefix: str = API,
        layout: str | None = None,
        brand: str | tuple[str, str] | None = None,
        csp: bool = True,
        tester: Tester | None = None,
    ) -> None:
        """Raises ConfigError when a setting or an argument is missing or malformed."""
        own_site = authorize is None
        if own_site:
            _refuse_alone(url_prefix=url_prefix != LIST, api_prefix=api_prefix != API, layout=bool(layout), csp=not csp)
        self.addresses = Addresses(url_prefix, api_prefix, own_site)
        self.layout, self.brand = layout, brand_of(brand)
        _require_secret_key(app)
        self.config = config = config or Config.from_env()
        keyring = Keyring(config.field_encryption_key, config.key_source)
        init_database(app, config.sqlalchemy_url, slow_statement_ms=config.slow_statement_ms)
        client = client_from_config(config)
        self.notifier = notifier_from_config(db.session, config, client)
        tester = tester or Tester(client, seconds=config.test_seconds, at_once=config.tests_at_once)
        self.vault = _vault(config, keyring, tester, note_changes=bool(self.notifier.channels))
        self._open_accounts(config, own_site=own_site)
        self.runner = BackgroundRunner(app, self.vault, at_once=max(1, config.tests_at_once // 2))
        self.authorize: Authorize = authorize or require_sign_in
        app.extensions["credstore"] = self
        _protect_forms(app)
        if own_site:
            init_login_manager(app)
        _register_blueprints(app, self.addresses, csp=csp)

    def _open_accounts(self, config: Config, *, own_site: bool) -> None:
        self.audit = AuditLog(db.session)
        self.accounts, self.provider_users = _accounts(config)
        self.users, self.invitations = Users(db.session), Invitations(db.session)
        self.provider = provider_from_config(config) if own_site else None  # a host signs in by itself
        self.tokens = MachineTokens(db.session, per_minute=config.api_requests_per_minute)

    def start_watch(self, app: Flask) -> None:
        """In a process that serves: start the thread of scheduled tests and notices, where the settings name some."""
        if not self.config.test_every and not self.notifier.channels:
            return
        from credstore.watch import Watch  # here, since most processes do not watch

        every = timedelta(seconds=self.config.test_every) if self.config.test_every else None
        Watch(app, self.vault, self.runner, self.notifier, every=every).start()

    def require_ready(self) -> None:
        """Return when requests can be served. Raises StorageError or Locked, whose sentence says what is missing."""
        if not is_current(db.session.connection()):
            raise NotMigrated("The database is not set up for this version. Run: credstore db upgrade")
        require_unlocked(self.vault.key_state())


def _require_secret_key(app: Flask) -> None:
    if not app.secret_key:
        raise ConfigError(
            "The application has no secret_key, which signs session cookies and forms: set app.secret_key before "
            "Credstore(app)."
        )


def _vault(config: Config, keyring: Keyring, tester: Tester, *, note_changes: bool) -> Vault:
    return Vault(
        db.session,
        keyring,
        tester,
        keep_deleted_days=config.keep_deleted_days,
        keep_replaced_hours=config.keep_replaced_hours,
        note_changes=note_changes,
        keep_audit_days=config.keep_audit_days,
    )


def _accounts(config: Config) -> tuple[Accounts, ProviderUsers]:
    idle, longest = timedelta(minutes=config.session_idle_minutes), timedelta(hours=config.session_hours)
    return Accounts(db.session, idle=idle, longest=longest), ProviderUsers(db.session, idle=idle, longest=longest)


def _protect_forms(app: Flask) -> None:
    """Flask-WTF's CSRF protection, unless the host application has it already."""
    if "csrf" not in app.extensions:
        # Its token and settings, not its hook on every view: our authorization check asks it for our views.
        app.config.setdefault("WTF_CSRF_CHECK_DEFAULT", False)
        CSRFProtect(app)


def _refuse_alone(**given: bool) -> None:
    """Raises ConfigError where an argument is given that a stand-alone credstore does not have."""
    if names := [name for name, is_given in given.items() if is_given]:
        raise ConfigError(f"{names[0]} is for a host application, which gives authorize too.")


def _register_blueprints(app: Flask, addresses: Addresses, *, csp: bool) -> None:
    app.register_blueprint(make_blueprint(addresses, csp=csp))
    if not addresses.own_site:
        addresses.require_free(app.url_map)
    api = make_api_blueprint(addresses, csp=csp)
    app.extensions["csrf"].exempt(api)  # a host may check every view; here no cookie is accepted
    app.register_blueprint(api)
