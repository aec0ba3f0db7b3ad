"""Each vendor's probe as a table: what a server answers to the right key and to any other, and what is concluded."""

import pytest

from credstore.probe import ProbeResponse
from tests.llm.driving import KEY, LOCAL, REMOTE, drive, probe, server

ECHO = "PROVIDER-SAYS"  # stands in every error body, and must stand in no sentence of ours


def error(status: int, code: str = "", message: str = "") -> ProbeResponse:
    return ProbeResponse(
        status=status, json={"error": {"message": f"{ECHO} {message} {KEY}", "type": ECHO, "code": code}}
    )


def moved(status: int, location: str) -> ProbeResponse:
    return ProbeResponse(status=status, headers={"location": location})


LISTED = ProbeResponse(status=200, json={"object": "list", "data": [{"id": "gpt-9", "object": "model"}]})
BARE = ProbeResponse(status=200, json=[{"id": "gpt-9"}])
EMPTY = ProbeResponse(status=200, json={"data": []})
HTML = ProbeResponse(status=200, json=None)
BAD = error(401, "invalid_api_key", "Incorrect API key provided")
ANTHROPIC_BAD = ProbeResponse(
    status=401, json={"type": "error", "error": {"type": "authentication_error", "message": f"{ECHO} {KEY}"}}
)
MISTRAL_BAD = ProbeResponse(status=401, json={"detail": "Unauthorized"})
REVOKED = ProbeResponse(status=403, json={"error": {"message": "This API key has been disabled (revoked)."}})
EXPIRED = ProbeResponse(status=401, json={"error": {"message": "Your token expired yesterday."}})
INVALID, MISSING, FORBIDDEN = error(400, "invalid_request_error"), error(404), error(403, "region")
SCOPES = error(401, "", "You have insufficient permissions. Missing scopes: api.model.read")
SCOPES_403 = ProbeResponse(status=403, json={"type": "error", "error": {"type": "permission_error", "message": ECHO}})
QUOTA = error(429, "insufficient_quota")
BILLING = ProbeResponse(status=402, json={"error": {"type": "billing_error", "message": ECHO}})
OLD_BILLING = error(400, "invalid_request_error", "Your credit balance is too low")
BUSY, DOWN = error(429, "rate_limit_exceeded"), error(503, "unavailable_error")
UNUSED = (error(418), error(418))
WAF = ProbeResponse(status=403, body_start=b"<html>Attention Required")  # a bot guard's page: no JSON
WAF_400 = ProbeResponse(status=400, body_start=b"<html>Bad Request")
WAF_JSON = ProbeResponse(status=403, json={"ray": "8f1", "blocked": True})  # JSON, but no API's error

OPENAI, ANTHROPIC, COMPATIBLE = ("openai", ""), ("anthropic", ""), ("openai_compatible", LOCAL)
GATEWAY = ("openai_compatible", REMOTE)
EVERYWHERE = [OPENAI, ANTHROPIC, COMPATIBLE, GATEWAY]

# name: (listing with the right key, with another), (completion with the right key, with another), outcome, asks
SERVERS = {
    "right key": ((LISTED, BAD), UNUSED, "verified", 4),
    "right key, bare array": ((BARE, BAD), UNUSED, "verified", 4),
    "right key, no models yet": ((EMPTY, BAD), UNUSED, "verified", 4),
    "right key, refused in Anthropic's shape": ((LISTED, ANTHROPIC_BAD), UNUSED, "verified", 4),
    "right key, refused in Mistral's shape": ((LISTED, MISTRAL_BAD), UNUSED, "verified", 4),
    "a bad key is a 400": ((LISTED, INVALID), UNUSED, "verified", 4),
    "a bad key is a 403": ((LISTED, FORBIDDEN), UNUSED, "verified", 4),
    "wrong key": ((BAD, BAD), UNUSED, "rejected", 3),
    "wrong key, Anthropic's shape": ((ANTHROPIC_BAD, ANTHROPIC_BAD), UNUSED, "rejected", 3),
    "wrong key, Mistral's shape": ((MISTRAL_BAD, MISTRAL_BAD), UNUSED, "rejected", 3),
    "wrong key, no body": ((ProbeResponse(status=401), ProbeResponse(status=401)), UNUSED, "rejected", 3),
    "open listing, the completion judges": ((LISTED, LISTED), (INVALID, BAD), "accepted-not-proven", 4),
    "open listing, the completion judges by 403": ((LISTED, LISTED), (INVALID, FORBIDDEN), "accepted-not-proven", 4),
    "open listing, the completion judges, 422": ((LISTED, LISTED), (error(422), BAD), "accepted-not-proven", 4),
    "open listing, the completion judges, 404": ((LISTED, LISTED), (MISSING, BAD), "accepted-not-proven", 4),
    "open listing, wrong key": ((LISTED, LISTED), (BAD, BAD), "rejected", 4),
    "open listing, no completion": ((LISTED, LISTED), (MISSING, MISSING), "key-not-checked", 4),
    "open listing, no credit": ((LISTED, LISTED), (QUOTA, BAD), "provider-trouble", 3),
    "open listing, busy": ((LISTED, LISTED), (BUSY, BUSY), "provider-trouble", 3),
    "open listing, limited key": ((LISTED, LISTED), (SCOPES_403, BAD), "accepted-not-proven", 4),
    "open listing, forbidden both": ((LISTED, LISTED), (FORBIDDEN, FORBIDDEN), "cannot-tell", 4),
    "open listing, a guard for the control": ((LISTED, LISTED), (INVALID, WAF), "cannot-tell", 4),
    "open listing, a guard's 400 for the control": ((LISTED, LISTED), (INVALID, WAF_400), "cannot-tell", 4),
    "open listing, a guard for the key": ((LISTED, LISTED), (WAF, BAD), "cannot-tell", 3),
    "open listing, a guard's 400 for the key": ((LISTED, LISTED), (WAF_400, BAD), "cannot-tell", 3),
    "open listing, completion in trouble for the key": ((LISTED, LISTED), (DOWN, BAD), "cannot-tell", 4),
    "open listing, completion in trouble for the control": ((LISTED, LISTED), (INVALID, DOWN), "cannot-tell", 4),
    "open listing, the completion says 200 to the key": ((LISTED, LISTED), (HTML, BAD), "cannot-tell", 4),
    "open listing, the completion says HTML to all": ((LISTED, LISTED), (HTML, HTML), "cannot-tell", 4),
    "open listing, control busy": ((LISTED, LISTED), (INVALID, BUSY), "cannot-tell", 4),
    "no listing, right key": ((MISSING, MISSING), (INVALID, BAD), "accepted-not-proven", 3),
    "no listing (405), right key": ((error(405), error(405)), (INVALID, BAD), "accepted-not-proven", 3),
    "no listing, wrong key": ((MISSING, MISSING), (BAD, BAD), "rejected", 3),
    "no listing, nothing there": ((MISSING, MISSING), (MISSING, MISSING), "cannot-tell", 3),
    "no listing, same for both": ((MISSING, MISSING), (INVALID, INVALID), "key-not-checked", 3),
    "limited scope": ((SCOPES, BAD), UNUSED, "accepted-limited", 4),
    "limited scope by 403": ((SCOPES_403, ANTHROPIC_BAD), UNUSED, "accepted-limited", 4),
    "limited scope whatever the key": ((SCOPES, SCOPES), UNUSED, "cannot-tell", 2),
    "limited scope, a guard for the control": ((SCOPES_403, WAF), UNUSED, "cannot-tell", 2),
    "a guard for the control": ((LISTED, WAF), UNUSED, "cannot-tell", 2),
    "a guard's 400 for the control": ((LISTED, WAF_400), UNUSED, "cannot-tell", 2),
    "a guard's JSON for the control": ((LISTED, WAF_JSON), UNUSED, "cannot-tell", 2),
    "a 422 for the control": ((LISTED, error(422)), UNUSED, "cannot-tell", 2),
    "a guard for the key": ((WAF, BAD), UNUSED, "cannot-tell", 1),
    "a guard's 400 for the key": ((WAF_400, BAD), UNUSED, "cannot-tell", 1),
    "a guard's JSON for the key": ((WAF_JSON, BAD), UNUSED, "cannot-tell", 1),
    "403 both": ((FORBIDDEN, FORBIDDEN), UNUSED, "cannot-tell", 3),
    "403 against 401": ((FORBIDDEN, BAD), UNUSED, "cannot-tell", 2),
    "a revoked key, 403 against 401": ((REVOKED, BAD), UNUSED, "rejected", 3),
    "an expired key, 401": ((EXPIRED, BAD), UNUSED, "rejected", 3),
    "403 against a listing": ((FORBIDDEN, LISTED), UNUSED, "cannot-tell", 2),
    "no credit, 429": ((QUOTA, BAD), UNUSED, "provider-trouble", 1),
    "no credit, 402": ((BILLING, BAD), UNUSED, "provider-trouble", 1),
    "no credit, 402 without words": ((ProbeResponse(status=402), BAD), UNUSED, "provider-trouble", 1),
    "no credit, old 400": ((OLD_BILLING, BAD), UNUSED, "provider-trouble", 1),
    "rate limit": ((BUSY, BUSY), UNUSED, "provider-trouble", 1),
    "rate limit on the control": ((LISTED, BUSY), UNUSED, "cannot-tell", 2),
    "trouble on the control": ((LISTED, DOWN), UNUSED, "cannot-tell", 2),
    "503": ((DOWN, DOWN), UNUSED, "provider-trouble", 1),
    "500": ((error(500), error(500)), UNUSED, "provider-trouble", 1),
    "redirect": ((moved(302, f"https://evil.example/{KEY}"), BAD), UNUSED, "cannot-tell", 1),
    "redirect without a place": ((ProbeResponse(status=307), BAD), UNUSED, "cannot-tell", 1),
    "redirect to nonsense": ((moved(301, "http://[oops"), BAD), UNUSED, "cannot-tell", 1),
    "HTML": ((HTML, HTML), UNUSED, "cannot-tell", 1),
    "HTML for a wrong key only": ((LISTED, HTML), UNUSED, "cannot-tell", 2),
    "204": ((ProbeResponse(status=204), BAD), UNUSED, "cannot-tell", 1),
    "teapot": ((error(418), BAD), UNUSED, "cannot-tell", 1),
    "100": ((ProbeResponse(status=100), BAD), UNUSED, "cannot-tell", 1),
}
# In OpenAI's dialect the API may be next to it, with or without /v1: one more request.
LOOKS_ASIDE = {"no listing, nothing there", "HTML", "204"}
TABLE = [
    pytest.param(
        vendor,
        *row,
        name in LOOKS_ASIDE and vendor != ANTHROPIC,
        id=f"{vendor[0]} {'http' if vendor[1] == LOCAL else 'https'}: {name}",
    )
    for vendor in EVERYWHERE
    for name, row in SERVERS.items()
]


@pytest.mark.spec("Sends a test request to the provider's API")
@pytest.mark.spec("Green checkmark -- The credential is valid")
@pytest.mark.parametrize(("vendor", "listing", "completion", "outcome", "asks", "aside"), TABLE)
def test_what_a_server_answers_decides_the_verdict(
    vendor: tuple[str, str],
    listing: tuple[ProbeResponse, ProbeResponse],
    completion: tuple[ProbeResponse, ProbeResponse],
    outcome: str,
    asks: int,
    aside: bool,
) -> None:
    slug, base_url = vendor
    run = drive(probe(slug, base_url=base_url), server(listing=listing, completion=completion))
    assert (run.outcome, len(run.asks)) == (outcome, asks + aside)
    assert (run.asks[-1].method, run.asks[-1].purpose.startswith("Look for the API at ")) == ("GET", True) or not aside
    assert run.verdict.reason
    assert KEY not in run.words
    assert ECHO not in run.words
    assert all(ask.json == {} if ask.method == "POST" else ask.json is None for ask in run.asks), "tokens were spent"
    assert all(KEY not in ask.url + ask.purpose + repr(ask) for ask in run.asks)


@pytest.mark.parametrize(
    ("vendor", "any_key"), [(COMPATIBLE, True), (GATEWAY, False), (OPENAI, False), (ANTHROPIC, False)]
)
def test_a_server_that_takes_any_key_is_called_so_only_on_plain_http(vendor: tuple[str, str], *, any_key: bool) -> None:
    open_server = server(listing=(LISTED, LISTED), completion=(INVALID, INVALID))
    run = drive(probe(vendor[0], base_url=vendor[1]), open_server)
    assert (run.outcome, len(run.asks)) == ("key-not-checked", 4)
    assert ("takes any key" in run.words) is any_key


@pytest.mark.parametrize("other", [EMPTY, BARE, ProbeResponse(status=200, json={"data": [{"id": "other"}]})])
def test_a_server_takes_any_key_only_when_its_answers_are_the_same(other: ProbeResponse) -> None:
    """Lists that differ by key are no sign of an open server, and one that comes back empty is a refusal."""
    blind = server(listing=(LISTED, other), completion=(INVALID, INVALID))
    run = drive(probe("openai_compatible", base_url=LOCAL), blind)
    assert run.outcome == ("verified" if other is EMPTY else "key-not-checked" if other is BARE else "cannot-tell")
    wanting = (error(400, "a", "model is required"), error(400, "b", "messages are required"))
    run = drive(probe("openai_compatible", base_url=LOCAL), server(listing=(LISTED, LISTED), completion=wanting))
    assert run.outcome == "cannot-tell"


@pytest.mark.parametrize(
    ("answer", "outcome", "asks"),
    [
        (LISTED, "key-not-checked", 1),
        (BARE, "key-not-checked", 1),
        (BAD, "rejected", 1),
        (HTML, "cannot-tell", 2),  # the second one looks next to it
        (FORBIDDEN, "cannot-tell", 1),
        (WAF, "cannot-tell", 1),
        (MISSING, "cannot-tell", 2),
        (BUSY, "provider-trouble", 1),
        (DOWN, "provider-trouble", 1),
        (moved(308, "https://elsewhere.example/"), "cannot-tell", 1),
    ],
)
def test_without_a_key_no_control_is_asked_and_nothing_is_called_verified(
    answer: ProbeResponse, outcome: str, asks: int
) -> None:
    run = drive(probe("openai_compatible", key="", base_url=LOCAL), lambda _: answer)
    assert (run.outcome, len(run.asks)) == (outcome, asks)
    assert all("Authorization" not in ask.headers for ask in run.asks)


def deep(levels: int) -> object:
    value: object = {"id": "x"}
    for _ in range(levels):
        value = {"error": value}
    return value


@pytest.mark.parametrize(
    "body",
    [
        None,
        0,
        True,
        "text",
        1.5,
        ["gpt-9"],
        [None],
        [[]],
        {},
        {"data": None},
        {"data": "gpt-9"},
        {"data": ["gpt-9"]},
        {"data": [{"id": 9}]},
        {"data": [{"id": None}]},
        {"data": {"id": "gpt-9"}},
        {"error": {"message": "down"}},
        {"models": [{"id": "gpt-9"}]},
        deep(400),
    ],
    ids=lambda body: repr(body)[:24],
)
@pytest.mark.parametrize("vendor", EVERYWHERE)
def test_a_200_that_is_no_listing_proves_nothing(vendor: tuple[str, str], body: object) -> None:
    odd = ProbeResponse(status=200, json=body)  # type: ignore[arg-type]
    run = drive(probe(vendor[0], base_url=vendor[1]), lambda ask: odd)
    assert (run.outcome, len(run.asks)) == ("cannot-tell", 1 if vendor == ANTHROPIC else 2)
    assert "answers at" not in run.verdict.advice, "offered a place that is no listing either"


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 418, 422, 429, 500, 529])
@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        ["x"],
        "text",
        7,
        {"error": None},
        {"error": []},
        {"error": {"message": None, "code": 401, "type": []}},
        {"error": {"code": {"deep": 1}}},
        {"detail": [{"msg": "x"}]},
        deep(400),
    ],
    ids=lambda body: repr(body)[:24],
)
def test_an_error_of_any_shape_is_read_without_a_fault(status: int, body: object) -> None:
    answer = ProbeResponse(status=status, json=body)  # type: ignore[arg-type]
    run = drive(probe("openai"), lambda _: answer)
    assert run.verdict.outcome.mark != "pass"
