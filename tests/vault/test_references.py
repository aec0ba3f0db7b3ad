"""References: laws of put, replace, remove and move; the kept count equals the table; a use makes a reference too."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credstore.errors import InUse, InvalidFields, NotFound
from credstore.models import db
from credstore.vault import Vault
from tests.vault.conftest import ON_SQLITE, TOKEN, Together, llm, scalar, sql

CONSUMERS, NODES = ("workflow:1", "workflow:2", "Ünïcode"), ("", "node-1", "node-2")
PLACES = (0, 1, 2)
_NUMBERS = count()
Key = tuple[int, str, str]  # credential, consumer, node

steps = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(PLACES), st.sampled_from(CONSUMERS), st.sampled_from(NODES)),
    st.tuples(st.just("remove"), st.sampled_from(PLACES), st.sampled_from(CONSUMERS), st.sampled_from(NODES)),
    st.tuples(st.just("use"), st.sampled_from(PLACES), st.sampled_from(CONSUMERS), st.sampled_from(NODES)),
    st.tuples(
        st.just("replace"),
        st.sampled_from(CONSUMERS),
        st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(NODES)), max_size=4),
    ),
    st.tuples(st.just("move"), st.sampled_from(PLACES), st.sampled_from(PLACES)),
    st.tuples(st.just("delete and restore"), st.sampled_from(PLACES)),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(steps, max_size=12))
def test_any_order_of_steps_keeps_the_references_and_the_counts_of_a_simple_model(
    vault: Vault, script: list[Any]
) -> None:
    sql("DELETE FROM credential_reference")
    ids = [llm(vault, f"{place} of {next(_NUMBERS)}").public_id for place in PLACES]
    model: dict[Key, bool] = {}  # whether it is registered
    for step in script:
        _do(vault, ids, model, step)
        _do(vault, ids, model, step)  # a second time it changes nothing more
        rows = db.session.execute(db.text("SELECT public_id, consumer, node, registered FROM credential_reference"))
        stored = {(ids.index(public_id), consumer, node): bool(known) for public_id, consumer, node, known in rows}
        db.session.rollback()
        assert stored == model, step
        for place, public_id in enumerate(ids):
            consumers = {consumer for at, consumer, _ in model if at == place}
            kept = scalar("SELECT used_by FROM credential WHERE public_id = :id", id=public_id)
            assert kept == (len(consumers) or None), step
            assert vault.references_of(public_id).consumers == vault.dependents([public_id]).consumers == len(consumers)
    vault.delete(ids, force=True)


def _do(vault: Vault, ids: list[str], model: dict[Key, bool], step: Any) -> None:
    match step:
        case "put", place, consumer, node:
            assert vault.put_reference(ids[place], consumer, node, label="L").label == "L"
            model[place, consumer, node] = True
        case "remove", place, consumer, node:
            known = model.pop((place, consumer, node), None) is not None
            assert vault.remove_reference(ids[place], consumer, node) is known
        case "use", place, consumer, node:
            vault.record_use(ids[place], consumer, node)
            model.setdefault((place, consumer, node), False)
        case "replace", consumer, wanted:
            vault.replace_references(consumer, [(ids[place], node, "", "") for place, node in wanted])
            for key in [key for key in model if key[1] == consumer]:
                del model[key]
            model |= {(place, consumer, node): True for place, node in wanted}
        case "move", one, other:
            _move(vault, ids, model, one, other)
        case "delete and restore", place:
            batch = vault.delete([ids[place]], force=True).batch
            assert vault.restore(batch) == 1


def _move(vault: Vault, ids: list[str], model: dict[Key, bool], one: int, other: int) -> None:
    if one == other:
        with pytest.raises(InvalidFields):
            vault.move_references(ids[one], ids[other])
        return
    mine = [key for key in model if key[0] == one]
    assert vault.move_references(ids[one], ids[other]) == len({key[1] for key in mine})
    for key in mine:
        known = model.pop(key)
        model.setdefault((other, *key[1:]), known)


@ON_SQLITE
@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"consumer": ""}, "consumer"),
        ({"consumer": "x" * 201}, "consumer"),
        ({"consumer": "a\0b"}, "consumer"),
        ({"consumer": "\ud800"}, "consumer"),
        ({"node": "x" * 201}, "node"),
        ({"label": "a\nb"}, "label"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "https://"}, "link"),
        ({"link": "https://user:pass@host/"}, "link"),
        ({"link": "https://host/a b"}, "link"),
        ({"link": "https://[host/"}, "link"),
        ({"link": "https://host:99999/"}, "link"),
        ({"link": "https://host/" + "x" * 2000}, "link"),
    ],
)
def test_bad_input_gets_a_sentence_for_its_field_and_is_not_repeated(
    vault: Vault, values: dict[str, str], field: str
) -> None:
    given = {"consumer": "workflow:1", "node": "", "label": "", "link": ""} | values
    record = llm(vault)
    with pytest.raises(InvalidFields) as refused:
        vault.put_reference(
            record.public_id, given["consumer"], given["node"], label=given["label"], link=given["link"]
        )
    assert set(refused.value.fields) == {field}
    if len(values[field]) > 10:
        assert values[field] not in refused.value.fields[field]
    assert scalar("SELECT count(*) FROM credential_reference") == 0


def test_a_replacement_with_one_unknown_credential_changes_nothing_and_says_which(vault: Vault) -> None:
    record = llm(vault)
    vault.put_reference(record.public_id, "w", "old")
    with pytest.raises(InvalidFields) as refused:
        vault.replace_references("w", [(record.public_id, "new", "", ""), ("\0", "n", "", "")])
    assert set(refused.value.fields) == {"references.1.credential"}
    assert [found.node for found in vault.references_of_consumer("w")] == ["old"]


def test_a_deleted_credential_keeps_its_references_gets_no_new_one_and_is_erased_with_them(vault: Vault) -> None:
    record = llm(vault)
    vault.put_reference(record.public_id, "w")
    vault.delete([record.public_id], force=True)
    with pytest.raises(NotFound):
        vault.put_reference(record.public_id, "w2")
    vault.replace_references("w", [(record.public_id, "", "again", "")])
    for consumer, node in (("w", "new node"), ("w2", "")):
        with pytest.raises(InvalidFields) as refused:
            vault.replace_references(consumer, [(record.public_id, node, "", "")])
        assert set(refused.value.fields) == {"references.0.credential"}
    assert [(one.node, one.label) for one in vault.references_of_consumer("w")] == [("", "again")]
    assert vault.purge_deleted() == 1
    assert scalar("SELECT count(*) FROM credential_reference") == 0


def test_a_move_to_another_type_or_to_nothing_moves_nothing(vault: Vault) -> None:
    record, bot = llm(vault), vault.create("telegram", "a bot", {"bot_token": TOKEN})
    vault.put_reference(record.public_id, "w")
    with pytest.raises(InvalidFields):
        vault.move_references(record.public_id, bot.public_id)
    for unknown in ("", "\0", "00000000-0000-4000-8000-000000000000"):
        with pytest.raises(NotFound):
            vault.move_references(record.public_id, unknown)
    assert vault.references_of(record.public_id).total == 1


def test_a_use_is_written_once_a_minute(vault: Vault) -> None:
    record, start = llm(vault), datetime(2026, 5, 1, tzinfo=UTC)
    for seconds, written in ((0, 0), (59, 0), (61, 61), (90, 61), (130, 130)):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            vault.record_use(record.public_id, "w\n" + "x" * 300, "n")
        moment = start + timedelta(seconds=written)
        (found,) = vault.references_of(record.public_id).references
        assert (found.last_used_at, vault.get(record.public_id).last_used_at) == (moment, moment)
        assert (found.registered, len(found.consumer)) == (False, 200)


def test_a_use_that_was_seen_long_ago_is_forgotten_and_a_registered_one_is_not(vault: Vault) -> None:
    record, start = llm(vault), datetime(2026, 5, 1, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        vault.put_reference(record.public_id, "registered")
        for consumer in ("registered", "seen"):
            vault.record_use(record.public_id, consumer)
    for days, left in ((89, 2), (91, 1)):
        with time_machine.travel(start + timedelta(days=days), tick=False):
            vault.delete([])  # any change erases what is over
        assert vault.references_of(record.public_id).consumers == left
    assert scalar("SELECT used_by FROM credential") == 1


def test_a_used_credential_is_deleted_only_with_a_consent_to_just_its_dependents(vault: Vault) -> None:
    free, used = llm(vault, "free"), llm(vault, "used")
    ids = [free.public_id, used.public_id]
    vault.put_reference(used.public_id, "w1", label="Support bot")
    shown = vault.dependents(ids)
    assert [dependent.title for dependent in shown.shown] == ["Support bot"]
    vault.put_reference(used.public_id, "w2")
    for agreed in ("", shown.token, "nonsense"):
        with pytest.raises(InUse) as refused:
            vault.delete(ids, agreed=agreed)
        assert (refused.value.consumers, refused.value.names) == (2, ("Support bot", "w2"))
        assert scalar("SELECT count(*) FROM credential") == 2
    assert vault.delete(ids, agreed=vault.dependents(ids).token).deleted == 2


def test_a_consumer_of_two_credentials_counts_once_and_many_are_counted_not_named(vault: Vault) -> None:
    one, two = llm(vault, "one"), llm(vault, "two")
    for number in range(40):
        vault.replace_references(f"w{number:02}", [(each.public_id, "n", "", "") for each in (one, two)])
    found = vault.dependents([one.public_id, two.public_id])
    assert (found.consumers, len(found.shown), found.more) == (40, 30, 25)
    with pytest.raises(InUse, match=r"40 workflows use this: “w00”, .* and 35 more"):
        vault.delete([one.public_id, two.public_id])


def test_a_new_reference_and_a_deletion_at_once_never_lose_each_other(vault: Vault, together: Together) -> None:
    for number in range(6):
        record = llm(vault, f"raced {number}")
        deleted, put = together(
            lambda record=record: vault.delete([record.public_id]),
            lambda record=record: vault.put_reference(record.public_id, "w"),
        )
        assert isinstance(deleted, InUse) is not isinstance(put, NotFound), (deleted, put)


def test_replacements_of_one_consumer_at_once_leave_those_of_one_call(vault: Vault, together: Together) -> None:
    ids = [llm(vault, f"shared {number}").public_id for number in range(4)]
    calls = [lambda each=each: vault.replace_references("w", [(each, "n", "", "")]) for each in ids]
    results = together(*calls, *calls[::-1])
    assert not [result for result in results if isinstance(result, Exception)]
    assert len(vault.references_of_consumer("w")) == 1
    assert scalar("SELECT sum(used_by) FROM credential") == 1
