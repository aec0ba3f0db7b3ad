"""What an answer to Telegram's `getMe` says about a bot token (https://core.telegram.org/bots/api#getme). Pure."""

from credstore.credential_types.inconclusive import inconclusive_verdict, printable_line
from credstore.probe import Outcome, ProbeResponse, Verdict

_NEW_TOKEN = "Ask @BotFather for the token again (/mybots, API Token), then enter it in place of this one."  # noqa: S105


def judge_get_me(answer: ProbeResponse, *, bot: str) -> Verdict:
    """The verdict on the answer to getMe. Only a body of Telegram's own shape counts: a proxy can answer anything."""
    if verdict := inconclusive_verdict("Telegram", answer):
        return verdict
    body = answer.json if isinstance(answer.json, dict) else {}
    who = body.get("result")
    if answer.status == 200 and body.get("ok") is True and isinstance(who, dict) and str(who.get("id")) == bot:
        username, name = printable_line(who.get("username"), 32), printable_line(who.get("first_name"))
        called = f"@{username}" if username else f"bot {bot}"
        return Verdict(
            outcome=Outcome.VERIFIED,
            reason=f"Telegram accepted this token: it belongs to {called}{f' ({name})' if name else ''}.",
            facts=tuple(filter(None, (called, name))),
        )
    provider_message = printable_line(body.get("description"), 1000)
    if body.get("ok") is False and answer.status == 401:
        return Verdict(
            outcome=Outcome.REJECTED,
            reason="Telegram refused this token (401).",
            advice=_NEW_TOKEN,
            provider_message=provider_message,
        )
    if body.get("ok") is False and answer.status == 404:
        return Verdict(
            outcome=Outcome.REJECTED,
            reason="Telegram does not recognise this as a bot token (404): it is not in the form of one.",
            advice=_NEW_TOKEN,
            provider_message=provider_message,
        )
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"An answer came ({answer.status}), but not one that Telegram's Bot API gives.",
        advice="Check whether a proxy or a captive portal stands between this server and Telegram.",
        provider_message=provider_message,
    )
