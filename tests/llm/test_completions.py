"""One completion of one token: the one request, what each answer says, and that no test ever asks for one."""

from typing import Any

import pytest
from hypothesis import given, settings

from credstore.credential_types.llm import providers
from credstore.probe import Cause, ProbeResponse
from credstore.verdict_facts import facts_of
from tests.llm.driving import KEY, LOCAL, REMOTE, Run, drive
from tests.llm.test_honesty import answers, vendors

OPENAI = "https://api.openai.com/v1"
ANTHROPIC = "https://api.anthropic.com"
DONE = {"choices": [{"message": {"role": "assistant", "content": "H"}, "finish_reason": "length"}]}


def complete(
    answer: ProbeResponse, slug: str = "openai_compatible", base: str = LOCAL, *, key: str = KEY, other: bool = False
) -> Run:
    provider = providers.by_slug(slug)
    assert provider is not None
    access = providers.Access(api_key=key, base_url=base)
    return drive(provider.completion(access, "gpt-5-mini", other_limit=other), lambda _: answer)


def error(status: int, message: str, code: str | None = None, kind: str = "invalid_request_error") -> ProbeResponse:
    return ProbeResponse(status=status, json={"error": {"message": message, "type": kind, "code": code}})


@pytest.mark.parametrize(
    ("slug", "base", "url", "limit"),
    [
        ("openai", OPENAI, f"{OPENAI}/chat/completions", "max_completion_tokens"),
        ("openai_compatible", OPENAI, f"{OPENAI}/chat/completions", "max_completion_tokens"),
        ("openai", REMOTE, f"{REMOTE}/chat/completions", "max_tokens"),
        ("openai_compatible", LOCAL, f"{LOCAL}/chat/completions", "max_tokens"),
        ("anthropic", ANTHROPIC, f"{ANTHROPIC}/v1/messages", "max_tokens"),
        (
            "openai_compatible",
            "https://api.perplexity.ai",
            "https://api.perplexity.ai/chat/completions",
            "max_tokens",
        ),
    ],
)
def test_it_is_one_request_for_one_token_of_the_chosen_model(slug: str, base: str, url: str, limit: str) -> None:
    run = complete(ProbeResponse(status=200, json=DONE), slug, base)
    (ask,) = run.asks
    assert (ask.method, ask.url) == ("POST", url)
    assert ask.json == {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hi"}], limit: 1}
    assert KEY in "".join(ask.headers.values())
    assert run.verdict.cause is Cause.COMPLETED


def test_under_its_other_name_only_when_a_person_asks_so() -> None:
    refused = error(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "unsupported_parameter",
    )
    run = complete(refused)
    assert len(run.asks) == 1
    assert run.verdict.cause is Cause.OTHER_LIMIT_NAME
    assert "max_completion_tokens" in run.words
    assert facts_of(run.verdict).usable.state == "unknown"
    again = complete(ProbeResponse(status=200, json=DONE), other=True)
    assert again.asks[0].json["max_completion_tokens"] == 1  # type: ignore[index, call-overload]
    assert "max_tokens" not in again.asks[0].json  # type: ignore[operator]


MESSAGE = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "text", "text": "H"}],
    "stop_reason": "max_tokens",
}
# (answer, usable, cause); the sentences are those of the vendors.
ANSWERS: dict[str, tuple[ProbeResponse, str, Cause]] = {
    "OpenAI answers": (ProbeResponse(status=200, json=DONE), "yes", Cause.COMPLETED),
    "Anthropic answers": (ProbeResponse(status=200, json=MESSAGE), "yes", Cause.COMPLETED),
    "a thinking model ran out": (
        error(
            400, "Could not finish the message because max_tokens or model output limit was reached. Please try again."
        ),
        "yes",
        Cause.COMPLETED,
    ),
    "OpenAI, no credit": (
        error(
            429, "You exceeded your current quota, please check your plan.", "insufficient_quota", "insufficient_quota"
        ),
        "no",
        Cause.NO_CREDIT,
    ),
    "Anthropic, no credit": (error(400, "Your credit balance is too low to access the API."), "no", Cause.NO_CREDIT),
    "payment": (ProbeResponse(status=402), "no", Cause.NO_CREDIT),
    "OpenAI, unknown": (
        error(404, "The model `x` does not exist or you do not have access to it.", "model_not_found"),
        "no",
        Cause.UNKNOWN_MODEL,
    ),
    "OpenAI, not a chat model": (
        error(404, "This is not a chat model and thus not supported in the v1/chat/completions endpoint."),
        "no",
        Cause.UNKNOWN_MODEL,
    ),
    "Anthropic, unknown": (
        ProbeResponse(status=404, json={"type": "error", "error": {"type": "not_found_error", "message": "model: x"}}),
        "no",
        Cause.UNKNOWN_MODEL,
    ),
    "Ollama, unknown": (error(404, 'model "x" not found, try pulling it first'), "no", Cause.UNKNOWN_MODEL),
    "Ollama, no chat": (error(400, '"nomic-embed-text" does not support chat'), "no", Cause.UNKNOWN_MODEL),
    "Mistral, unknown": (
        ProbeResponse(status=400, json={"object": "error", "message": "Invalid model: x", "type": "invalid_model"}),
        "no",
        Cause.UNKNOWN_MODEL,
    ),
    "DeepSeek, unknown": (error(400, "Model Not Exist"), "no", Cause.UNKNOWN_MODEL),
    "OpenRouter, unknown": (error(400, "x is not a valid model ID"), "no", Cause.UNKNOWN_MODEL),
    "in short": (error(400, "model x doesn't exist"), "no", Cause.UNKNOWN_MODEL),
    "LiteLLM, unknown": (error(400, "Invalid model name passed in model=x."), "no", Cause.UNKNOWN_MODEL),
    "FastChat, unknown": (error(400, "Only vicuna-7b allowed now, your model x"), "no", Cause.UNKNOWN_MODEL),
    "Groq, gone": (
        error(400, "The model `x` has been decommissioned and is no longer supported.", "model_decommissioned"),
        "no",
        Cause.UNKNOWN_MODEL,
    ),
    "OpenAI, not for this project": (
        error(403, "Project `p` does not have access to model `x`", "model_not_found"),
        "no",
        Cause.NOT_ALLOWED,
    ),
    "OpenAI, scopes": (
        error(401, "You have insufficient permissions for this operation. Missing scopes: model.request"),
        "no",
        Cause.NOT_ALLOWED,
    ),
    "limited": (error(429, "Rate limit reached for requests", "rate_limit_exceeded"), "no", Cause.RATE_LIMITED),
    "loading": (error(503, "Loading model"), "no", Cause.MODEL_LOADING),
    "not from this address": (error(401, "Your IP is not authorized"), "no", Cause.ADDRESS_REFUSED),
    "switched off": (ProbeResponse(status=410), "no", Cause.SWITCHED_OFF),
    "refused": (error(401, "Incorrect API key provided", "invalid_api_key"), "no", Cause.NONE),
    "down": (ProbeResponse(status=502), "unknown", Cause.SERVER_ERROR),
    "another request is wanted": (error(400, "temperature is required for this model"), "unknown", Cause.NONE),
    "a least number": (error(400, "Invalid 'max_tokens': integer below minimum value."), "unknown", Cause.NONE),
    "no endpoint": (ProbeResponse(status=404), "unknown", Cause.NONE),
    "a page": (ProbeResponse(status=200, body_start=b"<!doctype html>"), "unknown", Cause.NONE),
    "a listing": (ProbeResponse(status=200, json={"data": [{"id": "x"}]}), "unknown", Cause.NONE),
    "a redirect": (ProbeResponse(status=302, headers={"location": "https://e.example"}), "unknown", Cause.NONE),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_says_whether_the_key_is_usable_now_and_why(name: str) -> None:
    answer, usable, cause = ANSWERS[name]
    run = complete(answer)
    assert len(run.asks) == 1
    assert (facts_of(run.verdict).usable.state, run.verdict.cause) == (usable, cause), run.verdict
    assert run.verdict.outcome.mark != "pass", "a completion does not prove that keys are checked"
    assert run.verdict.reason.startswith("127.0.0.1:11434 ")
    assert run.verdict.advice or usable == "yes"


@settings(deadline=None)  # the first draw imports what it needs
@given(vendor=vendors, answer=answers)
def test_whatever_is_answered_it_is_one_request_and_a_verdict_that_never_passes(
    vendor: Any, answer: ProbeResponse
) -> None:
    run = complete(answer, *vendor)
    assert len(run.asks) == 1
    assert run.verdict.outcome.mark != "pass"
    assert KEY not in run.words


def test_a_base_url_that_is_an_endpoint_is_not_called() -> None:
    run = complete(ProbeResponse(status=200, json=DONE), base=f"{LOCAL}/chat/completions")
    assert not run.asks
    assert "endpoint" in run.verdict.reason


def test_a_provider_that_declares_no_completion_says_so_without_a_request() -> None:
    class Bare(providers.Provider):
        slug, label = "bare", "Bare"

    run = drive(
        Bare.completion(providers.Access(api_key=KEY, base_url=LOCAL), "m"), lambda _: ProbeResponse(status=200)
    )
    assert not run.asks
    assert "Bare" in run.verdict.reason
    assert facts_of(run.verdict).usable.state == "unknown"


def test_without_a_key_none_is_sent() -> None:
    run = complete(ProbeResponse(status=401), key="")
    assert not run.asks[0].headers
    assert run.verdict.cause is Cause.NO_SECRET
