"""Asks for one completion of one token. It costs something, so it runs only when a person asks for it. Sans-IO.

It shows whether a key is usable now. A completion does not prove that the server checks keys, so the verdict never
passes. It makes one request. If the server refuses the form of the request, no other form is sent without being asked
for.
"""

import re
from dataclasses import replace

from credstore.credential_types.error_words import error_words
from credstore.credential_types.llm import comparison_verdicts, single_response_verdicts
from credstore.credential_types.llm.api_requests import LlmApi
from credstore.credential_types.llm.base_urls import without_endpoint
from credstore.credential_types.llm.response_detail import response_detail
from credstore.credential_types.llm.response_meaning import (
    REQUEST_INVALID,
    Meaning,
    provider_message,
)
from credstore.probe import Cause, Outcome, Probe, ProbeResponse, Verdict

LIMIT_NAMES = ("max_tokens", "max_completion_tokens")

# In what OpenAI, Anthropic, Groq, vLLM, Ollama, Mistral, xAI, DeepSeek, Gemini, Cohere, OpenRouter, LiteLLM,
# FastChat say. "|" ends each text, and the model's name may stand in between.
_UNKNOWN_MODEL = re.compile(
    r"\bmodels?\b[^|]{0,160}\b(?:not found|(?:not|\w+n.t) exist|not a valid|not a chat|not available|decommissioned)\b"
    r"|\b(?:invalid|unknown|unsupported|no such) model\b|\bnot a valid model\b|\bmodel \S+ not found\b"
    r"|\b(?:not|\w+n.t) support chat\b|\ballowed now, your model\b"
)
# What OpenAI answers (400) when a model that thinks first has used up the one token: the model ran.
_RAN_OUT = re.compile(r"\bmax tokens or model output limit was reached\b")
_OTHER_NAME = re.compile(r"\b(?:unsupported|not supported|unrecognized|unknown|unexpected|not permitted|instead)\b")


def try_completion(api: LlmApi, key: str, model: str, *, other_limit: bool = False) -> Probe:
    """Whether `key` can be used for completions of `model` now.

    The limit is sent as `api.limit_name`, or with `other_limit` under the other name that it may have.
    """
    api = replace(api, limit_name=_other_name(api.limit_name)) if other_limit else api
    if without_endpoint(api.base) != api.base:
        yield from ()
        return comparison_verdicts.endpoint_pasted(api.display_name)
    answer = yield api.one_token_request(key, model)
    verdict = _verdict_on(api, key, model, answer)
    return verdict if verdict.cause is Cause.COMPLETED else replace(verdict, provider_message=provider_message(answer))


def _verdict_on(api: LlmApi, key: str, model: str, answer: ProbeResponse) -> Verdict:
    actor, meaning, words = api.display_name, api.classify_one_token(answer), error_words(answer.json)
    unread = meaning in REQUEST_INVALID
    if meaning is Meaning.LISTED or (unread and _RAN_OUT.search(words)):
        return Verdict(
            outcome=Outcome.ACCEPTED_UNPROVEN, reason=f"{actor} ran {model} with this key.", cause=Cause.COMPLETED
        )
    if unread and api.limit_name.replace("_", " ") in words and _OTHER_NAME.search(words):
        return _cannot_tell(
            f"{actor} does not take the limit of one token as {api.limit_name} for {model}, so the model did not run.",
            f"Try once more: credstore then sends it as {_other_name(api.limit_name)}.",
            Cause.OTHER_LIMIT_NAME,
        )
    missing = meaning is Meaning.NOT_FOUND and "model" in words
    if missing or (unread and _UNKNOWN_MODEL.search(words)):
        return _cannot_tell(
            f"{actor} has no model {model} for chat completions, or not for this key ({answer.status}).",
            "Choose another model.",
            Cause.UNKNOWN_MODEL,
        )
    if meaning in {Meaning.LIMITED, Meaning.FORBIDDEN}:
        return _cannot_tell(
            f"{actor} does not let this key use {model} ({answer.status}).",
            "See at the provider what this key may use.",
            Cause.NOT_ALLOWED,
        )
    if meaning is Meaning.REFUSED and not key:
        return single_response_verdicts.without_key(actor, meaning, "", answer.status)
    if unread or meaning in {Meaning.NOT_FOUND, Meaning.NOT_THIS_API}:
        return _cannot_tell(
            f"{actor} answered {answer.status}, and not with a completion of {model}.",
            "See what the provider says, and choose a model that answers chats.",
        )
    return single_response_verdicts.verdict_on(actor, meaning, response_detail(answer, key), answer.status)


def _other_name(name: str) -> str:
    return LIMIT_NAMES[1] if name == LIMIT_NAMES[0] else LIMIT_NAMES[0]


def _cannot_tell(reason: str, advice: str, cause: Cause = Cause.NONE) -> Verdict:
    return Verdict(outcome=Outcome.CANNOT_TELL, reason=reason, advice=advice, cause=cause)
