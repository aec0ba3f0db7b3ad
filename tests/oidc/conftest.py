"""A site whose users the issuer of these tests signs in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select

from credstore.accounts import Role, passwords
from credstore.audit_model import AuditEntry
from credstore.config import Config
from credstore.models import LoginSession, db
from tests.conftest import PASSWORD, MakeApp
from tests.oidc.issuer import ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, CODE, Issuer
from tests.page import Page

CALLBACK = "/login/oidc/callback"


@pytest.fixture(autouse=True)
def _light_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of 8 KiB instead of 64 MiB: nothing here is about them."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._dummy_hash.cache_clear()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    with issuer.server:
        yield issuer


@dataclass
class Site:
    """An application and its issuer; `page()` is one more browser."""

    app: Flask
    issuer: Issuer = field(repr=False)

    def page(self) -> Page:
        page = Page(self.app.test_client())
        page.canaries |= {CLIENT_SECRET, ACCESS_TOKEN, CODE}
        return page

    def leave(self, page: Page, path: str = "/login/oidc") -> dict[str, str]:
        """To the provider; the parameters that the browser takes there."""
        there = urlsplit(page.get(path, status=303).location)
        sent = {name: values[0] for name, values in parse_qs(there.query).items()}
        self.issuer.nonce = sent["nonce"]
        return sent

    def come_back(self, page: Page, status: int, **answer: str | None) -> str:
        """From the provider, with a code unless `answer` says otherwise (None: without); where to, or the sentence."""
        given = {name: value for name, value in ({"code": CODE} | answer).items() if value is not None}
        found = page.get(CALLBACK, status=status, query_string=given)
        if status == 303:
            return str(found.location)
        assert page.document is not None
        (alert,) = page.document.find("p", role="alert")
        return alert.text

    def sign_in(self, page: Page, status: int = 303) -> str:
        return self.come_back(page, status, state=self.leave(page)["state"])

    def sessions(self) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).select_from(LoginSession)) or 0

    def roles(self) -> dict[str, str]:
        with self.app.app_context():
            return {user.username: user.role.value for user in self.app.extensions["credstore"].users.list()}

    def refusals(self) -> list[str]:
        """The reasons in the audit log, oldest first."""
        with self.app.app_context():
            rows = select(AuditEntry.result).where(AuditEntry.act == "sign-in refused").order_by(AuditEntry.seq)
            return [result.rpartition("provider: ")[2] for result in db.session.scalars(rows)]


MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(config: Config, make_app: MakeApp, issuer: Issuer) -> MakeSite:
    """A factory of sites; other settings by name."""

    def make(**more: object) -> Site:
        values = {"oidc_issuer": issuer.url, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
        values |= {"oidc_roles": "admins=admin, ops=editor", "oidc_label": "Acme"}
        app = make_app(replace(config, **(values | more)))
        with app.app_context():
            app.extensions["credstore"].users.create("ann", PASSWORD, Role.ADMIN)
        return Site(app, issuer)

    return make


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site()
