"""Resolving by id and by name, what the result shows when it is printed, and how the use is noted."""

import copy
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from credstore.audit import Actor, Subject, acting_as
from credstore.credential_values import CredentialValues
from credstore.errors import Locked, NotFound, StorageBusy, Unreadable
from credstore.public_ids import new_public_id
from credstore.vault import Vault
from credstore.vault.record_use import RecordUse
from credstore.vault.resolve import NOTE_EVERY_SECONDS, Resolver
from tests.vault.conftest import KEY, LLM, ON_SQLITE, llm, sql
from tests.vault.test_keys import OTHER, with_keys

SHOWN: dict[str, Callable[[CredentialValues], object]] = {
    "repr": repr,
    "str": str,
    "format": lambda values: f"{values}",
    "percent": lambda values: "%s %r" % (values, values),  # noqa: UP031
    "its parts": lambda values: [values.keys(), values.values(), values.items(), iter(values)],
    "in a list": lambda values: [values],
    "in a dict": lambda values: {"values": values},
    "pprint": pprint.pformat,
    "json with a fallback": lambda values: json.dumps({"values": values}, default=str),
    "a copy": lambda values: repr(copy.deepcopy({"values": values})) + repr(copy.copy(values)),
    "dir": dir,
    "a traceback with local variables": lambda values: failing(lambda: values["no such field"]),
    "the same of a text": lambda values: failing(lambda: values.text("no such field")),
}


def failing(use: Callable[[], object]) -> str:
    with pytest.raises((KeyError, StorageBusy)) as caught:
        use()
    return "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())


@pytest.fixture
def values(vault: Vault) -> CredentialValues:
    return vault.resolve(llm(vault, "Production").public_id)


@ON_SQLITE
@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_nothing_that_prints_the_values_shows_a_secret(
    values: CredentialValues, show: Callable[[CredentialValues], object]
) -> None:
    text = str(show(values))
    assert not any(KEY[at : at + 6] in text for at in range(len(KEY) - 5))
    assert "Production" not in text, "people may paste a key into a name"


@ON_SQLITE
def test_the_values_are_not_written_by_pickle_or_json(values: CredentialValues, caplog: Any) -> None:
    for write in (pickle.dumps, json.dumps, lambda it: pickle.dumps({"a": it}, protocol=0)):
        with pytest.raises(TypeError) as caught:
            write(values)
        assert "CANARY" not in str(caught.value)
    logging.getLogger("a node").warning("got %s", values)
    assert "CANARY" not in caplog.text
    assert not hasattr(values, "__dict__")


@ON_SQLITE
def test_the_values_are_read_like_a_dict(vault: Vault, values: CredentialValues) -> None:
    assert values == LLM == dict(values) == values.reveal() == {**values}
    assert (dict(values.items()), list(values.values())) == (LLM, list(dict(values).values()))
    assert values == vault.resolve("production")
    assert values != LLM | {"api_key": "another"}
    assert (len(values), set(values), set(values.keys())) == (3, set(LLM), set(LLM))
    assert ("api_key" in values, "other" in values, values.get("other", 7)) == (True, False, 7)
    assert (values.name, values.kind, values.version) == ("Production", "llm", 1)
    values.reveal()["api_key"] = "changed"
    assert values["api_key"] == KEY


@ON_SQLITE
def test_the_text_of_a_field_is_the_main_secret_or_what_is_asked_for(vault: Vault) -> None:
    config = '{"token": "CANARY", "headers": {"X-Key": "a"}, "n": 3}'
    values = vault.resolve(vault.create("git", "Deploy", {"extra_config": config}).public_id)
    assert (values.text("token"), values.text("headers"), values.text("n")) == ("CANARY", '{"X-Key": "a"}', "3")
    assert json.loads(values.text()) == json.loads(config) == json.loads(values.text("extra_config"))
    model = vault.resolve(llm(vault).public_id)
    assert (model.text(), model.text("base_url")) == (KEY, LLM["base_url"])
    without = vault.create("llm", "Local", {"provider_type": "openai_compatible", "base_url": LLM["base_url"]})
    for name, field in ((without.name, ""), ("Deploy", "no"), ("Deploy", "tok"), (without.name, "api_key")):
        with pytest.raises(KeyError):
            vault.resolve(name).text(field)


@pytest.mark.parametrize("name", ["Zoé STRASSE", "zoe\u0301 straße", "  ZOÉ strasse "])
def test_a_name_is_found_whatever_its_case_and_form(vault: Vault, name: str) -> None:
    record = llm(vault, "Zoé Straße")
    assert vault.resolve(name).id == record.public_id
    assert vault.resolve(record.public_id.upper()).id == record.public_id


def test_an_id_is_never_a_name(vault: Vault) -> None:
    """Else who may create a credential could put one in the place of another that was deleted."""
    gone = new_public_id()
    llm(vault, gone)
    with pytest.raises(NotFound):
        vault.resolve(gone)


@ON_SQLITE
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(["x" * 5000, "a\0b", "\ud800"])
)
def test_any_text_is_found_or_not_and_the_error_names_it(vault: Vault, text: str) -> None:
    with pytest.raises(NotFound) as caught:
        vault.resolve(text)
    assert f"“{text[:255]}”" in caught.value.sentence


def test_no_text_breaks_postgresql(vault: Vault) -> None:
    for text in ("", "a\0b", "\ud800", "x" * 5000, "%", "'"):
        with pytest.raises(NotFound):
            vault.resolve(text)


@ON_SQLITE
def test_an_unreadable_credential_is_named(vault: Vault) -> None:
    record = llm(vault, "Model of team 7")
    with pytest.raises(Locked, match="Model of team 7"):
        with_keys(OTHER).resolve(record.public_id)
    sql("UPDATE credential SET sealed = 'gAAAA'")
    with pytest.raises(Unreadable, match="Model of team 7"):
        vault.resolve(record.public_id)


class Notes:
    """Stands for the audit log."""

    def __init__(self) -> None:
        self.uses: list[tuple[str, str, str]] = []
        self.fails = False

    def note(self, subject: Subject, consumer: str, node: str, again: bool) -> None:
        if self.fails:
            raise StorageBusy("busy")
        self.uses.append((subject.public_id, consumer, node))


@ON_SQLITE
def test_a_use_is_noted_once_a_minute_for_each_consumer_and_node(vault: Vault) -> None:
    one, two = llm(vault, "one").public_id, llm(vault, "two").public_id
    notes = Notes()
    resolver = Resolver(vault.store, notes.note)
    for _ in range(3):
        resolver.resolve(one, consumer="workflow:1", node="a")
    resolver.resolve("one", consumer="workflow:1", node="b")
    resolver.resolve(two, consumer="workflow:1", node="a")
    resolver.resolve(two)
    first = [(one, "workflow:1", "a"), (one, "workflow:1", "b"), (two, "workflow:1", "a")]
    assert notes.uses == [*first, (two, "", "")]
    resolver._noted = {use: at - NOTE_EVERY_SECONDS for use, at in resolver._noted.items()}
    resolver.resolve(one, consumer="workflow:1", node="a")
    assert len(notes.uses) == 5, "a minute later it is noted again"


def test_the_time_of_the_last_use_is_written_and_not_at_every_use(vault: Vault) -> None:
    record = llm(vault, "one")
    vault.resolve("one")
    first = vault.get(record.public_id).last_used_at
    vault.resolve("one")
    assert first is not None
    assert vault.get(record.public_id).last_used_at == first
    sql("UPDATE credential SET last_used_at = :past", past="2020-01-01 00:00:00+00:00")
    vault.resolve("one")
    vault.store.session.expire_all()
    assert vault.get(record.public_id).last_used_at < first, "this process has noted it a moment ago"
    Resolver(vault.store, RecordUse(vault.store).record_audited).resolve("one")  # another one has not
    vault.store.session.expire_all()
    again = vault.get(record.public_id).last_used_at
    assert again is not None
    assert again >= first


@ON_SQLITE
def test_what_cannot_be_noted_is_not_handed_out(vault: Vault) -> None:
    llm(vault, "one")
    notes = Notes()
    notes.fails = True
    resolver = Resolver(vault.store, notes.note)
    assert KEY[:9] not in failing(lambda: resolver.resolve("one", consumer="workflow:1"))
    assert KEY[:9] not in failing(lambda: resolver.resolve_noted("one", consumer="workflow:1"))
    notes.fails = False
    assert resolver.resolve("one", consumer="workflow:1")["api_key"] == KEY
    assert len(notes.uses) == 1
    notes.fails = True
    assert resolver.resolve("one", consumer="workflow:1")["api_key"] == KEY, "it is in the audit log since a moment ago"
    failing(lambda: resolver.resolve("one", consumer="workflow:2"))
    failing(lambda: resolver.resolve_noted("one", consumer="workflow:1"))
    with acting_as(Actor("bob", "")):
        failing(lambda: resolver.resolve("one", consumer="workflow:1"))
    vault.edit(vault.resolve("one").id, version=1, name="two", values=LLM)
    failing(lambda: resolver.resolve("two", consumer="workflow:1"))
