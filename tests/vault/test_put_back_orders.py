"""Any order of edits, put-backs, tests, deletions and purges does to a credential what a small model of it does."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from credstore.errors import Conflict, NotFound
from credstore.models import db
from credstore.probe import Outcome
from credstore.vault import Vault
from credstore.vault.purge import purge_replaced
from tests.vault.conftest import scalar
from tests.vault.script import ScriptedTester

URLS = ("http://127.0.0.1:11434/v1", "http://127.0.0.1:1234/v1")
HOURS = 24


@dataclass(frozen=True)
class Content:
    """What comes and goes together. `tested`: the last test that was kept was one of this very content."""

    key: str
    url: str
    control: str = ""
    day: str = ""
    tested: bool = False


@dataclass
class Model:
    """What there should be. `replaced_hour` is when `replaced` made room, on a clock of whole hours."""

    now: Content
    replaced: Content | None = None
    replaced_hour: int = 0
    hour: int = 0
    name: str = "first"
    batch: str = ""
    version: int = 1
    judged: bool = False
    keys: Iterator[int] = field(default_factory=lambda: iter(range(1000)))

    @property
    def offered(self) -> Content | None:
        return self.replaced if self.hour < self.replaced_hour + HOURS else None

    @property
    def outcome(self) -> Outcome:
        return Outcome.VERIFIED if self.now.tested else Outcome.STALE if self.judged else Outcome.UNTESTED

    def swap(self, incoming: Content) -> None:
        self.now, self.replaced, self.replaced_hour = incoming, self.now, self.hour
        self.version += 1


STEPS = ("new key", "move", "same key", "rename", "expire", "method", "test", "put back", "stale put back", "remove")
STEPS += ("delete", "restore", "restore", "wait an hour", "wait a day", "purge", "new key", "put back", "put back")


class Driver:
    """Does a step both to the vault and to the model."""

    def __init__(self, vault: Vault, clock: Any) -> None:
        self.vault, self.clock = vault, clock
        self.model = Model(now=Content("sk-CANARY-first-0123456789", URLS[0]))
        self.public_id = vault.create("llm", "first", self._values(self.model.now)).public_id

    @staticmethod
    def _values(content: Content) -> dict[str, str]:
        values = {"provider_type": "openai_compatible", "base_url": content.url, "api_key": content.key}
        return values | ({"test_control": content.control} if content.control else {})

    def _save(self, content: Content, *, typed: bool, **more: Any) -> None:
        values = self._values(content) | ({} if typed else {"api_key": ""})
        arguments = {"version": self.model.version, "name": self.model.name, "expires": content.day} | more
        self.vault.edit(self.public_id, values=values, **arguments)

    def do(self, step: str) -> None:
        model = self.model
        if step.startswith("wait"):
            hours = 1 if "hour" in step else HOURS
            self.clock.shift(timedelta(hours=hours))
            model.hour += hours
        elif step == "purge":
            purge_replaced(db.session, timedelta(hours=HOURS))
            model.replaced = model.offered
        elif step == "restore":
            if model.batch:
                assert self.vault.restore(model.batch) == 1
                model.batch = ""
        elif model.batch:  # every other step finds it gone
            with pytest.raises(NotFound):
                self.vault.put_back(self.public_id, version=model.version)
        else:
            getattr(self, f"_{step.replace(' ', '_')}")(model)

    def _new_key(self, model: Model) -> None:
        fresh = replace(model.now, key=f"sk-CANARY-{next(model.keys):010}", tested=False)
        self._save(fresh, typed=True)
        old = model.now.key
        if old:
            model.swap(fresh)
        else:
            model.now, model.version = fresh, model.version + 1

    def _move(self, model: Model) -> None:
        there = URLS[1 - URLS.index(model.now.url)]
        if not model.now.key:
            return
        fresh = replace(model.now, url=there, tested=False)
        self._save(fresh, typed=True)
        model.swap(fresh)

    def _same_key(self, model: Model) -> None:
        if model.now.key:
            self._save(model.now, typed=True)
            model.now, model.version = replace(model.now, tested=False), model.version + 1

    def _rename(self, model: Model) -> None:
        model.name = f"name {model.version}"
        self._save(model.now, typed=False)
        model.version += 1

    def _expire(self, model: Model) -> None:
        model.now = replace(model.now, day="2031-01-01" if model.now.day != "2031-01-01" else "2032-02-02")
        self._save(model.now, typed=False)
        model.version += 1

    def _method(self, model: Model) -> None:
        model.now = replace(model.now, control="" if model.now.control else "without", tested=False)
        self._save(model.now, typed=False)
        model.version += 1

    def _remove(self, model: Model) -> None:
        if model.now.key:
            model.now, model.replaced = replace(model.now, key="", tested=False), None
            self._save(model.now, typed=False, remove=["api_key"])
            model.version += 1

    def _test(self, model: Model) -> None:
        self.vault.test(self.public_id)
        model.now, model.judged = replace(model.now, tested=True), True

    def _put_back(self, model: Model) -> None:
        if model.offered is None:
            with pytest.raises(Conflict):
                self.vault.put_back(self.public_id, version=model.version)
            return
        self.vault.put_back(self.public_id, version=model.version)
        model.judged = model.judged or model.offered.tested
        model.swap(model.offered)

    def _stale_put_back(self, model: Model) -> None:
        with pytest.raises(Conflict):
            self.vault.put_back(self.public_id, version=model.version - 1)

    def _delete(self, model: Model) -> None:
        model.batch = self.vault.delete([self.public_id]).batch
        if model.offered is None and not scalar("SELECT count(*) FROM replaced_secret"):
            model.replaced = None  # a change an hour or more after the last look erased it

    def check(self) -> None:
        model = self.model
        if model.batch:
            with pytest.raises(NotFound):
                self.vault.replaced(self.public_id)
            return
        values = self.vault.resolve(self.public_id)
        assert values == {name: value for name, value in self._values(model.now).items() if value}
        record, found = self.vault.get(self.public_id), self.vault.replaced(self.public_id)
        assert (record.name, record.version) == (model.name, model.version)
        assert (record.expires_at.date().isoformat() if record.expires_at else "") == model.now.day
        assert record.outcome is model.outcome
        assert self.vault.list_page().records[0].outcome is model.outcome
        assert (found is None) == (model.offered is None)
        if found and model.offered:
            then = {label: value for label, _, value in found.changes}
            assert then.get("Base URL", model.now.url) == model.offered.url
            assert (found.until - found.replaced_at) == timedelta(hours=HOURS)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=["test", "new key", "expire", "put back", "put back", "test", "put back"])
@given(steps=st.lists(st.sampled_from(STEPS), min_size=8, max_size=40))
def test_any_order_does_what_the_model_does(vault: Vault, steps: list[str]) -> None:
    vault.tests.tester = ScriptedTester()  # type: ignore[assignment]
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False) as clock:
        driver = Driver(vault, clock)
        for step in steps:
            driver.do(step)
            driver.check()
        vault.delete([driver.public_id])
        vault.purge_deleted()
    assert scalar("SELECT count(*) FROM replaced_secret") == 0
