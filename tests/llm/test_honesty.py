"""Properties: no green without a made-up key refused, and made-up keys that could never be the key itself."""

import json
import re
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.credential_types.llm.providers import PROVIDERS
from credstore.credential_types.made_up_key import made_up_key
from credstore.probe import LABELS, Json, Outcome, ProbeRequest, ProbeResponse
from tests.llm.driving import KEY, LOCAL, REMOTE, carries, drive, probe

WORDS_OF_ERRORS = [
    "invalid_api_key",
    "insufficient_quota",
    "Missing scopes: x",
    "permission_error",
    "billing_error",
    KEY,
]
texts = st.sampled_from(WORDS_OF_ERRORS) | st.text(max_size=8)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
models = st.lists(st.fixed_dictionaries({"id": texts}), max_size=2)
listings = models | st.fixed_dictionaries({"data": models})
errors = st.fixed_dictionaries(
    {"error": texts | st.fixed_dictionaries({"code": leaves, "message": texts, "type": texts})}
)
bodies = listings | errors | trees
headers = st.just({}) | st.fixed_dictionaries({"location": st.text(max_size=12) | st.just("https://e.example/x")})
statuses = st.sampled_from([200, 201, 204, 302, 400, 401, 402, 403, 404, 405, 422, 429, 500, 503]) | st.integers(
    100, 599
)
answers = st.builds(ProbeResponse, status=statuses, headers=headers, json=bodies)
vendors = st.sampled_from([(p.slug, url) for p in PROVIDERS for url in (p.base_url, LOCAL, REMOTE) if url])


@given(vendor=vendors, listing=answers, completion=answers)
def test_a_server_that_does_not_look_at_the_key_never_gives_a_passing_verdict(
    vendor: tuple[str, str], listing: ProbeResponse, completion: ProbeResponse
) -> None:
    run = drive(probe(vendor[0], base_url=vendor[1]), lambda ask: completion if ask.method == "POST" else listing)
    assert run.verdict.outcome.mark != "pass"


@given(vendor=vendors, right=st.tuples(answers, answers), wrong=st.tuples(answers, answers))
def test_whatever_is_answered_there_is_a_verdict_in_our_own_words(
    vendor: tuple[str, str], right: tuple[ProbeResponse, ProbeResponse], wrong: tuple[ProbeResponse, ProbeResponse]
) -> None:
    def respond(ask: ProbeRequest) -> ProbeResponse:
        return (right if carries(ask.headers, KEY) else wrong)[ask.method == "POST"]

    run = drive(probe(vendor[0], base_url=vendor[1]), respond)
    assert len(run.asks) <= 4
    assert all(ask.json == {} for ask in run.asks if ask.method == "POST")
    assert all(ask.method in {"GET", "POST"} for ask in run.asks)
    assert KEY not in run.words
    if run.verdict.outcome.mark == "pass":
        assert any(not carries(ask.headers, KEY) for ask in run.asks), "green without a look at a made-up key"


@given(key=st.text("abcABC019-_.", min_size=0, max_size=40), listing=answers)
def test_a_listing_refused_with_401_is_never_green(key: str, listing: ProbeResponse) -> None:
    run = drive(probe("openai_compatible", key=key, base_url=LOCAL), lambda _: ProbeResponse(status=401, json=None))
    assert run.outcome == "rejected"


PRINTABLE = string.ascii_letters + string.digits + string.punctuation


@given(st.text(PRINTABLE, min_size=1, max_size=60))
def test_a_made_up_key_is_not_the_key(key: str) -> None:
    fake = made_up_key(key)
    assert fake != key
    assert fake.isascii()
    assert fake.isprintable()
    assert " " not in fake


ALPHABETS = {
    "digits": string.digits,
    "hexadecimal": "0123456789abcdef",
    "capital hexadecimal": "0123456789ABCDEF",
    "base32": string.ascii_uppercase + "234567",
    "base62": string.ascii_letters + string.digits,
    "base64url": string.ascii_letters + string.digits + "-_",
    "printable": PRINTABLE,
}
words = st.sampled_from(sorted(ALPHABETS)).flatmap(lambda name: st.text(ALPHABETS[name], min_size=1, max_size=24))
keys = st.lists(words, min_size=1, max_size=4).flatmap(
    lambda parts: st.sampled_from(["-", "_", ".", ":", "/", "|", ""]).map(lambda mark: mark.join(parts))
)


@given(keys.filter(lambda key: any(char.isalnum() for char in key)))
def test_a_made_up_key_has_the_form_of_the_key_and_differs_in_its_tail_only(key: str) -> None:
    """Length, separators, the class of each character, the alphabet of each word; no more than twelve changed."""
    fakes = {made_up_key(key)}
    fakes.add(made_up_key(key, other_than=fakes))
    assert len(fakes | {key}) == 3
    for fake in fakes:
        assert len(fake) == len(key)
        for old, new in zip(key, fake, strict=True):
            assert (old.islower(), old.isupper(), old.isdigit()) == (new.islower(), new.isupper(), new.isdigit())
            assert old.isalnum() or new == old
        changed = [place for place, (old, new) in enumerate(zip(key, fake, strict=True)) if old != new]
        places = [place for place, char in enumerate(key) if char.isalnum()]
        assert 1 <= len(changed) <= 12
        assert len(changed) <= (len(places) + 1) // 2, "the beginning stays"
        assert changed[0] >= places[len(places) // 2]
        for old, new in zip(re.split("[^A-Za-z0-9]", key), re.split("[^A-Za-z0-9]", fake), strict=True):
            narrow = (ALPHABETS[name] for name in ("digits", "hexadecimal", "capital hexadecimal", "base32", "base62"))
            assert set(new) <= set(next(alphabet for alphabet in narrow if set(old) <= set(alphabet)))


@pytest.mark.parametrize("prefix", ["sk-", "sk-proj-", "sk-ant-api03-", "sk-or-v1-", "gsk_", "hf_", "pplx-", "xai-"])
def test_a_made_up_key_keeps_any_vendors_prefix_and_never_repeats(prefix: str) -> None:
    secret = "0123456789abcdefABCDEF" * 4
    fakes = {made_up_key(prefix + secret) for _ in range(20)}
    assert len(fakes) == 20
    assert all(fake.startswith(prefix + secret[:-16]) for fake in fakes)


@given(st.binary(min_size=16, max_size=64), st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3))
def test_a_made_up_token_stays_a_json_web_token(signature: bytes, claims: dict[str, str]) -> None:
    def part(data: bytes) -> str:
        return urlsafe_b64encode(data).decode().rstrip("=")

    token = ".".join((part(b'{"alg":"HS256"}'), part(json.dumps(claims).encode()), part(signature)))
    fake = made_up_key(token)
    assert fake.rpartition(".")[0] == token.rpartition(".")[0]
    made = fake.rpartition(".")[2]
    decoded = urlsafe_b64decode(made + "=" * (-len(made) % 4))
    assert part(decoded) == made, "not what base64 writes"
    assert decoded != signature


@pytest.mark.parametrize("key", ["-", "--", "_._", "....", "sk-", "a", "7", "-a-"])
def test_even_an_odd_key_gets_another_one(key: str) -> None:
    assert made_up_key(key) != key


@pytest.mark.spec("Green checkmark -- The credential is valid")
@pytest.mark.spec("Red X -- The test failed (hover for details)")
def test_green_means_accepted_and_red_means_failed() -> None:
    marks = {mark: {o.value for o in Outcome if o.mark == mark} for mark in ("pass", "fail", "unsure")}
    assert marks == {
        "pass": {"verified", "accepted-limited"},
        "fail": {"rejected", "not-reached", "blocked", "unreadable"},
        "unsure": {
            "accepted-not-proven",
            "cannot-tell",
            "key-not-checked",
            "provider-trouble",
            "untested",
            "stale",
        },
    }


def test_every_outcome_has_a_word_of_its_own() -> None:
    assert LABELS.keys() == set(Outcome)
    assert len(set(LABELS.values())) == len(Outcome)


HTML = b"<html><h1>401 Authorization Required</h1></html>"
OTHER_LOGINS = st.sampled_from(
    [
        ('Basic realm="Restricted"', "a user name and password (Basic)"),
        ("Basic realm=x, Digest nonce=y", "a user name and password (Basic) or a user name and password (Digest)"),
        ("Negotiate", "a Kerberos login (Negotiate)"),
        ("NTLM", "a Windows login (NTLM)"),
        ("Totp realm=<script>", "another kind of login"),
    ]
)


@given(
    st.sampled_from(["openai", "openai_compatible", "anthropic"]),
    st.sampled_from([KEY, ""]),
    OTHER_LOGINS,
    st.sampled_from([None, {}, {"realm": "x"}]),
    st.sampled_from([LOCAL, REMOTE]),
)
def test_a_login_in_front_of_a_server_refused_no_key(
    slug: str, key: str, login: tuple[str, str], body: Json, base: str
) -> None:
    """Whoever asks for another kind of login did not look at the key: cannot tell, and the words name that login."""
    challenge, named = login
    wall = ProbeResponse(status=401, headers={"www-authenticate": challenge}, json=body, body_start=HTML)
    run = drive(probe(slug, key=key, base_url=base), lambda _: wall)
    assert run.verdict.outcome is Outcome.CANNOT_TELL
    assert f"asks for {named} (401)" in run.verdict.reason
    assert len(run.asks) == 1


@given(OTHER_LOGINS)
def test_a_login_that_stands_before_completions_only_refused_no_key(login: tuple[str, str]) -> None:
    wall = ProbeResponse(status=401, headers={"www-authenticate": login[0]}, body_start=HTML)
    listed = ProbeResponse(status=200, json={"data": [{"id": "m"}]})
    run = drive(probe("openai_compatible", base_url=REMOTE), lambda ask: wall if ask.method == "POST" else listed)
    assert run.verdict.outcome is Outcome.CANNOT_TELL


@pytest.mark.parametrize(
    ("slug", "challenge", "body"),
    [
        ("openai", "Bearer", None),
        ("openai", 'Basic realm="x", Bearer realm="y"', None),
        ("openai", "", None),
        ("openai", "Basic", {"error": {"message": "Incorrect API key provided"}}),
        ("anthropic", "", None),
        ("anthropic", 'ApiKey realm="x"', None),
        ("anthropic", "Bearer", {"error": {"type": "authentication_error", "message": "invalid x-api-key"}}),
    ],
)
def test_a_401_for_the_key_itself_is_red(slug: str, challenge: str, body: Json) -> None:
    headers = {"www-authenticate": challenge} if challenge else {}
    refusal = ProbeResponse(status=401, headers=headers, json=body)
    assert drive(probe(slug), lambda _: refusal).verdict.outcome is Outcome.REJECTED
