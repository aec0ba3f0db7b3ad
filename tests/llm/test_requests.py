"""What is really asked: addresses, headers, the organization, and that the advice names a way on."""

import pytest

from credstore.probe import ProbeRequest, ProbeResponse
from tests.llm.driving import KEY, LOCAL, REMOTE, Run, drive, probe, server

LISTED = ProbeResponse(status=200, json={"data": [{"id": "m"}]})
INVALID = ProbeResponse(status=400, json={"error": {"message": "you must provide a model parameter"}})
BAD = ProbeResponse(status=401)
FOUR = server(listing=(LISTED, LISTED), completion=(INVALID, BAD))


def four(slug: str, **how: str) -> Run:
    run = drive(probe(slug, **how), FOUR)
    assert len(run.asks) == 4
    return run


def addresses(asks: tuple[ProbeRequest, ...]) -> list[str]:
    return [f"{ask.method} {ask.url}" for ask in asks]


@pytest.mark.spec("Base URL (optional) -- Override the default API endpoint.")
@pytest.mark.spec("Useful for OpenAI-compatible providers that use a custom URL.")
@pytest.mark.parametrize(
    ("slug", "base_url", "listing", "completion"),
    [
        ("openai", "", "https://api.openai.com/v1/models", "https://api.openai.com/v1/chat/completions"),
        ("openai", REMOTE, f"{REMOTE}/models", f"{REMOTE}/chat/completions"),
        ("openai_compatible", LOCAL, f"{LOCAL}/models", f"{LOCAL}/chat/completions"),
        (
            "anthropic",
            "",
            "https://api.anthropic.com/v1/models?limit=500",
            "https://api.anthropic.com/v1/messages",
        ),
        (
            "anthropic",
            "https://proxy.example.com",
            "https://proxy.example.com/v1/models?limit=500",
            "https://proxy.example.com/v1/messages",
        ),
        (
            "anthropic",
            "https://proxy.example.com/anthropic/v1",
            "https://proxy.example.com/anthropic/v1/models?limit=500",
            "https://proxy.example.com/anthropic/v1/messages",
        ),
    ],
)
def test_the_base_url_leads_every_request(slug: str, base_url: str, listing: str, completion: str) -> None:
    asks = four(slug, base_url=base_url).asks
    assert addresses(asks) == [f"GET {listing}"] * 2 + [f"POST {completion}"] * 2


@pytest.mark.spec("Organization ID (optional) -- For OpenAI organization-scoped access")
@pytest.mark.parametrize(("slug", "base_url"), [("openai", ""), ("openai_compatible", LOCAL)])
def test_the_organization_stands_in_every_request(slug: str, base_url: str) -> None:
    asks = four(slug, base_url=base_url, organization="org-77").asks
    assert [ask.headers["OpenAI-Organization"] for ask in asks] == ["org-77"] * 4


def test_no_organization_no_header() -> None:
    assert all("OpenAI-Organization" not in ask.headers for ask in four("openai").asks)


def test_openai_takes_a_bearer_key() -> None:
    first, second, third, fourth = [ask.headers["Authorization"] for ask in four("openai").asks]
    assert first == third == f"Bearer {KEY}"
    assert second.startswith("Bearer sk-proj-")
    assert KEY not in second + fourth


@pytest.mark.parametrize("base_url", ["", "https://proxy.example.com/v1"])
def test_anthropic_takes_x_api_key_also_behind_a_custom_base_url(base_url: str) -> None:
    asks = four("anthropic", base_url=base_url).asks
    assert [ask.headers["x-api-key"] == KEY for ask in asks] == [True, False, True, False]
    assert {ask.headers["anthropic-version"] for ask in asks} == {"2023-06-01"}
    assert all("Authorization" not in ask.headers for ask in asks)


@pytest.mark.parametrize(
    ("slug", "base_url", "actor"),
    [
        ("openai", "", "OpenAI"),
        ("anthropic", "", "Anthropic"),
        ("anthropic", "https://api.anthropic.com/v1", "Anthropic"),
        ("openai", REMOTE, "gateway.example.com"),
        ("openai_compatible", LOCAL, "127.0.0.1:11434"),
    ],
)
def test_a_verdict_names_who_answered(slug: str, base_url: str, actor: str) -> None:
    assert drive(probe(slug, base_url=base_url), lambda _: BAD).verdict.reason.startswith(f"{actor} ")


def test_a_redirect_is_told_with_its_host_and_without_its_path() -> None:
    answer = ProbeResponse(status=302, headers={"location": f"https://login.example.com/?next={KEY}"})
    run = drive(probe("openai"), lambda _: answer)
    assert "login.example.com" in run.words
    assert "next=" not in run.words


@pytest.mark.parametrize("status", [301, 302, 401, 402, 404, 429, 500, 503])
def test_every_verdict_but_success_says_what_to_do_next(status: int) -> None:
    assert drive(probe("openai"), lambda _: ProbeResponse(status=status)).verdict.advice
