"""The check of a tool: one URL asked with the stored headers, then without them, then with made-up ones. Sans-IO.

An expected answer proves nothing by itself: the URL may be open to all. At most three requests, GET or HEAD only.
"""

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from credstore.credential_types.inconclusive import TRY_LATER, inconclusive_verdict
from credstore.credential_types.made_up_key import made_up_key
from credstore.probe import Outcome, Probe, ProbeRequest, ProbeResponse, Verdict

_REFUSALS = {401, 403}
# Headers that say how to answer, not who asks.
_ORDINARY_HEADERS = {"accept", "accept-language", "cache-control", "content-type", "user-agent"}
_SECRET_HEADER_NAME = re.compile(r"auth|token|key|secret|pass|cookie|session|signature|credential", re.IGNORECASE)
CHECK_CONFIG = "Check “url”, “method” and “expect_status” in Extra Config."


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRequest:
    """What the credential says of one call. `expected` are the statuses that mean that it works."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    method: Literal["GET", "HEAD"]
    expected: range

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def secret_headers(self) -> set[str]:
        """The headers that look as if they said who asks; where none looks so, all but the plain ones."""
        named = {name for name in self.headers if _SECRET_HEADER_NAME.search(name)}
        return named or {name for name in self.headers if name.lower() not in _ORDINARY_HEADERS}

    def probe_request(self, purpose: str, headers: Mapping[str, str]) -> ProbeRequest:
        return ProbeRequest(purpose=purpose, method=self.method, url=self.url, headers=headers)


def check_tool(call: ToolRequest) -> Probe:
    """Drive the whole check."""
    secret = call.secret_headers()
    answer = yield call.probe_request("Ask the tool with your headers" if secret else "Ask the tool", call.headers)
    if answer.status in call.expected:
        return (yield from _check_made_up_headers(call, secret)) if secret else _no_secret_headers(call)
    if answer.status in _REFUSALS:
        return _refused(call, answer.status, secret)
    return inconclusive_verdict(call.host, answer) or _verdict(
        Outcome.CANNOT_TELL,
        f"{call.host} answered {answer.status}, which is not what “expect_status” or a 2xx would be.",
        CHECK_CONFIG,
    )


def _check_made_up_headers(call: ToolRequest, secret: set[str]) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """The answer was the expected one. Is it so without the secret headers, and with made-up ones?"""
    others = {name: value for name, value in call.headers.items() if name not in secret}
    without = (yield call.probe_request("The same without your headers", others)).status
    if without in call.expected:
        return _verdict(
            Outcome.KEY_NOT_CHECKED,
            f"{call.host} answers the same without your headers, so it did not check them.",
            "Set “url” to something that only a signed-in caller may see, then test again.",
        )
    if without not in _REFUSALS:
        busy = without == 429 or without >= 500
        return _verdict(
            Outcome.CANNOT_TELL,
            f"{call.host} answered as expected with your headers, and {without} without them: no clear refusal.",
            TRY_LATER if busy else "The headers make a difference. Try them in a workflow.",
        )
    fake = {name: _made_up(call.headers[name]) for name in call.headers if name in secret}
    if (yield call.probe_request("The same with made-up headers", others | fake)).status in call.expected:
        return _verdict(
            Outcome.KEY_NOT_CHECKED,
            f"{call.host} wants these headers, but answered made-up ones just as it answered yours.",
            "Set “url” to something that only a signed-in caller may see, then test again.",
        )
    return _verdict(Outcome.VERIFIED, f"{call.host} answered as expected with your headers, and refuses without them.")


def _made_up(value: str) -> str:
    """Another value of the same shape; the word before a token ("Bearer") stays."""
    scheme, space, token = value.rpartition(" ")
    return scheme + space + made_up_key(token) if token else "x"


def _no_secret_headers(call: ToolRequest) -> Verdict:
    if urlsplit(call.url).query:
        return _verdict(
            Outcome.CANNOT_TELL,
            f"{call.host} answered as expected. Whether it looked at the query of the URL cannot be told.",
            "Send secrets as headers where the tool allows it: then they can be tested, and stay out of its logs.",
        )
    return _verdict(
        Outcome.KEY_NOT_CHECKED,
        f"{call.host} answered as expected. No header with a secret is stored here, so there was none to check.",
    )


def _refused(call: ToolRequest, status: int, secret: set[str]) -> Verdict:
    if secret:
        return _verdict(
            Outcome.REJECTED,
            f"{call.host} refused these headers ({status}).",
            "Create a new key at the tool, then edit this credential and replace it.",
        )
    return _verdict(
        Outcome.REJECTED,
        f"{call.host} asks for more than this credential has ({status}).",
        "Edit this credential and add “headers”.",
    )


def nothing_to_test() -> Verdict:
    return _verdict(
        Outcome.CANNOT_TELL,
        "There is nothing to test: Extra Config has no http or https “url”.",
        "Add “url”, and “headers” if the tool wants some, then test again.",
    )


def _verdict(outcome: Outcome, reason: str, advice: str = "") -> Verdict:
    return Verdict(outcome=outcome, reason=reason, advice=advice)
