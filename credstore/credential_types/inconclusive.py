"""Verdicts on responses that say nothing about a credential: redirects, rate limits, server errors.

They never repeat a provider's text: of a redirect they name the host, and `Retry-After` is read as a number.
"""

from credstore.credential_types.llm.response_meaning import redirect_host
from credstore.probe import Outcome, ProbeResponse, Verdict

TRY_LATER = "Wait a minute, then test again."


def inconclusive_verdict(actor: str, answer: ProbeResponse) -> Verdict | None:
    """The verdict on a 3xx, 429 or 5xx; None for every other response."""
    if 300 <= answer.status < 400:
        return Verdict(
            outcome=Outcome.CANNOT_TELL,
            reason=f"{actor} answered with a redirect to {redirect_host(answer)}. "
            "credstore does not send secrets to another address.",
            advice="Set the URL to where it leads, if you trust that address.",
        )
    if answer.status == 429:
        return Verdict(
            outcome=Outcome.PROVIDER_TROUBLE,
            reason=f"{actor} is limiting requests just now (429).",
            advice=_wait(answer),
        )
    if answer.status >= 500:
        return Verdict(
            outcome=Outcome.PROVIDER_TROUBLE,
            reason=f"{actor} has trouble of its own ({answer.status}).",
            advice=TRY_LATER,
        )
    return None


def _wait(answer: ProbeResponse) -> str:
    seconds = answer.headers.get("retry-after", "")
    if seconds.isascii() and seconds.isdigit() and 0 < int(seconds[:6]) < 100_000:
        return f"Wait {int(seconds[:6])} seconds, then test again."
    return TRY_LATER


def printable_line(text: object, longest: int = 64) -> str:
    """The printable characters of a provider's text, for one line; "" when it is no text or longer than `longest`.

    It is not shortened: if it repeats a secret, the tester can only redact the whole secret.
    """
    if not isinstance(text, str) or len(text) > longest:
        return ""
    return "".join(char for char in text if char.isprintable()).strip()
