"""A running site and its credentials, put in without the browser."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import delete, update

from credstore import create_app
from credstore.config import Config
from credstore.database import write_transaction
from credstore.models import Credential, DeletedCredential, db
from credstore.probe import Cause, Completion, ModelList, Outcome, Step, Verdict
from credstore.reference_models import CredentialReference
from credstore.replaced_secret_model import ReplacedSecret
from credstore.run_models import TestRun
from credstore.vault import ListFilters, Record, Vault
from credstore.vault.model_names import store_names
from credstore.vault.stored_verdicts import dump_completion, dump_verdict
from tests.fixtures.serving import Server

LONG_URL = "https://gateway-{0}.inference.eu-central-1.example-platform.com/teams/{0}/openai-compatible/v1"
BOT = "123456789:AAbbccddeeffgghhii"


def open_app(server: Server) -> Flask:
    """An application on the files of a running server: the second way to the same database, with the same keys."""
    return create_app(Config.from_env(server.environment, bind="127.0.0.1", port=server.port))


@dataclass
class LiveSite:
    """`server` is what the browser sees; the rest fills, empties and looks into its database."""

    server: Server
    app: Flask

    @property
    def url(self) -> str:
        return f"{self.server.url}/credentials"

    @contextmanager
    def vault(self) -> Iterator[Vault]:
        with self.app.app_context():
            yield self.app.extensions["credstore"].vault

    def clear(self) -> None:
        with self.app.app_context(), write_transaction(db.session):
            for table in (Credential, DeletedCredential, ReplacedSecret, CredentialReference, TestRun):
                db.session.execute(delete(table))

    def clear_behind(self, tab: Page) -> None:
        """`clear`, after `tab` has left its page, which might ask for something that is not there any more."""
        tab.goto("about:blank")
        self.clear()

    def names(self) -> list[str]:
        with self.vault() as vault:
            return [record.name for record in vault.page().records]

    def resolve(self, name: str) -> dict[str, Any]:
        with self.vault() as vault:
            return vault.resolve(next(found.public_id for found in vault.page(ListFilters.clean(query=name)).records))

    def llm(self, name: str, base_url: str, key: str = "sk-test-0123456789", provider: str = "openai") -> Record:
        with self.vault() as vault:
            return vault.create("llm", name, {"provider_type": provider, "api_key": key, "base_url": base_url})

    def bots(self, count: int, name: str = "Bot {:03}") -> list[Record]:
        with self.vault() as vault:
            return [vault.create("telegram", name.format(n), {"bot_token": BOT}) for n in range(1, count + 1)]

    def rename(self, record: Record, name: str) -> None:
        """What a second editor does."""
        with self.vault() as vault:
            vault.edit(record.public_id, version=record.version, name=name, values=dict(record.public))

    def judged(self, record: Record, verdict: Verdict, minutes: int = 0) -> None:
        """With this result of a test, so many minutes ago."""
        with self.app.app_context(), write_transaction(db.session):
            stored = dump_verdict(verdict)
            if models := store_names(db.session, record.public_id, record.version, verdict):
                stored["models"] = models
            if verdict.completion:
                stored["completion"] = dump_completion(verdict.completion)
            measured = {
                "verdict": stored,
                "verdict_version": record.version,
                "verdict_at": datetime.now(UTC) - timedelta(minutes=minutes),
                "status": verdict.outcome.value,
            }
            db.session.execute(update(Credential).where(Credential.public_id == record.public_id).values(**measured))

    def fifty(self) -> None:
        """A full page: 25 LLM credentials with long URLs, four steps each and every verdict there is; 25 others."""
        outcomes = [outcome for outcome in Outcome if outcome is not Outcome.UNTESTED]
        with self.vault() as vault:
            for n in range(9):
                vault.create("telegram", f"Support bot {n}", {"bot_token": BOT})
                vault.create("git", f"Deploy key of team {n}", {"extra_config": '{"token": "x"}'})
            for n in range(7):
                vault.create("tool", f"Tool {n}", {"extra_config": '{"token": "x"}'})
        for n in range(25):
            url = LONG_URL.format(n)
            record = self.llm(f"Language model {n} of the research department", url, provider="openai_compatible")
            if n:  # one stays untested
                self.judged(record, verdict(outcomes[n % len(outcomes)], url))


def verdict(outcome: Outcome, url: str) -> Verdict:
    """A verdict as long as they get: four requests, a reason and an advice that name the host."""
    host = url.split("/")[2]
    paths = (("GET", "models"), ("GET", "models"), ("POST", "chat/completions"), ("POST", "chat/completions"))
    purposes = (
        "List the models, with your key",
        "List the models, with a made-up key",
        "Send an empty request with your key",
        "Send an empty request with a made-up key",
    )
    steps = tuple(
        Step(purpose=purpose, method=method, url=f"{url}/{path}", status=200 + 7 * n, ms=113 + 31 * n)
        for n, (purpose, (method, path)) in enumerate(zip(purposes, paths, strict=True))
    )
    reason = f"{host} accepted this key, and refused made-up ones."
    return Verdict(outcome=outcome, reason=reason, advice="Check that its scopes cover your workflows.", steps=steps)


def tried_verdict(url: str) -> Verdict:
    """A verdict with many models, some with long names, and a completion that the provider refused in many words."""
    names = tuple(f"vendor-{n}/a-model-with-a-name-{'that-goes-on-' * (n % 5)}{n}" for n in range(40))
    step = Step(purpose="Ask for a completion", method="POST", url=f"{url}/chat/completions", status=404, ms=812)
    refused = Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"{url.split('/')[2]} has no model {names[4]} for chat completions, or not for this key (404).",
        advice="Choose another model.",
        cause=Cause.UNKNOWN_MODEL,
        provider_message="The model does not exist or you do not have access to it.",
        steps=(step,),
    )
    return replace(
        verdict(Outcome.VERIFIED, url),
        models=ModelList(count=1200, names=names, listed_for="this-key"),
        completion=Completion(model=names[4], verdict=refused, tried_at=datetime.now(UTC)),
    )


def words(texts: Sequence[str | None]) -> list[str]:
    """Texts of elements, with their whitespace collapsed."""
    return [" ".join((text or "").split()) for text in texts]
