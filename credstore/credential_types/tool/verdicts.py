"""The texts of the verdicts on a tool: one function for each conclusion. Pure.

`actor` is the host of the tool. Every reason says what the tool did, and every advice says what to do next.
"""

from credstore.credential_types.contradictions import contradicted
from credstore.probe import Outcome, Verdict

CHECK_CONFIG = "Check “url”, “method” and “expect_status” in Extra Config."
_CLOSED_URL = "Set “url” to something that only a signed-in caller may see, then test again."
_NEW_KEY = "Create a new key at the tool, then enter it in place of this one."


def verified(actor: str) -> Verdict:
    return _verdict(
        Outcome.VERIFIED, f"{actor} answered as expected with your headers, and refuses the same with made-up ones."
    )


def refused(actor: str, status: int) -> Verdict:
    return _verdict(Outcome.REJECTED, f"{actor} refused these headers ({status}).", _NEW_KEY)


def not_allowed(actor: str) -> Verdict:
    return _verdict(
        Outcome.REJECTED,
        f"{actor} knows these headers, but does not permit this request (403). Made-up ones it refuses otherwise.",
        "Give the key access to this URL at the tool, or correct “url”.",
    )


def nobody_allowed(actor: str) -> Verdict:
    return _verdict(
        Outcome.CANNOT_TELL,
        f"{actor} does not permit this request (403), with your headers or with made-up ones: it may let nobody in.",
        "Check the key, and what the tool or a firewall before it allows from this network.",
    )


def no_headers_refused(actor: str, status: int) -> Verdict:
    if status == 403:
        return _verdict(
            Outcome.CANNOT_TELL,
            f"{actor} does not permit this request (403). It may want headers, or let nobody in from this network.",
            "Edit this credential and add “headers”, if the tool wants some.",
        )
    return _verdict(
        Outcome.REJECTED,
        f"{actor} asks for more than this credential has ({status}).",
        "Edit this credential and add “headers”.",
    )


def not_expected(actor: str, status: int) -> Verdict:
    return _verdict(
        Outcome.CANNOT_TELL,
        f"{actor} answered {status}, which is not what “expect_status” or a 2xx would be.",
        CHECK_CONFIG,
    )


def no_control(actor: str, status: int) -> Verdict:
    return _verdict(
        Outcome.CANNOT_TELL,
        f"{actor} answered as expected with your headers, and {status} to made-up ones: no clear refusal.",
        "Test again in a minute. If the tool refuses a wrong key with that status, set “refuse_status” to it.",
    )


def changed_its_mind(actor: str, status: int) -> Verdict:
    return _verdict(
        Outcome.CANNOT_TELL,
        f"{actor} answered {status} when the same was asked again with your headers, and otherwise before.",
        "Test again in a minute.",
    )


def made_up_accepted_once(actor: str) -> Verdict:
    return contradicted(actor, "it refused made-up headers, and then accepted other made-up ones")


def refused_in_the_end(actor: str, status: int) -> Verdict:
    return contradicted(actor, f"it accepted your headers, and refused them ({status}) when asked again")


def refused_at_first(actor: str) -> Verdict:
    return contradicted(actor, "it refused your headers (403), and accepted them when asked again")


def other_contents(actor: str, status: int) -> Verdict:
    return _verdict(
        Outcome.CANNOT_TELL,
        f"{actor} answered {status} to made-up headers too, but with other contents than to yours.",
        "Set “url” to something that the tool answers with an error status when the key is wrong.",
    )


def cached(actor: str) -> Verdict:
    return _verdict(
        Outcome.CANNOT_TELL,
        f"A cache on the way answered in place of {actor}, so the headers were not checked.",
        "Set “url” to something that no cache keeps, then test again.",
    )


def open_to_all(actor: str) -> Verdict:
    return _verdict(
        Outcome.KEY_NOT_CHECKED,
        f"{actor} answers the same without your headers, so it did not check them.",
        _CLOSED_URL,
    )


def any_headers(actor: str) -> Verdict:
    return _verdict(
        Outcome.KEY_NOT_CHECKED,
        f"{actor} answered made-up headers just as it answered yours, so it did not check them.",
        _CLOSED_URL,
    )


def query_not_checked(actor: str) -> Verdict:
    return _verdict(
        Outcome.CANNOT_TELL,
        f"{actor} answered as expected. Whether it looked at the query of the URL cannot be told.",
        "Send secrets as headers where the tool allows it: then they can be tested, and stay out of its logs.",
    )


def nothing_to_check(actor: str) -> Verdict:
    return _verdict(
        Outcome.KEY_NOT_CHECKED,
        f"{actor} answered as expected. No header with a secret is stored here, so there was none to check.",
    )


def nothing_to_test() -> Verdict:
    return _verdict(
        Outcome.CANNOT_TELL,
        "There is nothing to test: Extra Config has no http or https “url”.",
        "Add “url”, and “headers” if the tool wants some, then test again.",
    )


def _verdict(outcome: Outcome, reason: str, advice: str = "") -> Verdict:
    return Verdict(outcome=outcome, reason=reason, advice=advice)
