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

The result is red only where the tool itself judges (`response_meaning`), or for a 403, given twice in a row, where two
made-up values get a 401.
"""

from collections.abc import Generator
from urllib.parse import urlsplit

from credstore.credential_types.inconclusive import from_cache
from credstore.credential_types.tool import verdicts
from credstore.credential_types.tool.response_comparison import same_answer
from credstore.credential_types.tool.response_meaning import not_accepted, refuses
from credstore.credential_types.tool.tool_request import ToolRequest
from credstore.probe import Probe, ProbeRequest, ProbeResponse, Verdict

_MADE_UP = ("The same with made-up headers", "The same with other made-up headers")


def check_tool(call: ToolRequest) -> Probe:
    """Drive the whole check. At most four requests."""
    secret = call.secret_headers()
    answer = yield call.request("Ask the tool with your headers" if secret else "Ask the tool", call.headers)
    if answer.status not in call.expected:
        verdict = not_accepted(call, answer)
        return verdict or (yield from _forbidden(call))
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
        if not refuses(call, answer):
            return verdicts.no_control(call.host, answer.status)
        statuses.append(answer.status)
    if len(set(statuses)) > 1:
        return verdicts.no_control(call.host, statuses[-1])
    again = yield call.request("Once more with your headers", call.headers)
    if again.status in call.expected:
        return verdicts.cached(call.host) if from_cache(again) else verdicts.verified(call.host)
    if refuses(call, again):
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
        if control.status != 401 or not refuses(call, control):
            return verdicts.not_expected(call.host, 403)
    return verdicts.not_allowed(call.host)
