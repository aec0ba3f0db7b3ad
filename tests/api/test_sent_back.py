"""What the API answers of a credential can be sent back: the state of a secret never becomes its value."""

from itertools import product
from typing import Any

import pytest
from flask import Flask

from credstore.credential_types import CREDENTIAL_TYPES, by_slug
from tests.api.conftest import SECRET, Program

OF_TYPES: dict[str, dict[str, Any]] = {
    "llm": {"provider_type": "openai", "api_key": SECRET},
    "llm without a key": {"provider_type": "openai_compatible", "base_url": "http://192.0.2.1/v1"},
    "git": {"extra_config": {"url": "https://git.example.com/r.git", "username": "u", "token": SECRET}},
    "tool": {"extra_config": {"url": "https://api.example.com/", "headers": {"X-Key": SECRET}}},
    "telegram": {"bot_token": f"123456:{SECRET}0123456789"},
}
STATES = ({"set": True, "updated_at": "2026-01-02T03:04:05Z"}, {"set": False, "updated_at": None}, {"set": True})


def test_the_table_has_all_types() -> None:
    assert {name.partition(" ")[0] for name in OF_TYPES} == {kind.slug for kind in CREDENTIAL_TYPES}


def stored(app: Flask, public_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    with app.app_context():
        vault = app.extensions["credstore"].vault
        return dict(vault.get(public_id).public), dict(vault.resolve(public_id))


@pytest.mark.parametrize("name", OF_TYPES)
def test_to_send_back_what_was_read_changes_nothing(program: Program, name: str) -> None:
    new = {"type": name.partition(" ")[0], "name": "One", "fields": OF_TYPES[name]}
    read = program.send("POST", "/credentials", json=new, status=201).json
    assert isinstance(read, dict)
    before = stored(program.app, read["id"])
    path, headers = f"/credentials/{read['id']}", {"If-Match": "*"}
    for sent in (read["fields"], *(dict.fromkeys(_secrets(read), state) for state in STATES)):
        changed = program.send("PATCH", path, json={"fields": sent}, headers=headers, status=200).json
        assert isinstance(changed, dict)
        assert changed["version"] == 1
        assert stored(program.app, read["id"]) == before
    renamed = {"name": "Two", "fields": read["fields"]}
    program.send("PATCH", path, json=renamed, headers=headers, status=200)
    assert stored(program.app, read["id"]) == before


def _secrets(read: dict[str, Any]) -> set[str]:
    kind = by_slug(read["type"])
    return {field.name for field in kind.secret_fields()} if kind else set()


@pytest.mark.parametrize("name", OF_TYPES)
def test_a_state_is_no_value_of_something_new(program: Program, name: str) -> None:
    slug = name.partition(" ")[0]
    kind = by_slug(slug)
    assert kind
    secrets = [field.name for field in kind.secret_fields()]
    asked = (("/credentials", {"name": "One"}), ("/credentials/test", {}))
    for state, (path, more) in product(STATES, asked):
        body = {"type": slug, "fields": OF_TYPES[name] | dict.fromkeys(secrets, state)}
        refused = program.send("POST", path, json=body | more, status=400).json
        assert isinstance(refused, dict)
        told = {error["pointer"]: error["detail"] for error in refused["errors"]}
        assert told == {f"/fields/{one}": "This is the state of a secret, not a value." for one in secrets}
    assert program.send("GET", "/credentials", status=200).json["items"] == []  # type: ignore[index]


def test_a_config_that_only_has_such_keys_among_others_is_a_value(program: Program) -> None:
    config = {"set": True, "token": SECRET}
    new = {"type": "tool", "name": "One", "fields": {"extra_config": config}}
    program.send("POST", "/credentials", json=new, status=201)
