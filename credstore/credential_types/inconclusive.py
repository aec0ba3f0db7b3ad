"""Verdicts on responses that say nothing about a credential: redirects, rate limits, caches and server errors.

They never repeat a provider's text: a redirect is described by scheme, host and port, and `Retry-After` by its number.
"""

import re
from collections.abc import Collection
from dataclasses import replace

from credstore.credential_types.caller_address_words import ADDRESS_REFUSED
from credstore.credential_types.redirects import redirect_target
from credstore.probe import Cause, Outcome, ProbeResponse, Verdict

TRY_LATER = "Wait a minute, then test again."
# A challenge may be one of several in a header, each with parameters: a scheme is a word at the start or after a comma
# that is not followed by an equals sign.
_CHALLENGE = re.compile(r"(?:^|,)\s*([A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]*)(?=\s*(?:,|$)|\s+[^\s=,])")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
# Schemes of more than one step, or signed: the secret itself is never sent, so what was sent was not looked at.
_HANDSHAKES = {"digest", "negotiate", "ntlm", "kerberos", "mutual", "hoba", "scram-sha-1", "scram-sha-256"}
_NAMED = _HANDSHAKES | {"basic", "bearer"}
_CLIENT_ADDRESS = re.compile(ADDRESS_REFUSED, re.IGNORECASE)
_CREDENTIAL = r"(?:api[ _-]?key|access[ _-]?key|access[ _-]?token|api[ _-]?token|token|key|credentials?|password)"
_BAD_CREDENTIAL = re.compile(
    rf"\b(?:invalid|incorrect|wrong|unknown|bad|expired|revoked)[ _-](?:\w+ )?{_CREDENTIAL}\b(?<!csrf token)"
    rf"|\b{_CREDENTIAL} (?:is |was |has )?(?:not valid|invalid|incorrect|wrong|unknown|expired|been revoked|revoked)\b",
    re.IGNORECASE,
)
_WORDS = ("error", "message", "detail", "title", "error_description", "reason", "code", "errors", "msg")


def inconclusive_verdict(actor: str, answer: ProbeResponse, secrets: Collection[str] = ()) -> Verdict | None:
    """The verdict on a 3xx, 429 or 5xx, and on a 403 that only asks to wait; None for every other answer."""
    if 300 <= answer.status < 400:
        return Verdict(
            outcome=Outcome.CANNOT_TELL,
            reason=f"{actor} answered with a redirect to {redirect_target(answer, secrets)}. "
            "credstore does not send secrets to another address.",
            advice="Set the URL to where it leads, if you trust that address.",
        )
    limited = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
    if answer.status == 429 or (answer.status == 403 and limited):
        return Verdict(
            outcome=Outcome.PROVIDER_TROUBLE,
            reason=f"{actor} is limiting requests just now ({answer.status}).",
            advice=_wait(answer),
            cause=Cause.RATE_LIMITED,
        )
    if answer.status >= 500:
        return Verdict(
            outcome=Outcome.PROVIDER_TROUBLE,
            reason=f"{actor} has trouble of its own ({answer.status}).",
            advice=TRY_LATER,
            cause=Cause.SERVER_ERROR,
        )
    return None


def unfounded_refusal(actor: str, answer: ProbeResponse, scheme: str | None) -> Verdict | None:
    """The verdict on a 401 or 403 that does not refuse the credential itself; None where it may.

    `scheme` is the authentication scheme that was sent, in lower case; "" for a key in a header of its own, None where
    no secret was sent. A cache may repeat its response to somebody else, an address list refuses the network, and a
    server that asks for other schemes does not look at what was sent: often it is the login of a proxy.
    """
    if from_cache(answer):
        return _cannot_tell(f"A cache on the way answered in place of {actor} ({answer.status}).", TRY_LATER)
    words = _error_words(answer)
    if _CLIENT_ADDRESS.search(re.sub("[_-]", " ", words)) and not _BAD_CREDENTIAL.search(words):
        refused = _cannot_tell(
            f"{actor} refuses requests from this network address ({answer.status}), whatever the credential.",
            f"Allow the address of the machine that runs credstore at {actor}.",
        )
        return replace(refused, cause=Cause.ADDRESS_REFUSED)
    wanted = challenges(answer)
    if answer.status != 401 or not wanted or _is_asked_for(scheme, wanted, answer):
        return None
    # Another name is not shown: the server chose it, and may have made it of the secret.
    names = " or ".join(name.capitalize() for name in sorted(wanted & _NAMED)) or "another"
    if wanted <= _HANDSHAKES:
        return _cannot_tell(
            f"{actor} wants {names} authentication (401). credstore cannot test that, and sent something else.",
            "Try the credential where it is used, or use a token that the server takes directly.",
        )
    return _cannot_tell(
        f"{actor} wants {names} authentication (401), and something else was sent. It may be the login of a proxy "
        "before the server, which did not look at it.",
        "Check the URL, and in which form the server wants the secret.",
    )


def _is_asked_for(scheme: str | None, wanted: set[str], answer: ProbeResponse) -> bool:
    """Whether the challenges ask for what was sent, or the server says in words that the key or token is wrong."""
    if scheme is None:
        return not wanted <= _HANDSHAKES
    # A header like X-Api-Key has no scheme; servers that take one call it "Key", "ApiKey" or so in a challenge.
    asked = scheme in wanted if scheme else any("key" in name for name in wanted)
    return asked or names_bad_credential(answer, of_login=False)


def challenges(answer: ProbeResponse) -> set[str]:
    """The authentication schemes that a WWW-Authenticate header asks for, in lower case."""
    header = _QUOTED.sub("x", answer.headers.get("www-authenticate", ""))
    return {scheme.lower() for scheme in _CHALLENGE.findall(header)}


def names_bad_credential(answer: ProbeResponse, *, of_login: bool = True) -> bool:
    """Whether a JSON error says in words that the key or token is wrong; a firewall's page does not.

    Without `of_login`, words about credentials and passwords do not count: a proxy that wants a login says them too.
    """
    if answer.json is None:
        return False
    found = (match[0].lower() for match in _BAD_CREDENTIAL.finditer(_error_words(answer)))
    return any(of_login or not re.search("credential|password", words) for words in found)


def from_cache(answer: ProbeResponse) -> bool:
    """Whether a cache says that it answered instead of the server (RFC 9111, RFC 9211)."""
    age = answer.headers.get("age", "").strip()
    cache_headers = " ".join(
        answer.headers.get(name, "") for name in ("x-cache", "cf-cache-status", "cache-status")
    ).lower()
    return (age.isascii() and age.isdigit() and int(age[:9]) > 0) or re.search(r"\bhit\b", cache_headers) is not None


def printable_line(text: object, longest: int = 64) -> str:
    """A provider's text made fit for one line: printable characters only; "" when it is no text, or too long.

    Not cut: if it repeats a secret, the tester recognises only the whole secret.
    """
    if not isinstance(text, str) or len(text) > longest:
        return ""
    return "".join(char for char in text if char.isprintable()).strip()


def _error_words(answer: ProbeResponse) -> str:
    """The texts of a JSON error, for a search in them; never shown."""
    texts: list[str] = [answer.body_start.decode("utf-8", "replace")]
    todo = [answer.json]
    for value in todo:  # grows while it is read: an error may be nested in another one
        if len(todo) > 100:
            break
        if isinstance(value, str):
            texts.append(value[:1000])
        elif isinstance(value, list):
            todo += value[:10]
        elif isinstance(value, dict):
            todo += [value[name] for name in value if name.lower() in _WORDS]
    return " ".join(texts)


def _cannot_tell(reason: str, advice: str) -> Verdict:
    return Verdict(outcome=Outcome.CANNOT_TELL, reason=reason, advice=advice)


def _wait(answer: ProbeResponse) -> str:
    seconds = answer.headers.get("retry-after", "")
    if seconds.isascii() and seconds.isdigit() and 0 < int(seconds[:6]) < 100_000:
        return f"Wait {int(seconds[:6])} seconds, then test again."
    return TRY_LATER
