"""The words of the check are true: of an organization, of a completion endpoint, of a redirect to a hostile place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.credential_types.llm.response_detail import response_detail
from credstore.credential_types.redirects import redirect_target
from credstore.probe import Outcome, ProbeRequest, ProbeResponse, Verdict
from credstore.tester import Tester
from tests.llm.driving import KEY, LOCAL, REMOTE, Run, carries, drive, probe, server

LISTED = ProbeResponse(status=200, json={"data": [{"id": "m"}]})
BAD = ProbeResponse(status=401, json={"error": {"code": "invalid_api_key", "message": "Incorrect API key provided"}})
MISMATCHED = ProbeResponse(
    status=401,
    json={
        "error": {
            "code": "mismatched_organization",
            "message": "OpenAI-Organization header should match organization for API key",
        }
    },
)
NO_SUCH = ProbeResponse(
    status=401, json={"error": {"code": "invalid_organization", "message": "No such organization: x."}}
)
NAMED = ProbeResponse(status=401, json={"error": {"message": "You are not in this organization."}})
PERMISSION = ProbeResponse(status=403, json={"error": {"type": "permission_error", "message": "no"}})
HTML_403 = ProbeResponse(status=403, body_start=b"<html>")
UNUSED = (ProbeResponse(status=418), ProbeResponse(status=418))


def opened(right: ProbeResponse, wrong: ProbeResponse, base_url: str = REMOTE) -> Run:
    """A server with an open listing, whose completion endpoint answers so to the right key and to another."""
    answers = server(listing=(LISTED, LISTED), completion=(right, wrong))
    return drive(probe("openai_compatible", base_url=base_url), answers)


@pytest.mark.parametrize("refusal", [MISMATCHED, NO_SUCH, NAMED])
def test_a_wrong_organization_is_not_called_a_wrong_key(refusal: ProbeResponse) -> None:
    run = drive(probe("openai", organization="org-77"), server(listing=(refusal, BAD), completion=UNUSED))
    assert (run.outcome, len(run.asks)) == ("rejected", 1)
    assert "refused the organization" in run.verdict.reason
    assert "refused this key" not in run.verdict.reason
    assert run.verdict.advice == "Check the Organization ID."
    run = drive(probe("openai", organization="org-77"), server(listing=(LISTED, LISTED), completion=(refusal, BAD)))
    assert (run.outcome, run.verdict.advice) == ("rejected", "Check the Organization ID.")


@pytest.mark.parametrize("organization", ["", "org-77"])
def test_a_wrong_key_stays_a_wrong_key_whatever_organization_goes_with_it(organization: str) -> None:
    run = drive(probe("openai", organization=organization), lambda ask: BAD)
    assert "refused this key" in run.verdict.reason


def test_without_an_organization_in_the_request_none_is_blamed() -> None:
    run = drive(probe("openai"), lambda ask: NAMED)
    assert run.outcome == "rejected"
    assert "refused this key" in run.verdict.reason
    assert "Organization ID" not in run.verdict.advice


def test_a_made_up_key_refused_by_words_on_the_organization_is_refused_all_the_same() -> None:
    for organization in ("", "org-77"):
        right = drive(probe("openai", organization=organization), server(listing=(LISTED, NAMED), completion=UNUSED))
        assert right.outcome == "verified"


def test_after_a_listing_nobody_says_that_the_key_may_not_list() -> None:
    answers = server(listing=(LISTED, LISTED), completion=(PERMISSION, BAD))
    first = opened(PERMISSION, BAD)
    second = drive(probe("openai_compatible", base_url=REMOTE, openness="open"), answers)
    assert (first.outcome, second.outcome) == ("accepted-not-proven", "accepted-limited")
    assert "may not ask for completions" in second.verdict.reason
    assert "list models" not in first.words + second.words


def test_a_key_that_may_not_list_is_told_so() -> None:
    run = drive(probe("openai"), server(listing=(PERMISSION, BAD), completion=UNUSED))
    assert run.outcome == "accepted-limited"
    assert "may not list models" in run.verdict.reason


def test_at_a_hosts_own_check_no_listing_is_spoken_of() -> None:
    where = probe("openai_compatible", base_url="https://openrouter.ai/api/v1")
    run = drive(where, server(listing=(PERMISSION, BAD), completion=UNUSED))
    assert run.outcome == "accepted-limited"
    assert "list models" not in run.words


@pytest.mark.parametrize(
    "answer", [ProbeResponse(status=500), ProbeResponse(status=503, json={"error": "x"}), ProbeResponse(status=200)]
)
@pytest.mark.parametrize(("base_url", "any_key"), [(LOCAL, True), (REMOTE, False)])
def test_a_completion_that_says_the_same_to_any_key_is_no_trouble_for_ever(
    answer: ProbeResponse, base_url: str, *, any_key: bool
) -> None:
    run = opened(answer, answer, base_url)
    assert len(run.asks) == 4
    assert run.verdict.outcome is (Outcome.KEY_NOT_CHECKED if any_key and answer.status >= 500 else Outcome.CANNOT_TELL)
    assert "minute" not in run.words
    assert ("5xx" in run.verdict.reason) is (answer.status >= 500)


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"data": []}, {"error": "model is required"}])
def test_a_local_completion_that_says_200_in_json_to_any_key_takes_any_key(body: dict[str, object]) -> None:
    answer = ProbeResponse(status=200, json=body)  # type: ignore[arg-type]
    local, remote = opened(answer, answer, LOCAL), opened(answer, answer)
    assert (local.outcome, len(local.asks)) == ("key-not-checked", 4)
    assert "takes any key" in local.verdict.reason
    assert (remote.outcome, len(remote.asks)) == ("cannot-tell", 4)


@pytest.mark.parametrize("base_url", [LOCAL, REMOTE])
def test_a_guards_page_to_the_key_is_not_green_whatever_a_made_up_key_would_get(base_url: str) -> None:
    run = opened(HTML_403, BAD, base_url)
    assert (run.outcome, len(run.asks)) == ("cannot-tell", 3)
    assert "firewall or bot guard" in run.verdict.reason


@pytest.mark.parametrize("answer", [ProbeResponse(status=500), ProbeResponse(status=200, json={})])
@pytest.mark.parametrize("base_url", [LOCAL, REMOTE])
def test_beside_a_refused_control_an_answer_that_is_no_apis_is_not_green(answer: ProbeResponse, base_url: str) -> None:
    run = opened(answer, BAD, base_url)
    assert (run.outcome, len(run.asks)) == ("cannot-tell", 4)
    assert "refused a made-up key" in run.verdict.reason


def test_a_guards_page_beside_a_refused_control_is_not_accepted_limited() -> None:
    run = drive(probe("openai"), server(listing=(HTML_403, BAD), completion=UNUSED))
    assert run.outcome == "cannot-tell"
    assert "firewall or bot guard" in run.verdict.reason


LONG = ".".join(["a" * 60] * 5)
HOSTILE = [
    f"https://{LONG}.example/",
    f"https://{'a' * 64}.example/",
    "https://a b.example/",
    "https://a%20b.example/",
    "https://<script>.example/",
    "https://evil\u202eelpmaxe.example/",
    "https://-a.example/",
    "https://1.2.3/",
    "https://[::zz]/",
    "http://[oops",
    "https://Call.555-1234.now!/",
]


@pytest.mark.parametrize("location", HOSTILE)
def test_a_host_that_is_no_host_name_is_not_shown(location: str) -> None:
    moved = ProbeResponse(status=302, headers={"location": location})
    assert response_detail(moved, KEY) == "an address that is not valid"


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("https://Login.Example.com:8443/x?y", "https://login.example.com:8443"),
        ("http://gateway.example.com/v1/models", "http://gateway.example.com"),
        ("https://user:pass@login.example.com/", "https://login.example.com"),
        ("https://login.example.com./", "https://login.example.com"),
        ("https://[2001:DB8::1]/", "https://[2001:db8::1]"),
        ("//other.example/", "other.example"),
        ("/login", "another page of the same host"),
        ("", "an address that is not valid"),
        ("file:///etc/passwd", "a “file:” address, which is not on the web"),
        ("data:text/html,x", "a “data:” address, which is not on the web"),
        ("javascript:alert(1)", "a “javascript:” address, which is not on the web"),
    ],
)
def test_the_target_of_a_redirect_is_told_exactly(location: str, host: str) -> None:
    moved = ProbeResponse(status=302, headers={"location": location})
    assert response_detail(moved, KEY) == host
    run = drive(probe("openai_compatible", base_url=REMOTE), lambda _: moved)
    assert f"redirect to {host};" in run.verdict.reason


@given(
    st.sampled_from(["https:", "http:", "file:", "data:", "javascript:", "ftp:", ""]),
    st.sampled_from(["//", "///", "", "/"]),
    st.text("abc.:@[]%1", max_size=12),
)
def test_a_redirect_is_told_of_an_llm_as_of_every_other_type(scheme: str, slashes: str, rest: str) -> None:
    moved = ProbeResponse(status=302, headers={"location": scheme + slashes + rest})
    assert redirect_target(moved, [KEY]) in drive(probe("openai", base_url=REMOTE), lambda _: moved).verdict.reason


@pytest.mark.parametrize("shape", [str, str.upper, str.lower, str.swapcase])
@pytest.mark.parametrize("parts", [(KEY,), (KEY[:12], KEY[12:])])
def test_the_key_in_a_redirect_appears_in_no_case_and_in_no_parts(shape: type[str], parts: tuple[str, ...]) -> None:
    location = f"https://{shape('.'.join(parts))}.evil.example/{shape(KEY)}"

    class Client:
        def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
            assert carries(ask.headers, KEY)
            return ProbeResponse(status=302, headers={"location": location})

    verdict: Verdict = Tester(Client()).run(probe("openai"), (KEY,))
    shown = repr(verdict).casefold()
    assert verdict.outcome is Outcome.CANNOT_TELL
    assert not any(KEY[at : at + 8].casefold() in shown for at in range(len(KEY) - 7))


@pytest.mark.parametrize("shape", [str, str.upper, str.lower, str.swapcase])
def test_the_tester_alone_scrubs_the_key_in_any_case(shape: type[str]) -> None:
    class Client:
        def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
            raise AssertionError("nothing is asked")

    def leaky():  # type: ignore[no-untyped-def]
        yield from ()
        return Verdict(outcome=Outcome.CANNOT_TELL, reason=f"To {shape(KEY)}.evil.example.")

    assert Tester(Client()).run(leaky(), (KEY,)).reason == "To [secret].evil.example."
