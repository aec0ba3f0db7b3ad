"""Declares the Telegram credential type: the token of one bot, and how `getMe` tells whether it works.

The token is part of the URL of every request, so whoever runs the probe must scrub it from what is shown. One request
is proof: over TLS only Telegram answers, and its answer must name the bot whose number stands in the token, in the
shape of the Bot API (https://core.telegram.org/bots/api#getme).
"""

import re
from collections.abc import Collection
from typing import ClassVar

from credstore.credential_types.base import CredentialType, Field, Values
from credstore.credential_types.inconclusive import inconclusive_verdict, printable_line
from credstore.probe import Outcome, Probe, ProbeRequest, ProbeResponse, Verdict

_TOKEN = re.compile(r"(?P<bot>\d{3,20}):(?P<secret>[A-Za-z0-9_-]{10,})")
_NEW_TOKEN = "Ask @BotFather for the token again (/mybots, API Token), then enter it in place of this one."  # noqa: S105


class Telegram(CredentialType):
    slug: ClassVar[str] = "telegram"
    test_uses: ClassVar[bool] = True
    label: ClassVar[str] = "Telegram"
    summary: ClassVar[str] = "Telegram bot authentication"
    root: ClassVar[str] = "https://api.telegram.org"
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            name="bot_token",
            label="Bot Token",
            required=True,
            secret=True,
            max_length=200,
            hint="Your Telegram bot token from @BotFather, like 123456789:AA…",
        ),
    )

    @classmethod
    def validate(cls, values: Values, held: Collection[str]) -> dict[str, str]:  # noqa: ARG003
        if "bot_token" in values and not _TOKEN.fullmatch(values["bot_token"]):
            return {"bot_token": "A bot token is a number, a colon and a code. Copy it whole from @BotFather."}
        return {}

    @classmethod
    def destination(cls, public: Values) -> str | None:  # noqa: ARG003
        return cls.root

    @classmethod
    def texts_to_redact(cls, secrets: Values) -> set[str]:
        # Cut at the colon too: a server or proxy may repeat only the part after it. The number is no secret.
        return {part for token in secrets.values() for part in (token, token.partition(":")[2])}

    @classmethod
    def learned_detail(cls, facts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(fact for fact in facts[:1] if fact.startswith("@"))

    @classmethod
    def probe(cls, values: Values) -> Probe:
        token = values["bot_token"]
        answer = yield ProbeRequest(purpose="Ask who this bot is", method="GET", url=f"{cls.root}/bot{token}/getMe")
        return judge_get_me(answer, bot=token.partition(":")[0])


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
