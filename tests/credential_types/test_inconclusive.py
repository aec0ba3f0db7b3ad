"""Redirects told exactly and never with a secret; challenges, caches and words that make a refusal say nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credstore.credential_types.inconclusive import (
    challenges,
    from_cache,
    inconclusive_verdict,
    names_bad_credential,
    unfounded_refusal,
)
from credstore.credential_types.redirects import redirect_target
from credstore.probe import Outcome, ProbeResponse

KEY = "sk-canary-0123456789abcdef"


def moved(location: str) -> ProbeResponse:
    return ProbeResponse(status=302, headers={"location": location})


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://sso.example/login?next=/a", "https://sso.example"),
        ("http://api.example.com/v1", "http://api.example.com"),
        ("HTTPS://API.Example.com:8443/x#y", "https://api.example.com:8443"),
        ("https://ann:pw@evil.example/", "https://evil.example"),
        ("//evil.example/x", "evil.example"),
        ("/login", "another page of the same host"),
        ("login?x=1", "another page of the same host"),
        ("", "an address that is not valid"),
        ("file:///etc/passwd", "a “file:” address, which is not on the web"),
        ("file:/etc/passwd", "a “file:” address, which is not on the web"),
        ("FILE://host/share", "a “file:” address, which is not on the web"),
        ("ftp://files.example/x", "a “ftp:” address, which is not on the web"),
        ("gopher://127.0.0.1:6379/_x", "a “gopher:” address, which is not on the web"),
        ("javascript:alert(1)", "a “javascript:” address, which is not on the web"),
        ("data:text/html,x", "a “data:” address, which is not on the web"),
        ("https:/path", "an address that is not valid"),
        ("http://[oops", "an address that is not valid"),
        ("https://a b/", "an address that is not valid"),
        (f"https://{KEY}.evil.example/", "an address with a part of the key in it"),
        (f"https://{KEY[::-1]}.evil.example/", "an address with a part of the key in it"),
        (f"https://{KEY.encode().hex()}.evil.example/", "an address with a part of the key in it"),
        (f"{KEY[:20].lower()}:x", "an address with a part of the key in it"),
    ],
)
def test_a_redirect_is_told_exactly_and_never_with_the_key(location: str, target: str) -> None:
    assert redirect_target(moved(location), [KEY]) == target


@given(st.text(max_size=60) | st.from_regex(r"[a-z]{1,8}:/{0,3}[ -~]{0,40}", fullmatch=True))
def test_no_location_confuses_it_or_gets_a_path_or_query_shown(location: str) -> None:
    told = redirect_target(moved(location), [KEY])
    assert told.isprintable()
    assert "?" not in told
    assert "#" not in told
    verdict = inconclusive_verdict("api.example.com", moved(location), [KEY])
    assert verdict
    assert verdict.outcome is Outcome.CANNOT_TELL


@pytest.mark.parametrize(
    ("header", "schemes"),
    [
        ("Basic", {"basic"}),
        ('Basic realm="git"', {"basic"}),
        ('Basic realm="Digest, Negotiate x"', {"basic"}),
        ('Digest realm="a", qop="auth, auth-int", nonce="n=="', {"digest"}),
        ('Digest realm="a", Basic realm="b"', {"digest", "basic"}),
        ("Negotiate, NTLM", {"negotiate", "ntlm"}),
        ("Negotiate oYG3MIG0oAMKAQE=", {"negotiate"}),
        ('Bearer error="invalid_token", error_description="it \\"ended\\", Digest x"', {"bearer"}),
        ("", set()),
        ('realm="x"', set()),
    ],
)
def test_the_schemes_of_a_challenge(header: str, schemes: set[str]) -> None:
    assert challenges(ProbeResponse(status=401, headers={"www-authenticate": header})) == schemes


@pytest.mark.parametrize(
    ("headers", "cached"),
    [
        ({"age": "1"}, True),
        ({"age": "0"}, False),
        ({"age": "soon"}, False),
        ({"x-cache": "Hit from cloudfront"}, True),
        ({"x-cache": "MISS, HIT"}, True),
        ({"x-cache": "Error from cloudfront"}, False),
        ({"cf-cache-status": "HIT"}, True),
        ({"cf-cache-status": "DYNAMIC"}, False),
        ({"cache-status": "Squid; hit; ttl=10"}, True),
        ({"cache-status": "Squid; fwd=miss"}, False),
        ({}, False),
    ],
)
def test_a_cache_says_that_it_answered(headers: dict[str, str], cached: bool) -> None:
    assert from_cache(ProbeResponse(status=401, headers=headers)) is cached


MENTIONS = ("This attempt from your IP address was logged.", "Your IP: 10.0.0.7.", "Client IP address: ::1.")
REFUSALS = ("Unauthorized.", "Forbidden!", "Access denied.", "Invalid API key.", "The token is expired.", "")


@given(st.sampled_from(MENTIONS), st.sampled_from(REFUSALS), st.booleans(), st.sampled_from(["json", "text", "html"]))
def test_that_an_address_is_mentioned_makes_no_refusal_about_it(
    mention: str, refusal: str, mention_first: bool, form: str
) -> None:
    parts = [mention, refusal] if mention_first else [refusal, mention]
    body = {"json": json.dumps({"error": parts[0], "message": parts[1]}), "text": " ".join(parts)}.get(
        form, f"<h1>{parts[0]}</h1><p>{parts[1]}</p>"
    )
    answer = ProbeResponse(status=401, json=json.loads(body) if form == "json" else None, body_start=body.encode())
    assert unfounded_refusal("api.example.com", answer, "bearer") is None


@pytest.mark.parametrize(
    ("body", "of_the_address", "of_the_key"),
    [
        ({"error": "IP not authorized"}, True, False),
        ({"error": {"message": "Requests from this IP are blocked"}}, True, False),
        ({"errors": [{"Message": "Your IP address is not allowed"}]}, True, False),
        ({"detail": {"error": "Access is not allowed from your network"}}, True, False),
        ({"message": "Invalid API key"}, False, True),
        ({"error": {"code": "invalid_api_key"}}, False, True),
        ({"errors": [{"reason": "The token is expired"}]}, False, True),
        ({"message": "Invalid CSRF token"}, False, False),
        ({"message": "Forbidden"}, False, False),
        ({"data": "Invalid API key"}, False, False),
        (["Invalid API key"], False, True),
        (None, False, False),
        ({"message": "Invalid API key. This attempt from your IP address was logged."}, False, True),
        ({"message": "Unauthorized. This attempt from your IP address was logged."}, False, False),
        ({"error": "unauthorized", "message": "Request from ip 10.0.0.7"}, False, False),
        ({"message": "Unauthorized. Your IP will be blocked after five attempts"}, False, False),
        ({"message": "The token is invalid; your IP address is blocked after five of them"}, False, True),
        ({"message": "Your IP address 10.0.0.7 is blocked."}, True, False),
        ({"message": "client_ip_not_allowed"}, True, False),
        ({"message": "The IP allow list of acme is enabled, and 10.0.0.7 is not on it."}, True, False),
        ({"message": "The key has an IP address restriction. This call violates it."}, True, False),
        ({"message": "Unauthorized IP"}, True, False),
        ({"message": "Access denied for your country"}, True, False),
        ({"message": "This script does not recognise the equipment"}, False, False),
    ],
)
def test_the_words_of_an_error_tell_what_was_refused(body: Any, of_the_address: bool, of_the_key: bool) -> None:
    answer = ProbeResponse(status=403, json=body)
    assert (unfounded_refusal("api.example.com", answer, "bearer") is not None) is of_the_address
    assert names_bad_credential(answer) is of_the_key
