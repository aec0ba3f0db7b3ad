"""The OpenAPI document holds for what the API does: schemathesis asks each operation what the document allows."""

from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from credstore.web.api import ROUTES
from tests.api.conftest import LLM, SECRET, Program

EXAMPLES = 5  # of each operation
MADE: dict[Any, tuple[Any, list[Any]]] = {}  # the document and its examples, by whether they fit
SCENARIOS, STEPS = 6, 25
RUN = {"deadline": None, "database": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
# What a new credential leads to, and what its deletion leads to.
FOLLOWED = (
    "create",
    "read",
    "change",
    "test",
    "use",
    "put_reference",
    "remove_reference",
    "delete",
    "restore",
    "restore_batch",
)
# An address that may not be called, so that a test sends nothing.
NEW = LLM | {"fields": {"provider_type": "openai_compatible", "api_key": SECRET, "base_url": "http://192.0.2.1/v1"}}
ASKED = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


def operations(program: Program) -> dict[str, Any]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", program.app)
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


def test_each_link_leads_to_an_operation_and_gives_what_it_has(program: Program) -> None:
    document = program.send("GET", "/openapi.json", status=200).json
    assert isinstance(document, dict)
    known = {each["operationId"]: each for path in document["paths"].values() for each in path.values()}
    links = document["components"]["links"] | {
        f"{source} -> {name}": link
        for source, each in known.items()
        for answer in each["responses"].values()
        for name, link in answer.get("links", {}).items()
        if "$ref" not in link
    }
    assert len(links) > 15
    for name, link in links.items():
        target = known[link["operationId"]]
        places = {f"{one['in']}.{one['name']}" for one in target["parameters"]}
        assert set(link["parameters"]) <= places, name
        assert ("requestBody" in target) or ("requestBody" not in link), name


def test_the_document_names_every_route(program: Program) -> None:
    found = operations(program)
    assert len(found) == len(ROUTES)
    document = program.send("GET", "/openapi.json", status=200).json
    assert isinstance(document, dict)
    assert document["openapi"].startswith("3.1")
    bodies = document["paths"]["/credentials"]["post"]["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    assert [one["$ref"].rpartition("/")[2] for one in bodies] == ["NewLlm", "NewTelegram", "NewGit", "NewTool"]
    fields = document["components"]["schemas"]["NewLlmFields"]["properties"]
    assert fields["api_key"]["writeOnly"] is True
    assert "openai" in fields["provider_type"]["enum"]


def cases(program: Program, mode: Any) -> list[Any]:
    """The same on both databases, as the document is: to make them takes as long as to ask them."""
    if mode not in MADE:
        found: list[Any] = []
        for operation in operations(program).values():

            @settings(**RUN, max_examples=EXAMPLES, phases=[Phase.generate])
            @given(case=operation.as_strategy(generation_mode=mode))
            def keep(case: Any) -> None:
                found.append(case)

            keep()
        MADE[mode] = program.send("GET", "/openapi.json", status=200).json, found
    document, found = MADE[mode]
    assert program.send("GET", "/openapi.json", status=200).json == document
    return found


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "not fitting"])
def test_no_answer_is_a_server_error_or_other_than_documented(program: Program, made: str, mode: Any) -> None:
    examples, statuses = cases(program, mode), set[int]()
    checks = CHECKS.get_by_names(list(ASKED))  # schemathesis knows them once it has made cases
    for case in examples:
        if "credential" in (case.path_parameters or {}):  # on each database that of its own credential
            case.path_parameters["credential"] = made
        answer = case.call(headers={"Authorization": f"Bearer {program.token}"}, app=program.app)
        case.validate_response(answer, checks=checks)
        assert SECRET[:6] not in answer.text, case.as_curl_command()
        statuses.add(answer.status_code)
    assert {200, 400} <= statuses if mode is GenerationMode.POSITIVE else 400 in statuses


def workflow(app: Flask, token: str, succeeded: Counter[tuple[str, str]]) -> Any:
    """A machine that follows the links of the document. It counts, by operation, from which one a link led to it."""
    schema, numbers = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app), count()
    schema = schema.include(operation_id=[*FOLLOWED])
    checks = CHECKS.get_by_names(list(ASKED))  # known after that

    class Workflow(schema.as_state_machine()):  # type: ignore[misc]
        def before_call(self, case: Any) -> None:
            """Bodies of which the document cannot say what would be accepted; all else is generated, or from a link."""
            if case.operation.label == "POST /credentials":
                case.body = NEW | {"name": f"row {next(numbers)}"}
            elif case.operation.label == "PATCH /credentials/{credential}":
                case.body = {"name": f"row {next(numbers)}"}
            elif case.operation.label == "PUT /credentials/{credential}/references":
                case.body = {"consumer": f"workflow:{next(numbers)}"}

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": {"Authorization": f"Bearer {token}"}}

        def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **more: Any) -> None:
            case.validate_response(response, checks=checks)
            assert SECRET[:6] not in response.text

        def step(self, input: Any) -> Any:
            output = super().step(input)
            if output.response.status_code < 300:
                led = input.transition is not None and input.is_applied
                came = self.recorder.cases[input.transition.parent_id].value.operation.label if led else ""
                succeeded[came, input.case.operation.label] += 1
            return output

    return Workflow


def test_links_lead_from_a_new_credential_to_each_operation_on_it(
    stored_app: Flask, token_of: Callable[..., str]
) -> None:
    succeeded = Counter[tuple[str, str]]()
    labels = {
        route.name: f"{route.method} {route.rule.replace('<uuid:credential>', '{credential}')}" for route in ROUTES
    }
    machine = workflow(stored_app, token_of("read", "write", "test", "references", "use"), succeeded)
    run = settings(**RUN, max_examples=SCENARIOS, stateful_step_count=STEPS, phases=[Phase.generate])
    machine.run(settings=run)
    by_a_link = {label for came_from, label in succeeded if came_from}
    restores = {labels["restore"], labels["restore_batch"]}  # the one that comes first leaves nothing to the other
    assert by_a_link | restores == {labels[name] for name in FOLLOWED if name != "create"}
    assert {label for came_from, label in succeeded if came_from == labels["delete"]} & restores
    assert {label for came_from, label in succeeded if came_from == labels["create"]} >= {
        labels[name] for name in ("read", "change", "test", "put_reference", "delete")
    }
