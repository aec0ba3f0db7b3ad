"""Whatever a server answers, the client raises a CredstoreError, and nothing else."""

import re
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from credstore.client import Client
from credstore.client_errors import EnvelopeRefused, ServerRefused
from credstore.envelope import Binding, seal, token_id
from credstore.public_ids import new_public_id
from tests.client.stand_in import KEY, SECRET, TOKEN, Api

GOOD: dict[str, Any] = {
    "name": "n",
    "type": "llm",
    "secret_fields": ["api_key"],
    "values": {"api_key": SECRET},
}
ODD = [None, 7, 1.5, True, "text", {"a": 1}, [SECRET, 7], [[SECRET]]]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_contents_of_an_envelope(api: Api, client: Client, odd: Any) -> None:
    public_id = api.add("one", "llm", {"api_key": SECRET})

    def answer(content: dict[str, Any]) -> None:
        binding = Binding(token=token_id(TOKEN), credential=public_id, version=3)
        public_key = KEY.public_key().public_bytes_raw()
        api.envelope = lambda nonce: seal(content, public_key, replace(binding, nonce=nonce))

    for wrong in ({"secret_fields": odd}, {"values": odd}, {"values": {"api_key": odd}}):
        if wrong == {"values": {"api_key": "text"}}:
            continue
        answer(GOOD | wrong)
        with pytest.raises(EnvelopeRefused) as refused:
            client.use(public_id)
        assert SECRET not in str(refused.value)
    answer(GOOD)
    assert client.use(public_id).text() == SECRET


@pytest.mark.parametrize(
    ("wait", "seconds"), [("7", 7), ("9" * 5000, None), ("9" * 10, None), ("soon", None), ("-1", None), ("", None)]
)
def test_odd_times_to_wait(httpserver: HTTPServer, api: Api, wait: str, seconds: int | None) -> None:
    answer = Response("{}", 429, {"Retry-After": wait}, content_type="application/problem+json")
    httpserver.expect_request(re.compile(r"/api/v1/references.*")).respond_with_response(answer)
    with Client(api.settings) as client, pytest.raises(ServerRefused) as refused:
        client.references_of_consumer("w")
    assert refused.value.retry_after == seconds


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_lists(httpserver: HTTPServer, api: Api, odd: Any) -> None:
    for answer, refused in (({"items": odd}, True), ({"items": [], "pages": odd}, not isinstance(odd, int))):
        httpserver.clear()  # also the handler of `api`
        httpserver.expect_request(re.compile(r".*")).respond_with_json(answer)
        with Client(api.settings) as client, pytest.raises(ServerRefused) if refused else nullcontext():
            assert list(client.references(new_public_id())) == []
    httpserver.clear()
    httpserver.expect_request(re.compile(r".*")).respond_with_json({"items": odd})
    with Client(api.settings) as client, pytest.raises(ServerRefused):
        list(client.list())
