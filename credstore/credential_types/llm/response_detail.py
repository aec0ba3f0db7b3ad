"""What a verdict says of one answer besides its meaning: where a redirect points, or which login is asked for. Pure."""

from credstore.credential_types.inconclusive import challenges
from credstore.credential_types.redirects import redirect_target
from credstore.probe import ProbeResponse

# Only names of this list are shown: a header may hold anything. Source: IANA's registry of authentication schemes.
_LOGINS = {
    "basic": "a user name and password (Basic)",
    "bearer": "a Bearer token",
    "digest": "a user name and password (Digest)",
    "negotiate": "a Kerberos login (Negotiate)",
    "ntlm": "a Windows login (NTLM)",
}


def response_detail(answer: ProbeResponse, key: str = "") -> str:
    """What the text of a verdict fills in for this answer. A redirect may point anywhere, and have the key in it."""
    if answer.status == 401:
        known = [_LOGINS[scheme] for scheme in sorted(challenges(answer)) if scheme in _LOGINS]
        return " or ".join(known) or "another kind of login"
    return redirect_target(answer, [key] if key else [])
