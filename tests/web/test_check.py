"""The Test button of a row: where it is, and its response for a browser, credstore's script and a program."""

import pytest
from flask import Flask

from credstore.credential_types.telegram.declaration import Telegram
from credstore.errors import TestsBusy
from tests.page import Document, Page
from tests.provider import Provider
from tests.web.conftest import JSON, TOKEN, Store


@pytest.fixture
def stored(store: Store, provider: Provider, admin: Page) -> str:
    admin.canaries.add(provider.key)
    row = store("Local", provider_type="openai_compatible", api_key=provider.key, base_url=provider.url("/openai/v1"))
    admin.get("/credentials")
    return row


def details(admin: Page, row: str) -> str:
    """What the list shows when somebody points at the verdict of a row."""
    answer = admin.client.get(f"/credentials/{row}", headers={"X-Credstore": "fragment"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    (reason,) = Document(answer.text).find("div", class_="reason")
    return reason.text


@pytest.mark.spec("LLM credentials display a Test button in the actions column. Clicking it:")
@pytest.mark.spec("Sends a test request to the provider's API")
@pytest.mark.spec("Green checkmark -- The credential is valid")
def test_a_right_key_gets_the_green_check(stored: str, admin: Page, provider: Provider) -> None:
    answer = admin.post(f"/credentials/{stored}/test?page=1&q=loc")
    assert answer.location == f"/credentials?page=1&q=loc&changed={stored}#changed"
    assert provider.asked("/openai/v1/models")
    admin.get(answer.location)
    assert admin.document is not None
    (verdict,) = admin.document.find("a", class_="verdict")
    assert verdict.attrs["data-mark"] == "pass"
    assert admin.document.find("tr", id="changed") == [verdict.within("tr")]
    assert "Local: Verified." in admin.text


@pytest.mark.spec("Red X -- The test failed (hover for details)")
def test_a_wrong_key_gets_the_red_x_with_its_reason(store: Store, admin: Page, provider: Provider) -> None:
    row = store("Bad", provider_type="openai_compatible", api_key="sk-wrong-1234", base_url=provider.url("/openai/v1"))
    admin.get("/credentials")
    admin.post(f"/credentials/{row}/test")
    admin.get("/credentials")
    assert admin.document is not None
    (verdict,) = admin.document.find("a", class_="verdict")
    assert verdict.attrs["data-mark"] == "fail"
    told = details(admin, row)
    assert "refused this key" in told
    assert "Create a new key at the provider" in told
    assert f"GET {provider.url('/openai/v1/models')} -> 401" in told
    admin.get(verdict.attrs["href"])  # the way without JavaScript
    assert admin.document.find(id=verdict.attrs["href"].partition("#")[2])
    assert "Create a new key at the provider" in admin.text


def test_from_its_own_page_one_comes_back_to_it(stored: str, admin: Page) -> None:
    admin.get(f"/credentials/{stored}")
    assert admin.document is not None
    (button,) = admin.document.find("button", class_="test")
    assert admin.post(button.attrs["formaction"]).location == f"/credentials/{stored}"
    admin.get(f"/credentials/{stored}")
    assert "Verified" in admin.text


def test_our_script_gets_the_verdict_alone(stored: str, admin: Page) -> None:
    answer = admin.client.post(
        f"/credentials/{stored}/test", data={"csrf_token": admin._token("/")}, headers={"X-Credstore": "fragment"}
    )
    assert answer.status_code == 200
    assert answer.text.strip().startswith('<a class="verdict" data-mark="pass"')
    assert "accepted this key" in Document(answer.text).find("div", class_="reason")[0].text
    assert "<html" not in answer.text


def test_a_program_gets_json(stored: str, admin: Page, provider: Provider) -> None:
    answer = admin.post(f"/credentials/{stored}/test", status=200, headers=JSON)
    assert answer.json is not None
    assert answer.json["test"]["outcome"] == "verified"
    assert answer.json["test"]["steps"][0].startswith(f"GET {provider.url('/openai/v1/models')} -> 200")


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_what_cannot_be_tested_says_so(admin: Page, app: Flask, accept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Telegram, "testable", False)  # each of the four types has a probe
    with app.app_context():
        row = app.extensions["credstore"].vault.create("telegram", "Bot", {"bot_token": TOKEN}).public_id
    admin.get("/credentials")
    assert admin.document is not None
    assert not admin.document.find("button", class_="test")
    answer = admin.post(f"/credentials/{row}/test", status=409, headers={"Accept": accept})
    assert "There is nothing to test for the type Telegram." in answer.text


@pytest.mark.parametrize("headers", [{}, JSON, {"X-Credstore": "fragment"}])
def test_too_many_tests_get_429_with_words(
    stored: str, admin: Page, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    def busy(*_: object) -> None:
        raise TestsBusy("4 tests are running already. Wait a few seconds, then test again.")

    monkeypatch.setattr("credstore.tester.Tester.run", busy)
    answer = admin.post(f"/credentials/{stored}/test", status=429, headers=headers)
    assert int(answer.headers["Retry-After"]) >= 1
    assert "4 tests are running already. Wait a few seconds, then test again." in answer.text
    assert answer.mimetype == ("application/problem+json" if headers else "text/html")


def test_the_test_takes_an_id_and_nothing_else(stored: str, admin: Page, provider: Provider) -> None:
    """Else a stored key could be sent to an address of the caller's choice."""
    elsewhere = provider.url("/echo/v1")
    admin.post(
        f"/credentials/{stored}/test?base_url={elsewhere}",
        {"base_url": elsewhere, "llm-base_url": elsewhere, "provider_type": "anthropic", "api_key": "other"},
    )
    assert not provider.asked("/echo")
    assert provider.asked("/openai/v1/models")[0].key == provider.key


@pytest.mark.spec("Always test a new LLM credential before referencing it in a workflow.")
@pytest.mark.spec("Invalid credentials cause execution failures that can be hard to diagnose.")
def test_a_new_credential_says_that_it_is_to_be_tested_before_a_workflow_uses_it(stored: str, admin: Page) -> None:
    for url in ("/credentials", f"/credentials/{stored}"):
        admin.get(url)
        assert "Not tested" in admin.text
    advice = "Press Test before a workflow relies on it."
    assert advice in admin.text
    assert advice in details(admin, stored)
