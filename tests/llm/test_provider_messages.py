"""The provider's own words: found in every error shape, and shown without a secret or a part of one."""

import re
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from credstore.credential_types.llm.response_meaning import Meaning, classify, provider_message
from credstore.probe import Outcome, Probe, ProbeRequest, ProbeResponse, Verdict
from credstore.redaction import LONGEST_TEXT, foreign_text_redactor
from credstore.tester import SAID_LENGTH, Tester

KEY = "sk-proj-Abc+Def/012345678901234567890123WXYZ"


def shown(text: str, *facts: str, secrets: tuple[str, ...] = (KEY,)) -> Verdict:
    class NoDoor:
        def send(self, ask: ProbeRequest, *, deadline: float) -> ProbeResponse:
            raise AssertionError("nothing is asked")

    def probe() -> Probe:
        return Verdict(outcome=Outcome.REJECTED, reason="Why.", provider_message=text, facts=facts)
        yield  # makes it a generator

    return Tester(NoDoor()).run(probe(), secrets)


@pytest.mark.parametrize(
    ("status", "body", "reading", "words"),
    [
        (401, {"error": {"message": "Incorrect API key.", "code": "invalid_api_key"}}, Meaning.REFUSED, "Incorrect"),
        (401, {"error": {"message": "User not found.", "code": 401}}, Meaning.REFUSED, "User not found."),
        (200, {"error": {"message": "User not found.", "code": 401}}, Meaning.REFUSED, "User not found."),
        (401, {"error": "Unauthorized"}, Meaning.REFUSED, "Unauthorized"),
        (401, {"detail": "Unauthorized"}, Meaning.REFUSED, "Unauthorized"),
        (
            422,
            {"detail": [{"msg": "Field required", "loc": ["model"]}, {"msg": "b"}]},
            Meaning.UNPROCESSABLE,
            "Field req",
        ),
        (422, {"detail": ["one", "two"]}, Meaning.UNPROCESSABLE, "one; two"),
        (401, {"message": "Authentication failed", "code": 1000}, Meaning.REFUSED, "Authentication failed"),
        (401, {"statusCode": 401, "message": "Access denied"}, Meaning.REFUSED, "Access denied"),
        (
            401,
            {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}},
            Meaning.REFUSED,
            "invalid x-api-key",
        ),
        (
            403,
            {"type": "error", "error": {"type": "permission_error", "message": "Not for this key"}},
            Meaning.LIMITED,
            "Not for this key",
        ),
        (400, {"error": {"code": 400, "message": "API key not valid.", "status": "X"}}, Meaning.REFUSED, "API key not"),
        (400, {"error": "Incorrect API key provided: ab***cd."}, Meaning.REFUSED, "Incorrect"),
        (402, {"error": {"message": "Insufficient Balance"}}, Meaning.NO_CREDIT, "Insufficient Balance"),
        (400, {"error": {"message": "Your credit balance is too low"}}, Meaning.NO_CREDIT, "Your credit"),
        (429, {"error": {"message": "Quota", "type": "insufficient_quota"}}, Meaning.NO_CREDIT, "Quota"),
        (429, {"error": {"message": "Slow down", "code": "rate_limit_exceeded"}}, Meaning.RATE_LIMITED, "Slow down"),
        (
            503,
            {"error": {"message": "Loading model", "type": "unavailable_error"}},
            Meaning.MODEL_LOADING,
            "Loading model",
        ),
        (503, {"error": {"message": "Overloaded"}}, Meaning.SERVER_ERROR, "Overloaded"),
        (401, {"error": {"message": ["a"], "code": None}}, Meaning.REFUSED, "a"),
        (401, {"error": [], "detail": {"message": "deep"}}, Meaning.REFUSED, "deep"),
        (401, {"error": " "}, Meaning.REFUSED, ""),
        (401, "Unauthorized", Meaning.REFUSED, ""),
        (401, None, Meaning.REFUSED, ""),
        (200, {"message": "hello"}, Meaning.NOT_THIS_API, ""),
        (200, {"error": {"code": True}}, Meaning.NOT_THIS_API, ""),
    ],
)
def test_every_error_shape_is_understood(status: int, body: Any, reading: Meaning, words: str) -> None:
    answer = ProbeResponse(status=status, json=body)
    assert classify(answer) is reading
    assert provider_message(answer).startswith(words)
    assert bool(provider_message(answer)) == bool(words)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "detail", "message", "code", "data", "id", "msg"]), inner)
    ),
    max_leaves=12,
)


@given(st.integers(100, 599), JSON)
def test_no_body_confuses_the_reading(status: int, body: Any) -> None:
    answer = ProbeResponse(status=status, json=body)
    assert isinstance(classify(answer), Meaning)
    assert isinstance(provider_message(answer), str)


ECHOES = [
    KEY,
    KEY.upper(),
    quote(KEY),
    quote(KEY, safe=""),
    b64encode(KEY.encode()).decode(),
    b64encode(b"me:" + KEY.encode()).decode(),
    b64encode(b"user:" + KEY.encode() + b"!").decode(),
    "sk-proj-****WXYZ",
    "sk-…WXYZ",
    "sk-p...XYZ",
    "********************************WXYZ.",
    KEY[-6:],
    KEY[:20],
    KEY[10:30],
    "xx" + KEY[-9:] + "yy",
    "\u200b".join(KEY),
    KEY[:20] + "\n" + KEY[20:],
]


@pytest.mark.parametrize("echo", ECHOES)
def test_an_echo_of_the_key_never_shows_whole_or_in_part(echo: str) -> None:
    for text in (f"Incorrect API key provided: {echo}", f"key={echo}, again '{echo}'", f"({echo})"):
        verdict = shown(text, text)
        for words in (verdict.provider_message, *verdict.facts):
            bare = re.sub(r"[^\w+/%]", "", words)
            assert "[secret]" in words
            assert not any(part in bare for part in ("WXYZ", "XYZ", "Abc", KEY[10:16], "Def", echo[4:12]))


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc", b"user:", b"Bearer "])
def test_base64_of_more_than_the_key_shows_at_no_alignment(before: bytes) -> None:
    secret = "tG7#kqPz9!vXw2LmRb5Y"
    coded = b64encode(before + secret.encode() + b"\r\n").decode()
    words = shown(f"Basic {coded} is wrong", secrets=(secret,)).provider_message
    assert words.replace("=", "") == "Basic [secret] is wrong"  # the padding tells nothing


@pytest.mark.parametrize("secret", ["ab1!", "a b c", "one two"])
def test_a_short_or_spaced_secret_goes_as_a_whole(secret: str) -> None:
    assert shown(f"Not {secret}, no", secrets=(secret,)).provider_message == "Not [secret], no"


def test_a_key_across_the_cut_is_scrubbed_before_the_cut() -> None:
    for before in range(SAID_LENGTH - len(KEY) - 2, SAID_LENGTH + 2):
        words = shown("a" * (before - 1) + " " + KEY + " tail").provider_message
        assert len(words) <= SAID_LENGTH
        assert "sk-" not in words


@pytest.mark.parametrize("gap", [0, 4, 10, len(KEY)])
def test_a_key_across_the_bound_of_a_huge_message_is_not_left_in_halves(gap: int) -> None:
    # Scrubbing shortens: keys before the bound pull the broken one into what is shown.
    filler = ("\u200b" * 40 + " ") * 600
    assert "sk-" not in shown(filler[: LONGEST_TEXT - gap] + KEY).provider_message
    assert "sk-" not in shown((KEY + " ") * 400).provider_message


def test_it_is_one_printable_line() -> None:
    assert shown("a\r\n\tb\x1b[31m\u202ec\x00\u2028d").provider_message == "a b [31mc d"


@pytest.mark.parametrize(
    "words",
    ["You exceeded your current quota, please check your plan.", "invalid x-api-key", "Please wait... and try again."],
)
def test_ordinary_words_stay(words: str) -> None:
    assert shown(words).provider_message == words
    assert shown(words, secrets=()).provider_message == words
    assert shown(words, secrets=("abcd", "")).provider_message == words


def test_facts_are_few_and_short() -> None:
    verdict = shown("", "", *(f"fact {number} " + "y" * 400 for number in range(50)))
    assert len(verdict.facts) <= 12
    assert all(0 < len(fact) <= 120 for fact in verdict.facts)


@given(st.text(max_size=400), st.integers(0, len(KEY) - 6), st.integers(6, len(KEY)), st.text(max_size=20))
@example("", 0, 6, "")
def test_no_six_characters_of_the_key_survive_anywhere(before: str, start: int, length: int, after: str) -> None:
    part = KEY[start : start + length]
    words = shown(f"{before}{part}{after}").provider_message
    assert not any(part[at : at + 6] in words for at in range(len(part) - 5))


def test_of_a_long_secret_ten_characters_in_a_row_are_a_part_and_six_are_chance() -> None:
    secret = "".join(f"{number:04x}" for number in range(1000, 1400))
    clean = foreign_text_redactor({secret})
    assert clean(f"SHA256:{secret[40:47]}/zzzz", 120) == f"SHA256:{secret[40:47]}/zzzz"
    assert clean(f"SHA256:{secret[40:50]}/zzzz", 120) == "SHA256:[secret]"
