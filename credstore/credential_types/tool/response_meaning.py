"""What one answer of a tool says about the headers that were sent. Pure.

The stored headers are refused only where the tool itself judges: a 401 that is not about the network address, not from
a cache and does not want another scheme; the declared `refuse_status`; or a 403 whose JSON says that the key is wrong.
Any other 403 may be of a firewall: `check` asks again.
"""

from credstore.credential_types.inconclusive import (
    from_cache,
    inconclusive_verdict,
    names_bad_credential,
    unfounded_refusal,
)
from credstore.credential_types.tool import verdicts
from credstore.credential_types.tool.tool_request import ToolRequest
from credstore.probe import ProbeResponse, Verdict


def refuses(call: ToolRequest, answer: ProbeResponse) -> bool:
    """Whether this answer to made-up headers is a refusal."""
    if call.refused is not None:
        return answer.status == call.refused and not from_cache(answer)
    hides = answer.status == 404 and call.expected.start in range(200, 300)
    judged = answer.status in {401, 403} and inconclusive_verdict(call.host, answer) is None
    return (judged or hides) and not from_cache(answer)


def not_accepted(call: ToolRequest, answer: ProbeResponse) -> Verdict | None:
    """The verdict where the stored headers got no expected status; None for a 403 that may be of a firewall."""
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
    return None
