"""The OpenAPI document holds for what the API does: schemathesis asks each operation what the document allows."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from credstore.web.api import ROUTES
from tests.api.conftest import SECRET, Program

EXAMPLES = 5  # of each operation
ASKED = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


def operations(program: Program) -> dict[str, Any]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", program.app)
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


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


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "not fitting"])
def test_no_answer_is_a_server_error_or_other_than_documented(program: Program, made: str, mode: Any) -> None:
    checks = CHECKS.get_by_names(list(ASKED))
    statuses: set[int] = set()
    for operation in operations(program).values():

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            if "credential" in (case.path_parameters or {}):
                case.path_parameters["credential"] = made
            answer = case.call(headers={"Authorization": f"Bearer {program.token}"})
            case.validate_response(answer, checks=checks)
            assert SECRET[:6] not in answer.text
            statuses.add(answer.status_code)

        ask()
    assert {200, 400} <= statuses if mode is GenerationMode.POSITIVE else 400 in statuses
