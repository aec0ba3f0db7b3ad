"""Whether an ID token proves who signs in: its signature by joserfc, its claims by Authlib."""

import base64
import json
import math
import time
from collections.abc import Callable
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError
from joserfc.jws import JWSRegistry

from credstore.oidc.discovery import Key
from credstore.oidc.refusals import not_genuine, wrong_clock

# Never "none", and no HMAC: with it, who knows the public key could sign.
ALGORITHMS = tuple(f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512))
LEEWAY = 60  # seconds that the clocks may differ
LONGEST_SUBJECT = 255  # characters, as OpenID Connect Core says
_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
FindKey = Callable[[object, str], Key]


def verified_claims(
    token: object, find_key: FindKey, *, issuer: str, client_id: str, nonce: str, access_token: str, label: str
) -> dict[str, Any]:
    """The claims of an ID token that was made for this sign-in.

    `find_key` gives the key for the `kid` and the algorithm. Raises ProviderRefused.
    """
    if not isinstance(token, str):
        raise not_genuine(label, "no ID token")
    kid, algorithm = _header_of(token, label)
    key = find_key(kid, algorithm)
    try:
        decoded = jwt.decode(token, key, registry=_REGISTRY)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            params={"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(int(time.time()), LEEWAY)
    except ExpiredTokenError:
        raise wrong_clock(label, "expired") from None
    except InvalidClaimError as wrong:
        if wrong.claim in {"iat", "nbf"}:
            raise wrong_clock(label, f"wrong {wrong.claim}") from None
        raise not_genuine(label, f"wrong {wrong.claim}") from None
    except (JoseError, ValueError, TypeError, RecursionError) as wrong:
        raise not_genuine(label, f"not valid: {type(wrong).__name__}") from None
    subject = claims["sub"]
    if not subject or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        raise not_genuine(label, "wrong sub")
    return dict(claims)


def was_fresh(claims: dict[str, Any], seconds: float) -> bool:
    """Whether the user proved who they are to the provider during this sign-in, which took `seconds`.

    Both times are the provider's, so that no clock has to fit another.
    """
    moment, issued = claims.get("auth_time"), claims["iat"]
    if isinstance(moment, bool) or not isinstance(moment, int | float):
        return False
    # Two seconds more: the times are whole numbers. No sum with a float, which a long number would overflow.
    return bool(issued - math.ceil(seconds) - 2 <= moment <= issued + 2)


def _header_of(token: str, label: str) -> tuple[object, str]:
    """The `kid` and the algorithm that a token names. Nothing is proven by them yet."""
    try:
        begin = token.partition(".")[0]
        header = json.loads(base64.urlsafe_b64decode(begin + "=" * (-len(begin) % 4)))
    except (ValueError, RecursionError):
        raise not_genuine(label, "no token of three parts") from None
    algorithm = header.get("alg") if isinstance(header, dict) else None
    if algorithm not in ALGORITHMS:
        raise not_genuine(label, "an algorithm that is not allowed")
    return header.get("kid"), str(algorithm)
