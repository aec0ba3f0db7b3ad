"""`credstore test`: what cron sees, exit status and JSON; real sockets to a local provider."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from credstore.cli import main
from credstore.config import Config
from tests.conftest import MakeApp
from tests.provider import Provider

GONE = "11111111-1111-4111-8111-111111111111"
Run = Callable[..., str]


@pytest.fixture
def shelf(make_app: MakeApp, keys: str, tmp_path: Path, command_environment: None) -> Flask:
    """An installation that the commands find through the environment."""
    config = Config(data_dir=tmp_path / "data", field_encryption_key=keys, secret_key="s" * 40, log_level="warning")
    return make_app(config)


@pytest.fixture
def put(shelf: Flask, provider: Provider) -> Callable[..., str]:
    def store(name: str, base: str = "/openai/v1", key: str = "", expires: str = "") -> str:
        values = {"provider_type": "openai_compatible", "base_url": provider.url(base), "api_key": key or provider.key}
        with shelf.app_context():
            return str(shelf.extensions["credstore"].vault.create("llm", name, values, expires=expires).public_id)

    return store


@pytest.fixture
def run(shelf: Flask, provider: Provider) -> Run:
    def command(*words: str, status: int = 0) -> str:
        result = CliRunner().invoke(main, ["test", *words])
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        assert provider.key not in result.output
        return result.output

    return command


def day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def test_all_good_is_status_0_and_json_of_a_known_shape(run: Run, put: Any) -> None:
    one, two = put("One"), put("Two")
    report = json.loads(run("--all", "--json"))
    assert set(report) == {"results", "ok"}
    assert report["ok"] is True
    assert [(found["id"], found["name"]) for found in report["results"]] == [(two, "Two"), (one, "One")]
    for found in report["results"]:
        assert set(found) == {"id", "name", "outcome", "reason", "failed", "reached", "accepted", "usable"}
        assert [found[fact]["state"] for fact in ("reached", "accepted", "usable")] == ["yes", "yes", "unknown"]
        assert (found["outcome"], found["failed"]) == ("verified", False)


def test_one_refused_key_is_status_1_and_named(run: Run, put: Any) -> None:
    put("Good")
    bad = put("Bad", key="sk-wrong-0123456789")
    report = json.loads(run("--all", "--json", status=1))
    assert report["ok"] is False
    assert [found["id"] for found in report["results"] if found["failed"]] == [bad]
    output = run("--all", status=1)
    assert "rejected" in output
    assert "Bad: " in output
    assert "sk-wrong" not in output


@pytest.mark.parametrize("base", ["/busy/v1", "/html/v1", "/down/v1"])
def test_what_cannot_be_told_is_no_failure(run: Run, put: Any, base: str) -> None:
    put("Unsure", base)
    assert json.loads(run("--all", "--json"))["ok"] is True


def test_ids_are_tested_alone_and_results_are_kept(run: Run, put: Any, provider: Provider, shelf: Flask) -> None:
    one = put("One")
    put("Other", "/anykey/v1")
    assert "One" in run(one)
    assert not provider.asked("/anykey")
    with shelf.app_context():
        assert shelf.extensions["credstore"].vault.get(one).verdict.outcome == "verified"


def test_an_id_that_is_not_there_is_a_failure(run: Run, put: Any) -> None:
    one = put("One")
    report = json.loads(run(one, GONE, "nonsense", "--json", status=1))
    assert [(found["id"], found["failed"]) for found in report["results"]] == [
        (one, False),
        (GONE, True),
        ("nonsense", True),
    ]
    assert GONE in run(one, GONE, status=1)
    assert f"There is no credential with the id {GONE}." in run(GONE, status=1)
    assert "There is no credential with the id nope." in run("nope", status=1)


def test_nothing_named_is_a_usage_error(run: Run) -> None:
    assert "--all" in run(status=2)
    assert "like 14d" in run("--expiring", "soon", status=2)
    assert "like 14d" in run("--expiring", "-3", status=2)


def test_what_ends_soon_is_status_1_without_a_request(run: Run, put: Any, provider: Provider) -> None:
    put("Later", expires=day(60))
    put("Endless")
    assert run("--expiring", "14d") == "Nothing ends in that time.\n"
    soon, over = put("Soon", expires=day(10)), put("Over", expires=day(-2))
    report = json.loads(run("--expiring", "14", "--json", status=1))
    assert set(report) == {"expiring", "ok"}
    assert [(found["id"], found["name"]) for found in report["expiring"]] == [(over, "Over"), (soon, "Soon")]
    assert report["expiring"][1]["expires_at"] == f"{day(10)}T23:59:59+00:00"
    output = run("--expiring", "14d", status=1)
    assert f"ended {day(-2)}  Over" in output
    assert f"ends {day(10)}  Soon" in output
    run("--expiring", "9999999999999999d", status=1)
    assert not provider.requests


def test_both_questions_at_once(run: Run, put: Any) -> None:
    put("Soon", expires=day(3))
    report = json.loads(run("--all", "--expiring", "7d", "--json", status=1))
    assert (len(report["results"]), len(report["expiring"]), report["ok"]) == (1, 1, False)
    assert json.loads(run("--all", "--expiring", "1d", "--json"))["ok"] is True


def test_a_run_under_way_is_told_in_one_sentence(run: Run, put: Any, shelf: Flask) -> None:
    put("One")
    with shelf.app_context():
        shelf.extensions["credstore"].vault.start_run()
    assert run("--all", status=1) == "Error: A test run is under way. Wait for its end, or cancel it.\n"


def test_an_empty_shelf_says_so(run: Run) -> None:
    assert "None of these credentials can be tested." in run("--all", status=1)
