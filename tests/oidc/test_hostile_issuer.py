"""What an issuer can get wrong, or do on purpose: a sentence on the sign-in page, and nobody is signed in."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey

from credstore.access_errors import ProviderRefused
from credstore.oidc import discovery
from credstore.oidc.id_token import verified_claims
from tests.egress.hostile import Call, reply
from tests.oidc.conftest import MakeSite, Site
from tests.oidc.issuer import (
    CLIENT_ID,
    CLIENT_SECRET,
    Issuer,
    as_json,
    ec_key,
    encoded,
    public_pem,
    rsa_key,
)

NOT_PROVEN = "The answer of Acme does not prove who you are, so nobody is signed in."
CLOCK = (
    "The answer of Acme has expired, or comes from the future: the clock of one of the two machines is wrong. "
    "Tell the operator."
)
UNUSABLE = "Acme gave an answer that credstore cannot use. Tell the operator."
DOWN = "Acme cannot be reached just now. Try again in a moment. The operator can run credstore doctor."
STALE = (
    "This sign-in was started in another browser, is older than ten minutes, or was used already. Start again from "
    "this page."
)
Change = Callable[[Issuer], None]


def signs(how: Callable[[Issuer, dict[str, Any]], object]) -> Change:
    return lambda issuer: setattr(issuer, "sign", lambda claims: how(issuer, claims))


def claims(**changed: object) -> Change:
    return lambda issuer: issuer.claims.update(changed)


def hmac_with(secret: bytes) -> Change:
    """The confusion of algorithms: the public key, which all know, as the secret of an HMAC."""
    return signs(lambda issuer, claims: issuer.signed(claims, OctKey.import_key(secret), alg="HS256"))


def unsigned(_issuer: Issuer, claims: dict[str, Any]) -> str:
    return f"{encoded({'alg': 'none', 'kid': 'first'})}.{encoded(claims)}."


def own_key_in_the_header(issuer: Issuer, claims: dict[str, Any]) -> str:
    own = ec_key("own")
    return issuer.signed(claims, own, jwk=own.as_dict(private=False), alg="ES256")


NOW = int(time.time())
FORGED: dict[str, tuple[Change, str, str]] = {
    "another key": (
        signs(lambda i, c: i.signed(c, rsa_key("own"))),
        NOT_PROVEN,
        "not valid: BadSignatureError",
    ),
    "a key of its own, in the header": (signs(own_key_in_the_header), NOT_PROVEN, "signed with an unknown key"),
    "an unknown key": (
        signs(lambda i, c: i.signed(c, rsa_key("own"), kid="own")),
        NOT_PROVEN,
        "signed with an unknown key",
    ),
    "alg none": (signs(unsigned), NOT_PROVEN, "an algorithm that is not allowed"),
    "HS256 with the public key": (
        hmac_with(public_pem(rsa_key("first")).rstrip().replace(b"-----", b"=====")),
        NOT_PROVEN,
        "an algorithm that is not allowed",
    ),
    "HS256 with the client secret": (
        hmac_with(CLIENT_SECRET.encode()),
        NOT_PROVEN,
        "an algorithm that is not allowed",
    ),
    "an unknown critical header": (
        signs(
            lambda i, c: ".".join(
                [encoded({"alg": "RS256", "kid": "first", "crit": ["x"], "x": 1}), *i.genuine(c).split(".")[1:]]
            )
        ),
        NOT_PROVEN,
        "not valid: UnsupportedHeaderError",
    ),
    "no token": (signs(lambda i, c: None), NOT_PROVEN, "no ID token"),
    "a token that is none": (signs(lambda i, c: "a.b.c"), NOT_PROVEN, "no token of three parts"),
    "a header that is a list": (
        signs(lambda i, c: f"{encoded([])}.e30.x"),
        NOT_PROVEN,
        "an algorithm that is not allowed",
    ),
    "claims that are a list": (
        signs(lambda i, c: jws.serialize_compact({"alg": "RS256", "kid": "first"}, b"[]", rsa_key("first"))),
        NOT_PROVEN,
        "not valid: InvalidPayloadError",
    ),
    "another issuer": (claims(iss="https://evil.example"), NOT_PROVEN, "wrong iss"),
    "another client": (claims(aud="another"), NOT_PROVEN, "wrong aud"),
    "for others too, and not made for us": (claims(aud=[CLIENT_ID, "b"], azp="b"), NOT_PROVEN, "wrong azp"),
    "for others too, and for nobody": (claims(aud=[CLIENT_ID, "b"]), NOT_PROVEN, "not valid: MissingClaimError"),
    "a nonce of another sign-in": (claims(nonce="another"), NOT_PROVEN, "wrong nonce"),
    "a list of nonces": (claims(nonce=["another"]), NOT_PROVEN, "wrong nonce"),
    "no nonce": (claims(nonce=None), NOT_PROVEN, "not valid: MissingClaimError"),
    "no end": (claims(exp=None), NOT_PROVEN, "not valid: MissingClaimError"),
    "an end that is a text": (claims(exp="tomorrow"), NOT_PROVEN, "wrong exp"),
    "expired": (claims(exp=NOW - 3600), CLOCK, "expired"),
    "from the future": (claims(iat=NOW + 3600), CLOCK, "wrong iat"),
    "not valid yet": (claims(nbf=NOW + 3600), CLOCK, "wrong nbf"),
    "nobody": (claims(sub=None), NOT_PROVEN, "not valid: MissingClaimError"),
    "an empty subject": (claims(sub=""), NOT_PROVEN, "wrong sub"),
    "a subject that is a number": (claims(sub=1), NOT_PROVEN, "wrong sub"),
    "a subject that is too long": (claims(sub="x" * 256), NOT_PROVEN, "wrong sub"),
    "the hash of another access token": (claims(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), NOT_PROVEN, "wrong at_hash"),
    "a name that is no text": (
        claims(preferred_username=["mia"]),
        "Acme did not say what you are called. Tell the operator: the claim of CREDSTORE_OIDC_USERNAME_CLAIM is "
        "missing.",
        "no name",
    ),
    "a name of the audit log": (
        claims(preferred_username="Command  Line"),
        "Your name at the provider cannot be used here. Tell the operator.",
        "name unusable",
    ),
    "groups that are no list": (
        claims(groups={"ops": True}),
        "None of your groups at the provider may use credstore. Ask an administrator for access.",
        "no role",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_answer_signs_nobody_in(site: Site, name: str) -> None:
    change, sentence, reason = FORGED[name]
    change(site.issuer)
    page = site.page()
    assert site.sign_in(page, status=403) == sentence
    assert site.refusals() == [reason]
    assert site.sessions() == 0
    assert site.roles() == {"ann": "admin"}
    page.get("/credentials", status=303)


def test_the_same_answer_unforged_signs_in(site: Site) -> None:
    assert site.sign_in(site.page()) == "/credentials"
    assert (site.sessions(), site.roles(), site.refusals()) == (1, {"ann": "admin", "mia": "editor"}, [])


NONCE = "a nonce"


def genuine() -> str:
    issuer = Issuer()
    issuer.nonce = NONCE
    token = issuer.genuine(issuer.payload() | {"iss": "https://issuer.example"})
    issuer.server._listener.close()
    return token


@pytest.fixture(scope="module")
def token() -> str:
    """Issued when the first test asks, since it is valid for some minutes only."""
    return genuine()


def verify(token: object) -> dict[str, Any]:
    return verified_claims(
        token,
        lambda kid, algorithm: rsa_key("first"),
        issuer="https://issuer.example",
        client_id=CLIENT_ID,
        nonce=NONCE,
        access_token="",
        label="Acme",
    )


@settings(max_examples=100)
@given(place=st.integers(0, 10_000), character=st.characters(codec="utf-8"))
def test_no_character_of_a_token_can_be_changed(token: str, place: int, character: str) -> None:
    assert verify(token)["sub"] == "u-1"
    place %= len(token) - 1  # of the last character of the signature, base64 ignores some bits
    changed = token[:place] + character + token[place + 1 :]
    if changed != token:
        with pytest.raises(ProviderRefused):
            verify(changed)


@settings(max_examples=100)
@given(
    st.dictionaries(
        st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "nonce", "azp", "auth_time", "amr", "at_hash"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
            max_leaves=4,
        ),
    )
)
def test_whatever_the_claims_are_they_are_refused_or_those_of_this_sign_in(changed: dict[str, Any]) -> None:
    issuer = "https://issuer.example"
    now = int(time.time())
    good = {"iss": issuer, "sub": "u-1", "aud": CLIENT_ID, "iat": now, "exp": now + 60, "nonce": NONCE}
    token = Issuer.signed(None, good | changed, rsa_key("first"))  # type: ignore[arg-type]
    try:
        found = verify(token)
    except ProviderRefused:
        return
    assert (found["iss"], found["nonce"]) == (issuer, NONCE)
    assert CLIENT_ID in (found["aud"] if isinstance(found["aud"], list) else [found["aud"]])
    assert isinstance(found["sub"], str)
    assert found["exp"] > now - 61 > found["iat"] - 122


def answers(path: str, *pieces: bytes) -> Change:
    return lambda issuer: issuer.answers.update({path: lambda call: call.send(*pieces)})


def metadata(**changed: object) -> Change:
    return lambda issuer: issuer.metadata.update(changed)


def keys(*found: Any) -> Change:
    return lambda issuer: setattr(issuer, "keys", list(found))


CONFIGURATION = "/.well-known/openid-configuration"
HUGE = reply(body=b'{"id_token": "' + b"x" * 2_000_000 + b'"}')
BEFORE: dict[str, tuple[Change, str, str]] = {
    "no document": (answers(CONFIGURATION, reply("404 Not Found")), UNUSABLE, "status 404"),
    "no JSON": (answers(CONFIGURATION, reply(body=b"<html>")), UNUSABLE, "no JSON object"),
    "a list": (answers(CONFIGURATION, as_json([])), UNUSABLE, "no JSON object"),
    "too much": (answers(CONFIGURATION, HUGE), DOWN, "not reached: too-large"),
    "no HTTP": (answers(CONFIGURATION, b"SSH-2.0\r\n"), DOWN, "not reached: protocol"),
    "a redirect": (
        answers(CONFIGURATION, reply("302 Found", Location="http://127.0.0.1:9/")),
        UNUSABLE,
        "status 302",
    ),
    "another issuer": (
        metadata(issuer="https://evil.example"),
        UNUSABLE,
        "the metadata has another issuer than CREDSTORE_OIDC_ISSUER",
    ),
    "no PKCE": (metadata(code_challenge_methods_supported=["plain"]), UNUSABLE, "no PKCE with S256"),
    "no tokens": (metadata(token_endpoint=None), UNUSABLE, "no usable token_endpoint"),
    "tokens over plain http": (
        metadata(token_endpoint="http://evil.example/token"),
        UNUSABLE,
        "no usable token_endpoint",
    ),
    "a sign-in page that is a script": (
        metadata(authorization_endpoint="javascript:alert(1)"),
        UNUSABLE,
        "no usable authorization_endpoint",
    ),
    "no way to prove itself": (
        metadata(token_endpoint_auth_methods_supported=["private_key_jwt"]),
        UNUSABLE,
        "no client_secret_basic or client_secret_post",
    ),
}


@pytest.mark.parametrize("name", BEFORE)
def test_a_provider_that_does_not_serve_is_told_before_one_goes_there(site: Site, name: str) -> None:
    change, sentence, reason = BEFORE[name]
    change(site.issuer)
    page = site.page()
    page.get("/login/oidc", status=403)
    assert sentence in page.text
    assert site.refusals() == [reason]


def error(name: str) -> bytes:
    return as_json({"error": name, "error_description": "<b>evil</b>"}, "400 Bad Request")


def somebody_elses_information(issuer: Issuer) -> None:
    issuer.claims["groups"] = None
    issuer.userinfo = {"sub": "u-2", "groups": ["admins"]}


WRONG_CLIENT = "Acme does not accept credstore's client ID or client secret. The operator has to correct them."
AFTER: dict[str, tuple[Change, str, str]] = {
    "a used code": (answers("/token", error("invalid_grant")), STALE, "code refused"),
    "another error": (answers("/token", error("<evil>")), UNUSABLE, "status 400 of the token endpoint"),
    "a wrong secret": (answers("/token", error("invalid_client")), WRONG_CLIENT, "client refused"),
    "a wrong secret, by status": (answers("/token", reply("401 Unauthorized")), WRONG_CLIENT, "client refused"),
    "an error of the server": (
        answers("/token", reply("500 Oops")),
        UNUSABLE,
        "status 500 of the token endpoint",
    ),
    "a redirect": (
        answers("/token", reply("307 Temporary Redirect", Location="http://127.0.0.1:9/")),
        UNUSABLE,
        "status 307 of the token endpoint",
    ),
    "too much": (answers("/token", HUGE), DOWN, "not reached: too-large"),
    "no end": (answers("/token", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), DOWN, "not reached: reset"),
    "no keys": (answers("/jwks", as_json({"keys": 1})), UNUSABLE, "no list of keys"),
    "too many keys": (keys(*[{"kty": "RSA"}] * 101), UNUSABLE, "no list of keys"),
    "broken keys": (keys({"kty": "RSA", "kid": "first", "n": "AA"}), UNUSABLE, "a key that cannot be read"),
    "a symmetric key": (
        keys({"kty": "oct", "kid": "first", "k": "AAAA"}),
        NOT_PROVEN,
        "signed with an unknown key",
    ),
    "a key for encryption": (
        keys(rsa_key("first").as_dict(private=False) | {"use": "enc"}),
        NOT_PROVEN,
        "signed with an unknown key",
    ),
    "somebody else's user information": (
        somebody_elses_information,
        NOT_PROVEN,
        "the user information is about somebody else",
    ),
}


@pytest.mark.parametrize("name", AFTER)
def test_a_provider_that_fails_on_the_way_back(site: Site, name: str) -> None:
    change, sentence, reason = AFTER[name]
    change(site.issuer)
    assert site.sign_in(site.page(), status=403) == sentence
    assert site.refusals() == [reason]
    assert site.sessions() == 0


@pytest.mark.parametrize("path", [CONFIGURATION, "/token", "/jwks"])
def test_a_slow_provider_is_given_up(site: Site, path: str) -> None:
    site.app.extensions["credstore"].provider.seconds = 0.4
    site.issuer.answers[path] = Call.hang
    started, page = time.monotonic(), site.page()
    if path == CONFIGURATION:
        page.get("/login/oidc", status=403)
    else:
        assert site.sign_in(page, status=403) == DOWN
    assert time.monotonic() - started < 5
    assert site.refusals() == ["not reached: timeout"]


def test_a_provider_that_drips_is_given_up(site: Site) -> None:
    site.app.extensions["credstore"].provider.seconds = 0.4
    site.issuer.answers["/token"] = lambda call: call.drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100)
    assert site.sign_in(site.page(), status=403) == DOWN


def test_a_provider_that_is_down_is_told_and_works_again_later(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    page = site.page()
    monkeypatch.setattr(discovery, "FAILED_SECONDS", 0.5)
    site.issuer.answers[CONFIGURATION] = lambda call: None
    page.get("/login/oidc", status=403)
    assert DOWN in page.text
    site.issuer.answers.clear()
    time.sleep(0.6)
    assert site.sign_in(page) == "/credentials"


@pytest.mark.parametrize(
    ("error", "sentence", "reason"),
    [
        ("access_denied", "Acme did not let you in, or you stopped there.", "access_denied"),
        ("temporarily_unavailable", "Acme has trouble just now. Try again in a moment.", "temporarily_unavailable"),
        ("login_required", "Acme wants to ask you something first. Start again from this page.", "login_required"),
        ("invalid_scope", "Acme refused credstore's request. Tell the operator.", "invalid_scope"),
        ("<script>alert(1)</script>", "Acme refused credstore's request. Tell the operator.", "other error"),
    ],
)
def test_an_error_of_the_provider_is_a_sentence_of_ours(site: Site, error: str, sentence: str, reason: str) -> None:
    page = site.page()
    state = site.leave(page)["state"]
    back = {"code": None, "error": error, "error_description": "<b>evil</b>"}
    assert site.come_back(page, 403, state=state, **back) == sentence
    assert "evil" not in page.text
    assert site.refusals() == [reason]
    assert "/token" not in site.issuer.asked


def test_ec_keys_and_new_keys_serve(site: Site) -> None:
    """A key that came after the others is looked for at once; those that are known are not asked for again."""
    site.sign_in(site.page())
    site.sign_in(site.page())
    assert site.issuer.asked.count("/jwks") == 1
    site.issuer.keys.append(ec_key("new").as_dict(private=False))
    site.issuer.sign = lambda claims: site.issuer.signed(claims, ec_key("new"), kid="new", alg="ES256")
    assert site.sign_in(site.page()) == "/credentials"
    assert site.issuer.asked.count("/jwks") == 2
    assert site.issuer.asked.count(CONFIGURATION) == 1


def test_a_token_without_a_key_id_serves_where_only_one_key_fits(site: Site) -> None:
    site.issuer.sign = lambda claims: site.issuer.signed(claims, rsa_key("first"), kid=None)
    assert site.sign_in(site.page()) == "/credentials"
    site.issuer.keys.append(rsa_key("own").as_dict(private=False))
    site.app.extensions["credstore"].provider._discovery._keys = None
    assert site.sign_in(site.page(), status=403) == NOT_PROVEN


def test_claims_come_from_the_user_information_where_the_token_lacks_them(site: Site) -> None:
    site.issuer.claims = {"groups": None, "preferred_username": None}
    site.issuer.userinfo = {"groups": "admins", "preferred_username": " eva ", "iss": "https://evil.example"}
    assert site.sign_in(site.page()) == "/credentials"
    assert site.roles() == {"ann": "admin", "eva": "admin"}


def test_what_is_signed_comes_before_the_user_information(site: Site) -> None:
    site.issuer.claims = {"groups": ["admins"], "preferred_username": None}
    moment = int(time.time())
    site.issuer.userinfo = {"groups": ["ops"], "preferred_username": "eva", "auth_time": moment, "iat": moment}
    page = site.page()
    site.sign_in(page)
    assert site.roles()["eva"] == "admin"
    page.get("/users", status=303)  # that the provider asked just now is not signed


def test_nothing_of_a_sign_in_is_in_the_log(make_site: MakeSite, caplog: pytest.LogCaptureFixture) -> None:
    site = make_site(log_level="info")
    caplog.set_level("DEBUG")
    page = site.page()
    sent = site.leave(page)
    site.come_back(page, 303, state=sent["state"])
    site.sign_in(site.page(), status=303)
    site.issuer.claims["exp"] = 1
    site.sign_in(site.page(), status=403)
    written = "\n".join(f"{record.getMessage()} {json.dumps(vars(record), default=repr)}" for record in caplog.records)
    assert "signed in by the OpenID Connect provider: mia" in written
    assert "sign-in by the OpenID Connect provider refused: expired" in written
    secrets = {*page.canaries, sent["state"], sent["nonce"], site.issuer.forms[0]["code_verifier"]}
    assert not {secret for secret in secrets if secret in written}
    assert CLIENT_SECRET not in repr(site.app.extensions["credstore"].provider)
