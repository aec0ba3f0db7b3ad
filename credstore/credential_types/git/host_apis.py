"""Asks the APIs of GitHub and GitLab about a token: its owner, its scopes and its expiry date. Sans-IO.

The token is sent only to the owner of the repository's host: to the same host, or for github.com to GitHub's API.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from credstore.credential_types.inconclusive import printable_line
from credstore.probe import ProbeRequest, ProbeResponse

GITHUB_API = "https://api.github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """`known` is None where the host was not asked or did not say."""

    known: bool | None = None
    facts: tuple[str, ...] = ()
    expires_at: datetime | None = None


def has_token_api(url: str, token: str) -> bool:
    """Whether the host of this repository can be asked about the token itself."""
    return _is_github(url) or _is_gitlab(url, token)


def is_known_host(url: str) -> bool:
    """Whether this is a host that is known to check every token, whatever it says about this one."""
    return url.startswith(("https://github.com/", "https://gitlab.com/"))


def token_facts(url: str, token: str) -> Generator[ProbeRequest, ProbeResponse, TokenFacts]:
    """Ask the repository's host what it knows about the token. One request; none where there is no API to ask."""
    if _is_github(url):
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        whose = f"{GITHUB_API}/user"
        answer = yield ProbeRequest(purpose="Ask GitHub whose token this is", method="GET", url=whose, headers=headers)
        return _from_github(answer)
    if _is_gitlab(url, token):
        parts = urlsplit(url)
        about = f"{parts.scheme}://{parts.netloc}/api/v4/personal_access_tokens/self"
        answer = yield ProbeRequest(
            purpose="Ask GitLab about this token", method="GET", url=about, headers={"PRIVATE-TOKEN": token}
        )
        return _from_gitlab(answer)
    return TokenFacts()


def _is_github(url: str) -> bool:
    return url.startswith("https://github.com/")


def _is_gitlab(url: str, token: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "gitlab.com" or host.startswith("gitlab.") or token.startswith("glpat-")


def _from_github(answer: ProbeResponse) -> TokenFacts:
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
    body = answer.json
    # Deploy and job tokens are refused here (401) while git takes them: a refusal says nothing.
    if answer.status != 200 or not isinstance(body, dict) or not isinstance(body.get("scopes"), list):
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
