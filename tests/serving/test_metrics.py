"""`/metrics` of two workers: their numbers together, and who may read them."""

import http.client
import re

from tests.fixtures.serving import TWO_WORKERS, Serve, Server
from tests.serving.browser import Person


def read(server: Server, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    found = response.status, response.read().decode()
    connection.close()
    return found


def test_the_numbers_of_all_workers_and_who_may_read_them(serve: Serve) -> None:
    env = {"CREDSTORE_METRICS": "1", "CREDSTORE_METRICS_TOKEN": "a-token", "PYTHONWARNINGS": "default"}
    server = serve(*TWO_WORKERS, "--threads", "2", env=env, admin=("ann", "correct horse battery staple"))
    person = Person(server)
    person.get("/login")
    assert person.post("/login", {"username": "ann", "password": "wrong wrong wrong wrong"}).status == 401
    person.sign_in()
    person.create("One", base_url="http://127.0.0.1:9/v1")
    for _ in range(40):
        assert person.get("/no-such-page-as-this").status in {302, 303, 404}
    status, text = read(server)
    assert status == 200
    assert re.search(r'credstore_requests_total\{method="GET",route="-",status="404"\} 40\.0', text)
    assert 'credstore_credentials{type="llm"} 1.0' in text
    assert "credstore_login_failures_total 1.0" in text
    assert 'credstore_request_seconds_bucket{le="0.005",route="/login"}' in text
    assert "no-such-page" not in text
    assert read(server, X_Forwarded_For="127.0.0.1")[0] == 403
    assert read(server, X_Forwarded_For="127.0.0.1", Authorization="Bearer a-token")[0] == 200
    assert read(server, X_Forwarded_For="127.0.0.1", Authorization="Bearer another")[0] == 403


def test_without_the_setting_there_is_no_such_page(site: Server) -> None:
    assert read(site)[0] == 404
