"""The API's stand-in on a real socket, and a client of it."""

import re
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from credstore.client import Client
from tests.client.stand_in import Api


@pytest.fixture
def api(httpserver: HTTPServer) -> Api:
    found = Api(httpserver)
    httpserver.expect_request(re.compile(r"/api/v1/credentials.*")).respond_with_handler(found.answer)
    return found


@pytest.fixture
def client(api: Api) -> Iterator[Client]:
    with Client(api.settings) as found:
        yield found
