"""Asks the APIs of GitHub and GitLab about a token: its owner, its scopes and its expiry date. Sans-IO.

The token is sent only to the owner of the repository's host: to the same host, or for github.com to GitHub's API.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from credstore.credential_types.inconclusive import from_cache, printable_line
from credstore.credential_types.made_up_key import made_up_key
from credstore.probe import ProbeRequest, ProbeResponse

GITHUB_API = "https://api.github.com"
# How GitLab's personal, project and group access tokens begin, unless its administrator chose otherwise.
_GITLAB_TOKEN = "glpat-"  # noqa: S105
# Tokens that the APIs do not know and git takes: of an installation of a GitHub app; GitLab's deploy and job tokens.
_UNKNOWN_TO_APIS = ("ghs_", "gldt-", "glcbt-")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """`known` is None where the host was not asked or did not say. `refused`: it answered 401, whatever that means."""

    known: bool | None = None
    refused: bool = False
    facts: tuple[str, ...] = ()
    expires_at: datetime | None = None


def has_token_api(url: str, token: str) -> bool:
    """Whether the host of this repository can be asked about the token itself."""
    return (_is_github(url) or _is_gitlab(url, token)) and not token.startswith(_UNKNOWN_TO_APIS)


def api_decides(url: str, token: str) -> bool:
    """Whether the API is believed: that of github.com and of gitlab.com alone, which are known to check tokens."""
    return url.startswith(("https://github.com/", "https://gitlab.com/")) and has_token_api(url, token)


def token_facts(url: str, token: str) -> Generator[ProbeRequest, ProbeResponse, TokenFacts]:
    """Ask the repository's host what it knows about the token. One request; none where there is no API to ask."""
    if not has_token_api(url, token):
        return TokenFacts()
    if _is_github(url):
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        whose = f"{GITHUB_API}/user"
        answer = yield ProbeRequest(purpose="Ask GitHub whose token this is", method="GET", url=whose, headers=headers)
        return _from_github(answer)
    return _from_gitlab((yield _ask_gitlab("Ask GitLab about this token", url, token)))


def facts_of_made_up(url: str, token: str) -> Generator[ProbeRequest, ProbeResponse, TokenFacts]:
    """Ask GitLab's API at this host about a made-up token of the same form. One request."""
    return _from_gitlab((yield _ask_gitlab("Ask GitLab about a made-up token", url, made_up_key(token))))


def _ask_gitlab(purpose: str, url: str, token: str) -> ProbeRequest:
    parts = urlsplit(url)
    about = f"{parts.scheme}://{parts.netloc}/api/v4/personal_access_tokens/self"
    return ProbeRequest(purpose=purpose, method="GET", url=about, headers={"PRIVATE-TOKEN": token})


def _is_github(url: str) -> bool:
    return url.startswith("https://github.com/")


def _is_gitlab(url: str, token: str) -> bool:
    return url.startswith("https://gitlab.com/") or token.startswith(_GITLAB_TOKEN)


def _from_github(answer: ProbeResponse) -> TokenFacts:
    if from_cache(answer):
        return TokenFacts()
    if answer.status == 401:
        return TokenFacts(known=False)
    login = answer.json.get("login") if isinstance(answer.json, dict) else None
    # An installation's token cannot read /user (403), and yet is good: then nothing is known.
    if answer.status != 200 or not isinstance(login, str):
        return TokenFacts()
    scopes = printable_line(answer.headers.get("x-oauth-scopes"), 500)
    ends = answer.headers.get("github-authentication-token-expiration", "")
    named = f"@{login}" if re.fullmatch(r"[A-Za-z0-9_-]{1,39}(?:\[bot\])?", login) else ""
    return _facts(named, scopes, _parse_time(ends))


def _from_gitlab(answer: ProbeResponse) -> TokenFacts:
    # Deploy and job tokens are refused here (401) while git takes them: a refusal does not make a token unknown.
    if answer.status != 200 or from_cache(answer):
        return TokenFacts(refused=answer.status == 401 and not from_cache(answer))
    body = answer.json
    if not isinstance(body, dict) or not isinstance(body.get("scopes"), list):
        return TokenFacts()
    scopes = ", ".join(scope for scope in body["scopes"] if isinstance(scope, str))
    if body.get("active") is False:
        return TokenFacts(known=False)
    ends = body.get("expires_at")
    return _facts(
        printable_line(body.get("name")),
        printable_line(scopes, 500),
        _parse_time(ends) if isinstance(ends, str) else None,
    )


def _facts(name: str, scopes: str, ends: datetime | None) -> TokenFacts:
    found = (name, f"scopes: {scopes}" if scopes else "", f"expires {ends:%Y-%m-%d}" if ends else "")
    return TokenFacts(known=True, facts=tuple(filter(None, found)), expires_at=ends)


def _parse_time(text: str) -> datetime | None:
    """A date, or a date and time, in UTC; None when it is neither."""
    text = re.sub(r" (UTC|Z)$", "+00:00", text.strip())
    try:
        moment = datetime.fromisoformat(re.sub(r" ([+-]\d{4})$", r"\1", text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
