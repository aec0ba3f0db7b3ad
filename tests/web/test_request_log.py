"""Each request has an id and one line in the log; what the line has, and what it never has."""

import json
import logging
import time

import pytest
from flask import Flask

from credstore.log_lines import JsonLine, TextLine, request_id
from credstore.models import db
from credstore.slow_statements import log_slow_statements
from credstore.web import request_log
from tests.page import Page


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [it.getMessage() for it in caplog.records if it.name == "credstore.access"]


def test_a_line_has_the_route_and_not_what_was_sent(admin: Page, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "credstore")
    admin.get("/credentials?q=pasted-secret")
    admin.client.get("/nowhere/pasted-secret")
    first, second = lines(caplog)[-2:]
    assert first.startswith("GET /credentials 200 ")
    assert first.endswith(" 127.0.0.1")
    assert second.startswith("GET - 404 ")
    assert "pasted-secret" not in caplog.text


@pytest.mark.parametrize(
    ("trusted", "given", "kept"),
    [
        (True, "abcdef-123._X", True),
        (False, "abcdef-123._X", False),
        (True, "short", False),
        (True, "a" * 65, False),
        (True, "abcdefgh\nX", False),
        (True, "abcdefgh<b>", False),
    ],
)
def test_whose_id_is_taken(trusted: bool, given: str, kept: bool) -> None:
    app = Flask("host")
    request_log.register(app, trust_header=trusted)
    answer = app.test_client().get("/", environ_overrides={"HTTP_X_REQUEST_ID": given})
    assert (answer.headers["X-Request-ID"] == given) is kept
    assert answer.status_code == 404


def test_a_500_shows_the_id_and_the_log_has_it(
    admin: Page, app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.testing = False

    def crash() -> None:
        raise RuntimeError("te".join(("the ", "xt")))

    monkeypatch.setitem(app.view_functions, "credstore.index", crash)
    answer = admin.client.get("/credentials")
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in answer.text
    assert "the text" not in caplog.text


@pytest.mark.parametrize("formatter", [TextLine(), JsonLine()], ids=["text", "json"])
def test_a_line_is_one_line_without_the_text_of_an_exception(formatter: logging.Formatter) -> None:
    token = request_id.set("id-of-request")
    try:
        raise ValueError("a " + "se" + "cret")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("credstore", logging.INFO, __file__, 1, "a\r\x1b[0m %s", ("b\nINFO forged",), info)
    record.event = "tested"
    text = formatter.format(record)
    request_id.reset(token)
    assert "a secret" not in text
    assert "ValueError" in text
    assert "id-of-request" in text
    assert "\x1b" not in text
    assert "\nINFO forged" not in text
    if isinstance(formatter, JsonLine):
        assert json.loads(text)["event"] == "tested"


def test_a_slow_statement_is_told_without_its_values(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with app.app_context():
        log_slow_statements(db.engine, 1)
        with db.engine.connect() as connection:
            connection.connection.driver_connection.create_function("pause", 1, lambda it: time.sleep(0.01))
            connection.exec_driver_sql("SELECT  pause(?)", ("the value",))
    assert "ms: SELECT pause(?)" in caplog.text
    assert "the value" not in caplog.text


def test_the_line_costs_little_beside_a_list_page(admin: Page, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def seconds(what: object, times: int) -> float:
        best = []
        for _ in range(5):
            started = time.perf_counter()
            for _ in range(times):
                what()  # type: ignore[operator]
            best.append((time.perf_counter() - started) / times)
        return min(best)

    page = seconds(lambda: admin.client.get("/credentials"), 20)
    fields = {"method": "GET", "route": "/credentials", "status": 200, "ms": 1.2, "user": "ann", "address": "127.0.0.1"}
    text = "%(method)s %(route)s %(status)s %(ms)s ms %(user)s %(address)s"
    logger = request_log.access_log
    record = seconds(
        lambda: JsonLine().format(logger.makeRecord("a", 20, "b", 1, text, (fields,), None, extra=fields)), 200
    )
    assert record < 0.05 * page, f"{record * 1e6:.0f} µs of {page * 1e6:.0f} µs"
