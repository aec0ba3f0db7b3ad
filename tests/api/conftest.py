"""What the tests of the API share: an application with a token, and a client that sends it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

SECRET = "sk-CANARY7Hq2Zt9Wn4LxVb6"
LLM = {"type": "llm", "name": "OpenAI production", "fields": {"provider_type": "openai", "api_key": SECRET}}


@dataclass
class Program:
    """Sends requests with a token. No answer may hold a piece of the planted secret."""

    app: Flask
    token: str

    def send(self, method: str, path: str, *, status: int, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        answer = self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **more)
        assert answer.status_code == status, answer.text
        wanted = "application/json" if status < 400 else "application/problem+json"
        assert answer.mimetype == wanted
        whole = answer.text + str(answer.headers)
        assert not [at for at in range(len(SECRET) - 5) if SECRET[at : at + 6] in whole], whole
        return answer


@pytest.fixture
def token_of(stored_app: Flask) -> Callable[..., str]:
    """`token_of("read", "write")`: a token with these scopes."""

    def issue(*scopes: str) -> str:
        key = "L+V9o0fNYkMVKNqsX7spBzD/9oSvxM/C7ZCZX1jLO3Q=" if "use" in scopes else ""
        with stored_app.app_context():
            tokens = stored_app.extensions["credstore"].tokens
            return str(tokens.issue(name="n8n", scopes=scopes, public_key=key).text)

    return issue


@pytest.fixture
def program(stored_app: Flask, token_of: Callable[..., str]) -> Program:
    return Program(stored_app, token_of("read", "write", "test", "references"))


@pytest.fixture
def made(program: Program) -> str:
    """The id of a stored credential."""
    return str(program.send("POST", "/credentials", json=LLM, status=201).json["id"])  # type: ignore[index]
