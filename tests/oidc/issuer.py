"""An OpenID Connect provider over real sockets that answers as a test wants: rightly, wrongly or not at all."""

import base64
import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import serialization
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.egress.hostile import Call, Hostile, header, reply

CLIENT_ID, CLIENT_SECRET = "credstore", "the client secret, of tests alone"
CODE, ACCESS_TOKEN = "code-0123456789abcdef", "access-0123456789abcdef"
Claims = dict[str, Any]
Answer = Callable[[Call], object]


@cache
def rsa_key(kid: str) -> RSAKey:
    """A key for signing; one for each `kid` in the whole process, since making it takes a moment."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@cache
def ec_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


def encoded(value: object) -> str:
    """One part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def public_pem(key: RSAKey) -> bytes:
    """What an attacker would take for the secret of an HMAC."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key.public_bytes(serialization.Encoding.PEM, form)


class Issuer:
    """A genuine provider, until a test changes it.

    `claims` are put over those of the ID token (None removes one). `sign` makes a token. `keys` are published.
    `answers` replaces the answer at a path, `metadata` single members of the document.
    """

    def __init__(self) -> None:
        self.server = Hostile(self._behave)
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.nonce = ""
        self.claims: Claims = {}
        self.userinfo: Claims = {}
        self.metadata: Claims = {}
        self.token_response: Claims = {}
        self.keys: list[Any] = [rsa_key("first").as_dict(private=False)]
        self.sign: Callable[[Claims], object] = self.genuine
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []

    def genuine(self, claims: Claims) -> str:
        return self.signed(claims, rsa_key("first"))

    def signed(self, claims: Claims, key: RSAKey | ECKey | OctKey, **more: object) -> str:
        """A token with an honest signature; `more` are members of its header (None removes one)."""
        fields = {"alg": "RS256", "kid": "first"} | more
        kept = {name: value for name, value in fields.items() if value is not None}
        return jwt.encode(kept, claims, key, algorithms=[str(kept["alg"])])

    def payload(self) -> Claims:
        now = int(time.time())
        claims: Claims = {"iss": self.url, "sub": "u-1", "aud": CLIENT_ID, "iat": now, "exp": now + 60}
        claims |= {"nonce": self.nonce, "preferred_username": "mia", "groups": ["ops"]} | self.claims
        return {name: value for name, value in claims.items() if value is not None}

    def _behave(self, call: Call) -> None:
        path = call.request.split(b" ")[1].decode().partition("?")[0]
        self.asked.append(path)
        if path in self.answers:
            self.answers[path](call)
            return
        ways = {"/.well-known/openid-configuration": self._document, "/jwks": self._jwks, "/token": self._token}
        call.send(as_json(ways.get(path, self._userinfo)(call)))

    def _document(self, _call: Call) -> object:
        names = {"authorization": "/authorize", "token": "/token", "userinfo": "/userinfo", "end_session": "/end"}
        document: Claims = {f"{name}_endpoint": self.url + path for name, path in names.items()}
        document |= {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"} | self.metadata
        return {name: value for name, value in document.items() if value is not None}

    def _jwks(self, _call: Call) -> object:
        return {"keys": self.keys}

    def _token(self, call: Call) -> object:
        body = call.request.partition(b"\r\n\r\n")[2].decode()
        self.forms.append({name: values[0] for name, values in parse_qs(body).items()})
        self.forms[-1]["authorization"] = header(call.request, "authorization") or ""
        answer: Claims = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": self.sign(self.payload())}
        return answer | self.token_response

    def _userinfo(self, call: Call) -> object:
        assert header(call.request, "authorization") == f"Bearer {ACCESS_TOKEN}"
        return {"sub": "u-1"} | self.userinfo


def as_json(value: object, status: str = "200 OK") -> bytes:
    return reply(status, json.dumps(value).encode(), Content_Type="application/json")
