"""The page of a credential: three facts, the models, and "Try a completion" without JavaScript and for programs."""

from typing import Any

import pytest
from flask import Flask

from credstore.probe import Outcome, Verdict
from tests.page import Page
from tests.provider import MODELS, Provider, as_json
from tests.web.conftest import JSON, TOKEN, Store

MODEL = MODELS["data"][0]["id"]


@pytest.fixture
def stored(store: Store, provider: Provider, admin: Page) -> str:
    admin.canaries.add(provider.key)
    row = store("Local", provider_type="openai_compatible", api_key=provider.key, base_url=provider.url("/openai/v1"))
    admin.get("/credentials")
    return row


@pytest.fixture
def tested(stored: str, admin: Page) -> str:
    admin.post(f"/credentials/{stored}/test?from=show")
    admin.get(f"/credentials/{stored}")
    return stored


def completions(provider: Provider) -> list[Any]:
    return [request.json for request in provider.requests if request.method == "POST" and request.json]


def facts(page: Page) -> list[str]:
    """The states of the three facts that the page shows."""
    assert page.document is not None
    return [found.attrs["data-state"] for found in page.document.find("dd") if "data-state" in found.attrs]


def test_before_a_test_there_are_no_facts_no_models_and_no_completion(stored: str, admin: Page) -> None:
    admin.get(f"/credentials/{stored}")
    assert "Try a completion" not in admin.text
    assert "Reached" not in admin.text


def test_a_result_has_three_facts_and_the_models_of_the_key(tested: str, admin: Page, provider: Provider) -> None:
    assert facts(admin) == ["yes", "yes", "unknown"]
    assert "Not tried since this test: a test spends nothing." in admin.text
    assert "The server lists 1 model for this key." in admin.text
    assert MODEL in admin.text
    assert "Try it: spends about 1 token at the provider's price" in admin.text
    assert not completions(provider)


def test_the_form_sends_one_completion_and_shows_what_came(tested: str, admin: Page, provider: Provider) -> None:
    answer = admin.post(f"/credentials/{tested}/completion", {"model": MODEL})
    assert answer.location == f"/credentials/{tested}#completion"
    assert len(completions(provider)) == 1
    admin.get(f"/credentials/{tested}")
    assert f"ran {MODEL} with this key." in admin.text
    assert facts(admin) == ["yes", "yes", "yes"]
    assert f"POST {provider.url('/openai/v1/chat/completions')} -> 200" in admin.text
    admin.post(f"/credentials/{tested}/completion", {"model": "nothing-5"})
    admin.get(f"/credentials/{tested}")
    assert "Not usable" in admin.text
    assert "has no model nothing-5 for chat completions" in admin.text
    assert len(completions(provider)) == 2


def test_a_refused_name_stands_beside_its_field_and_a_pasted_key_is_not_shown(
    tested: str, admin: Page, provider: Provider
) -> None:
    for model, sentence in (
        ("", "Choose a model, or type its name."),
        (provider.key, "part of the secret of this"),
        (provider.key[1:], "part of the secret"),
        ("ghp_" + "x" * 36, "looks like a key"),
    ):
        admin.post(f"/credentials/{tested}/completion", {"model": model}, status=400)
        assert sentence in admin.text
        assert admin.document is not None
        (field,) = admin.document.find("input", id="model")
        assert field.attrs["aria-invalid"] == "true"
        refused = admin.post(f"/credentials/{tested}/completion", {"model": model}, status=400, headers=JSON)
        assert refused.mimetype == "application/problem+json"
    assert not completions(provider)


def test_without_the_token_of_the_form_nothing_is_sent(tested: str, admin: Page, provider: Provider) -> None:
    before = len(provider.requests)
    for data in ({"model": MODEL}, {"model": MODEL, "csrf_token": "made-up"}):
        refused = admin.client.post(f"/credentials/{tested}/completion", data=data)
        assert refused.status_code == 400
    crossed = admin.client.post(
        f"/credentials/{tested}/completion",
        data={"model": MODEL, "csrf_token": admin._token("/")},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert crossed.status_code == 403
    assert admin.get(f"/credentials/{tested}/completion", status=405)
    assert len(provider.requests) == before


def test_signed_out_nobody_spends_anything(tested: str, admin: Page, provider: Provider) -> None:
    before = len(provider.requests)
    token = admin._token("/")
    admin.post("/logout")
    answer = admin.client.post(f"/credentials/{tested}/completion", data={"model": MODEL, "csrf_token": token})
    assert answer.status_code == 303
    assert answer.location.startswith("/login")
    assert len(provider.requests) == before


def test_the_address_of_the_request_cannot_be_chosen(tested: str, admin: Page, provider: Provider) -> None:
    elsewhere = provider.url("/echo/v1")
    admin.post(f"/credentials/{tested}/completion?base_url={elsewhere}", {"model": MODEL, "base_url": elsewhere})
    assert not provider.asked("/echo")
    assert len(completions(provider)) == 1


def test_a_program_gets_facts_models_and_the_completion(tested: str, admin: Page, provider: Provider) -> None:
    tried = admin.post(f"/credentials/{tested}/completion", {"model": MODEL}, status=200, headers=JSON).json
    assert tried == admin.get(f"/credentials/{tested}", headers=JSON).json
    assert tried is not None
    assert tried["models"] == {"count": 1, "listed_for": "this-key", "names": [MODEL]}
    test = tried["test"]
    assert [test[fact]["state"] for fact in ("reached", "accepted", "usable")] == ["yes", "yes", "yes"]
    assert all(test[fact]["reason"] for fact in ("reached", "accepted", "usable"))
    assert test["completion"]["model"] == MODEL
    assert len(test["completion"]["steps"]) == 1
    listed = admin.get("/credentials", headers=JSON).json
    assert listed is not None
    assert listed["items"][0]["models"] == {"count": 1, "listed_for": "this-key"}, "a list has no names"


@pytest.mark.parametrize("kind", ["untested", "telegram"])
def test_what_cannot_be_tried_is_told_in_words(stored: str, app: Flask, admin: Page, kind: str) -> None:
    with app.app_context():
        bot = app.extensions["credstore"].vault.create("telegram", "Bot", {"bot_token": TOKEN}).public_id
    row = bot if kind == "telegram" else stored
    admin.get("/credentials")
    refused = admin.post(f"/credentials/{row}/completion", {"model": MODEL}, status=409, headers=JSON)
    assert refused.json is not None
    assert refused.json["code"] == "not-testable"


def test_a_draft_shows_its_facts_and_models_and_spends_nothing(admin: Page, provider: Provider) -> None:
    data = {
        "type": "llm",
        "name": "Draft",
        "llm-provider_type": "openai_compatible",
        "llm-api_key": provider.key,
        "llm-base_url": provider.url("/openai/v1"),
        "then": "test_draft",
    }
    admin.canaries.add(provider.key)
    admin.get("/credentials/new")
    admin.post("/credentials/new", data, status=200)
    assert facts(admin) == ["yes", "yes", "unknown"]
    assert "The server lists 1 model for this key." in admin.text
    draft = admin.post("/credentials/new", data, status=200, headers=JSON).json
    assert draft is not None
    assert draft["models"] == {"count": 1, "listed_for": "this-key", "names": [MODEL]}
    assert draft["accepted"]["state"] == "yes"
    assert not completions(provider)


def test_the_row_counts_the_models_and_names_none(tested: str, admin: Page) -> None:
    row = admin.client.get(f"/credentials/{tested}", headers={"X-Credstore": "fragment"}).text
    assert "The server lists 1 model for this key." in " ".join(row.split())
    assert MODEL not in row


def test_names_of_models_are_text_and_nothing_else(
    stored: str, admin: Page, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["<script>alert(1)</script>", '"><img src=x>', f"echo-{provider.key}", "a\u202eb\x1b[31m", "x" * 4000]
    monkeypatch.setitem(MODELS, "data", [{"id": name} for name in names])
    admin.post(f"/credentials/{stored}/test?from=show")
    page = admin.get(f"/credentials/{stored}").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\x1b" not in page
    assert "x" * 200 not in page
    assert "The server lists 5 models for this key." in admin.text


def test_a_limit_under_another_name_is_tried_when_a_person_says_so(
    tested: str, admin: Page, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."

    def newer(call: Any, **_: object) -> Any:
        taken = "max_completion_tokens" in call.request.json
        return as_json(200, {"choices": [{}]}) if taken else as_json(400, {"error": {"message": words}})

    monkeypatch.setattr("tests.provider.completion", newer)
    admin.post(f"/credentials/{tested}/completion", {"model": MODEL})
    assert len(completions(provider)) == 1
    admin.get(f"/credentials/{tested}")
    assert admin.document is not None
    (box,) = admin.document.find("input", **{"name": "other_limit"})
    assert "checked" in box.attrs
    assert "Not known" in admin.text
    admin.post(f"/credentials/{tested}/completion", {"model": MODEL, "other_limit": "1"})
    admin.get(f"/credentials/{tested}")
    assert f"ran {MODEL} with this key." in admin.text
    assert [sorted(body) for body in completions(provider)] == [
        ["max_tokens", "messages", "model"],
        ["max_completion_tokens", "messages", "model"],
    ]


def test_no_answer_is_told_with_what_it_may_have_cost(
    tested: str, admin: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = Verdict(outcome=Outcome.NOT_REACHED, reason="127.0.0.1 did not answer in 10 seconds.")
    monkeypatch.setattr("credstore.tester.Tester.run", lambda *_: silent)
    admin.post(f"/credentials/{tested}/completion", {"model": MODEL})
    admin.get(f"/credentials/{tested}")
    assert "Not known" in admin.text
    assert "The model may have run all the same." in admin.text
