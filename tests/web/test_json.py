"""JSON for programs, by `Accept: application/json`."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.page import Page
from tests.web.conftest import JSON, KEY, TOKEN, Store, extra, llm, telegram

Program = Callable[..., Any]
GIT = '{"token": "canary-git-Yx83Kd"}'


@pytest.fixture(autouse=True)
def _canaries(admin: Page) -> None:
    admin.canaries |= {KEY, TOKEN, "canary-git-Yx83Kd"}


@pytest.mark.spec("The API never returns raw key values -- only the encrypted reference is stored")
@pytest.mark.parametrize(
    ("data", "sealed"),
    [(llm(), ["api_key"]), (telegram(), ["bot_token"]), (extra("git", GIT), ["extra_config"])],
    ids=["llm", "telegram", "git"],
)
def test_a_credential_as_json_names_its_secrets_and_never_gives_them(
    program: Program, data: dict[str, str], sealed: list[str]
) -> None:
    made = program("post", "/credentials/new", data, status=201)
    assert made["sealed"] == sealed
    assert made["version"] == 1
    assert made == program("get", f"/credentials/{made['id']}", status=200)
    listed = program("get", "/credentials", status=200)
    assert listed["items"] == [made]
    assert not {"key_id", "fingerprint", "sealed_value"} & made.keys()


@pytest.mark.spec("Credentials are global -- any workflow can reference any credential.")
def test_a_credential_has_a_reference_that_no_workflow_owns(program: Program) -> None:
    made = program("post", "/credentials/new", llm(), status=201)
    assert set(made) == {
        "id", "name", "type", "testable", "public", "sealed", "created_at", "updated_at", "last_used_at",
        "expires_at", "version", "models", "test",
    }  # fmt: skip


def test_the_list_tells_its_page(program: Program, fill: Callable[[int], None]) -> None:
    fill(51)
    found = program("get", "/credentials?page=2&q=row&type=llm", status=200)
    assert {key: found[key] for key in ("page", "pages", "per_page", "total")} == {
        "page": 2,
        "pages": 2,
        "per_page": 50,
        "total": 51,
    }
    assert [item["name"] for item in found["items"]] == ["row 0000"]


def test_an_edit_answers_with_the_new_version(program: Program, store: Store) -> None:
    row = store()
    edit = {"name": "New", "version": "1", "llm-provider_type": "openai"}
    assert program("post", f"/credentials/{row}/edit", edit, status=200)["version"] == 2
    again = program("post", f"/credentials/{row}/edit", edit, status=409)
    assert again["code"] == "conflict"


def test_refused_fields_come_with_their_sentences(program: Program, store: Store) -> None:
    problem = program("post", "/credentials/new", llm("", api_key="a b"), status=400)
    assert problem["code"] == "invalid-fields"
    assert set(problem["fields"]) == {"name", "api_key"}
    row = store()
    problem = program("post", f"/credentials/{row}/edit", {"name": "x", "version": "1"}, status=400)
    assert set(problem["fields"]) == {"provider_type"}
    problem = program("post", "/credentials/new", llm() | {"type": "nobody"}, status=400)
    assert problem["fields"] == {"type": "Choose a type."}


def test_deleting_tells_what_went_and_what_was_missing(program: Program, store: Store) -> None:
    row = store()
    done = program("post", "/credentials/delete", {"ids": [row, "x"]}, status=200)
    assert (done["deleted"], done["missing"]) == (1, 1)
    assert program("post", f"/credentials/{row}/delete", {}, status=200)["missing"] == 1
    assert program("post", "/credentials/delete", {}, status=200)["deleted"] == 0


def test_errors_are_problem_details_with_a_code(program: Program, store: Store) -> None:
    gone = "11111111-1111-4111-8111-111111111111"
    for url, code in (
        (f"/credentials/{gone}", "not-found"),
        (f"/credentials/{gone}/edit", "not-found"),
        ("/credentials/nonsense", "http-404"),
        ("/nowhere", "http-404"),
    ):
        problem = program("get", url, status=404)
        assert problem["code"] == code
        assert {"type", "title", "status", "detail"} <= problem.keys()
        assert problem["detail"].endswith(".")
    assert program("post", "/credentials", {}, status=405)["code"] == "http-405"
    assert program("post", f"/credentials/{gone}/test", {}, status=404)["code"] == "not-found"


def test_without_a_token_and_without_a_session(client: Any, admin: Page) -> None:
    refused = admin.client.post("/credentials/new", data=llm(), headers=JSON)
    assert (refused.status_code, refused.json["code"]) == (400, "csrf")  # type: ignore[index]
    unsigned = client.get("/credentials", headers=JSON)
    assert (unsigned.status_code, unsigned.json["code"]) == (401, "sign-in")


def test_a_body_of_json_is_refused_in_words_and_not_a_crash(admin: Page) -> None:
    admin.get("/credentials/new")
    token = admin._token("/")
    for body in ({}, [], None, {"type": "llm", "name": {"a": 1}, "llm-api_key": ["x"]}):
        answer = admin.client.post("/credentials/new", json=body, headers=JSON | {"X-CSRFToken": token})
        assert answer.status_code == (400 if body is None else 415), body
        assert answer.mimetype == "application/problem+json"
        assert body is None or "/api/v1" in answer.json["detail"]


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
        ("nonsense;;;q=x", "text/html"),
        ("application/json;q=0", "text/html"),
    ],
)
def test_a_browser_gets_pages_and_a_program_json(admin: Page, app: Flask, accept: str, mimetype: str) -> None:
    assert admin.get("/credentials", headers={"Accept": accept}).mimetype == mimetype


def test_a_form_with_a_program_s_accept_restores(program: Program, store: Store, admin: Page) -> None:
    row = store()
    done = program("post", f"/credentials/{row}/delete", {}, status=200)
    admin.get("/credentials")
    assert program("post", "/credentials/restore", {"batch": done["batch"]}, status=200) == {"restored": 1}
    assert program("get", "/credentials", status=200)["total"] == 1
