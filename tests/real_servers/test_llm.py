"""The key check against LLM servers that others wrote: right, wrong and no key, base URL with and without /v1."""

import pytest

from credstore.credential_types.llm.providers import Access, by_slug
from credstore.probe import Cause, Outcome, Verdict
from credstore.verdict_facts import facts_of
from tests.real_servers.conftest import KEY, RunTest

WRONG = "sk-wrong-9876543210fedcbaFEDCBA"


def judge(run_test: RunTest, base: str, key: str, provider: str = "openai_compatible") -> Verdict:
    vendor = by_slug(provider)
    assert vendor is not None
    verdict = run_test(vendor.probe(Access(api_key=key, base_url=base)), {key})
    completions = [step for step in verdict.steps if step.method == "POST" and step.status == 200]
    assert completions == []
    return verdict


@pytest.mark.parametrize("path", ["/v1", ""])
@pytest.mark.parametrize("provider", ["openai", "openai_compatible"])
def test_litellm(litellm: str, run_test: RunTest, path: str, provider: str) -> None:
    right = judge(run_test, litellm + path, KEY, provider)
    assert right.outcome is Outcome.VERIFIED, right
    wrong = judge(run_test, litellm + path, WRONG, provider)
    assert wrong.outcome is Outcome.REJECTED, wrong
    assert wrong.provider_message == "No connected db."
    assert wrong.reason.startswith("LiteLLM at 127.0.0.1:")


@pytest.mark.parametrize("path", ["/v1", ""])
def test_litellm_without_a_key_is_never_green(litellm: str, run_test: RunTest, path: str) -> None:
    assert judge(run_test, litellm + path, "").outcome.mark != "pass"


def test_litellm_at_a_wrong_path_tells_neither_good_nor_bad(litellm: str, run_test: RunTest) -> None:
    for key in (KEY, WRONG):
        assert judge(run_test, f"{litellm}/nothing/here", key).outcome is Outcome.CANNOT_TELL


def test_fastchat(fastchat: str, run_test: RunTest) -> None:
    right = judge(run_test, f"{fastchat}/v1", KEY)
    assert right.outcome is Outcome.VERIFIED, right
    assert judge(run_test, f"{fastchat}/v1", WRONG).outcome is Outcome.REJECTED
    assert judge(run_test, f"{fastchat}/v1", "").outcome is Outcome.REJECTED


def test_fastchat_without_v1_offers_it(fastchat: str, run_test: RunTest) -> None:
    right = judge(run_test, fastchat, KEY)
    assert right.outcome is Outcome.CANNOT_TELL
    assert right.advice == f"The API answers at {fastchat}/v1: set that as base URL."
    for key in (WRONG, ""):
        assert judge(run_test, fastchat, key).outcome.mark == "unsure"


def complete(run_test: RunTest, base: str, key: str, model: str) -> Verdict:
    vendor = by_slug("openai_compatible")
    assert vendor is not None
    verdict = run_test(vendor.completion(Access(api_key=key, base_url=base), model), {key})
    assert len(verdict.steps) == 1
    assert verdict.outcome.mark != "pass"
    return verdict


def test_litellm_lists_its_models_and_answers_a_completion(litellm: str, run_test: RunTest) -> None:
    models = judge(run_test, f"{litellm}/v1", KEY).models
    assert models is not None
    assert (set(models.names), models.listed_for) == ({"a-model", "a-mock"}, "this-key")
    done = complete(run_test, f"{litellm}/v1", KEY, "a-mock")
    assert (done.cause, facts_of(done).usable.state) == (Cause.COMPLETED, "yes")
    unknown = complete(run_test, f"{litellm}/v1", KEY, "no-such-model")
    assert (unknown.cause, facts_of(unknown).usable.state) == (Cause.UNKNOWN_MODEL, "no")
    assert facts_of(complete(run_test, f"{litellm}/v1", WRONG, "a-mock")).usable.state == "no"
    assert facts_of(complete(run_test, f"{litellm}/v1", KEY, "a-model")).usable.state == "unknown"


def test_fastchat_without_a_model_answers_no_completion(fastchat: str, run_test: RunTest) -> None:
    models = judge(run_test, f"{fastchat}/v1", KEY).models
    assert models is not None
    assert models.count == 0
    assert complete(run_test, f"{fastchat}/v1", KEY, "vicuna").cause is Cause.UNKNOWN_MODEL
    assert complete(run_test, f"{fastchat}/v1", WRONG, "vicuna").outcome is Outcome.REJECTED
