"""The check of a tool: one URL, asked with the stored headers and with made-up ones. Sans-IO; GET or HEAD only.

An expected answer proves nothing by itself: the URL may be open to all, and one refusal may come from a firewall, a ban
or a server that dislikes repeated requests. The result is green only for this sequence of four requests:

1. the stored headers are accepted: the status is an expected one, and no cache gave it;
2. and 3. two made-up values of the same form are refused, both with the same status;
4. the stored headers are accepted again. They come last, so that a ban of this address shows, and a count of failed
   sign-ins ends with a good one.

Only 401 and 403 refuse, or the status that the credential declares as `refuse_status`. A 404 counts where a 2xx is
expected: it is how a tool hides what a stranger may not see. No other status refuses, nor does a cache, or a 403 that
asks to wait. So headers that the tool does not accept are never green, and headers that it refuses to take a second
time are not. A server that answers at random, yes and no by halves, gives this sequence in one of sixteen tests; so
where it contradicts itself within a test, that is remembered, and nothing passes there for an hour (`contradictions`).

The result is red only where the tool itself judges: a 401 that is not about the network address, not from a cache and
does not want another scheme; the declared `refuse_status`; a 403 whose JSON says that the key is wrong; or a 403, given
twice in a row, where two made-up values get a 401.
"""

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from credstore.credential_types.inconclusive import (
    from_cache,
    inconclusive_verdict,
    names_bad_credential,
    unfounded_refusal,
)
from credstore.credential_types.tool import verdicts
from credstore.credential_types.tool.made_up_headers import made_up_headers
from credstore.credential_types.tool.response_comparison import same_answer
from credstore.probe import Probe, ProbeRequest, ProbeResponse, Verdict

# Headers that say how to answer, not who asks.
_ORDINARY_HEADERS = {"accept", "accept-language", "cache-control", "content-type", "user-agent"}
_SECRET_HEADER_NAME = re.compile(r"auth|token|key|secret|pass|cookie|session|signature|credential", re.IGNORECASE)
_MADE_UP = ("The same with made-up headers", "The same with other made-up headers")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRequest:
    """What the credential says of one request.

    `expected` are the statuses that mean that it works; `refused` is the one that means that it does not, if declared.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    method: Literal["GET", "HEAD"]
    expected: range
    refused: int | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def secret_headers(self) -> set[str]:
        """The headers that look as if they said who asks; where none looks so, all but the plain ones."""
        named = {name for name in self.headers if _SECRET_HEADER_NAME.search(name)}
        return named or {name for name in self.headers if name.lower() not in _ORDINARY_HEADERS}

    def scheme(self) -> str | None:
        """The authentication scheme of the Authorization header in lower case, "" for none, None without a secret."""
        if not self.secret_headers():
            return None
        value = next((value for name, value in self.headers.items() if name.lower() == "authorization"), "")
        return value.partition(" ")[0].lower() if " " in value else ""

    def refuses(self, answer: ProbeResponse) -> bool:
        """Whether this answer to made-up headers is a refusal."""
        if self.refused is not None:
            return answer.status == self.refused and not from_cache(answer)
        hides = answer.status == 404 and self.expected.start in range(200, 300)
        judged = answer.status in {401, 403} and inconclusive_verdict(self.host, answer) is None
        return (judged or hides) and not from_cache(answer)

    def request(self, purpose: str, headers: Mapping[str, str]) -> ProbeRequest:
        return ProbeRequest(purpose=purpose, method=self.method, url=self.url, headers=headers)

    def made_up_request(self, purpose: str) -> ProbeRequest:
        return self.request(purpose, made_up_headers(self.headers, self.secret_headers()))


def check_tool(call: ToolRequest) -> Probe:
    """Drive the whole check. At most four requests."""
    secret = call.secret_headers()
    answer = yield call.request("Ask the tool with your headers" if secret else "Ask the tool", call.headers)
    if answer.status not in call.expected:
        return (yield from _not_accepted(call, answer))
    if from_cache(answer):
        return verdicts.cached(call.host)
    if secret:
        return (yield from _check_made_up_headers(call, answer))
    return verdicts.query_not_checked(call.host) if urlsplit(call.url).query else verdicts.nothing_to_check(call.host)


def _check_made_up_headers(
    call: ToolRequest, accepted: ProbeResponse
) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """Requests 2 to 4 of the sequence."""
    statuses: list[int] = []
    for purpose in _MADE_UP:
        answer = yield call.made_up_request(purpose)
        if answer.status in call.expected and not statuses:
            return (yield from _made_up_accepted(call, accepted, answer))
        if answer.status in call.expected:
            if from_cache(answer):
                return verdicts.cached(call.host)
            return verdicts.made_up_accepted_once(call.host)
        if not call.refuses(answer):
            return verdicts.no_control(call.host, answer.status)
        statuses.append(answer.status)
    if len(set(statuses)) > 1:
        return verdicts.no_control(call.host, statuses[-1])
    again = yield call.request("Once more with your headers", call.headers)
    if again.status in call.expected:
        return verdicts.cached(call.host) if from_cache(again) else verdicts.verified(call.host)
    if call.refuses(again):
        return verdicts.refused_in_the_end(call.host, again.status)
    return verdicts.changed_its_mind(call.host, again.status)


def _made_up_accepted(
    call: ToolRequest, accepted: ProbeResponse, answer: ProbeResponse
) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """Made-up headers got an expected status. Was it the same answer, and is it given without any headers too?"""
    if from_cache(answer):
        return verdicts.cached(call.host)
    if not same_answer(accepted, answer):
        return verdicts.other_contents(call.host, answer.status)
    others = {name: value for name, value in call.headers.items() if name not in call.secret_headers()}
    without = yield call.request("The same without your headers", others)
    open_to_all = same_answer(accepted, without) and not from_cache(without)
    return verdicts.open_to_all(call.host) if open_to_all else verdicts.any_headers(call.host)


def _not_accepted(call: ToolRequest, answer: ProbeResponse) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """The stored headers got no expected status."""
    actor, secret = call.host, call.secret_headers()
    if secret and answer.status == call.refused:
        return verdicts.cached(actor) if from_cache(answer) else verdicts.refused(actor, answer.status)
    if verdict := inconclusive_verdict(actor, answer, [call.headers[name] for name in secret]):
        return verdict
    if answer.status not in {401, 403}:
        return verdicts.not_expected(actor, answer.status)
    if verdict := unfounded_refusal(actor, answer, call.scheme()):
        return verdict
    if not secret:
        return verdicts.no_headers_refused(actor, answer.status)
    if answer.status == 401 or names_bad_credential(answer):
        return verdicts.refused(actor, answer.status)
    return (yield from _forbidden(call))


def _forbidden(call: ToolRequest) -> Generator[ProbeRequest, ProbeResponse, Verdict]:
    """A 403: of the tool that knows who asks, or of a firewall that lets nobody in?

    Both are asked twice in a row: of several servers behind one address, one that lets nobody in would not answer both.
    """
    again = yield call.request("Once more with your headers", call.headers)
    if again.status in call.expected and not from_cache(again):
        return verdicts.refused_at_first(call.host)
    if again.status != 403:
        return verdicts.changed_its_mind(call.host, again.status)
    for purpose in _MADE_UP:
        control = yield call.made_up_request(purpose)
        if control.status == 403:
            return verdicts.nobody_allowed(call.host)
        if control.status != 401 or not call.refuses(control):
            return verdicts.not_expected(call.host, 403)
    return verdicts.not_allowed(call.host)
