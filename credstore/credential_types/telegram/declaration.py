"""Declares the Telegram credential type: the token of one bot. `getMe` tells whether it works.

The token is part of the URL of every request, so whoever runs the probe must scrub it from what is shown. One request
is proof: over TLS only Telegram answers, and its answer must name the bot whose number stands in the token, in the
shape of the Bot API (https://core.telegram.org/bots/api#getme).
"""

import re
from collections.abc import Collection
from typing import ClassVar

from credstore.credential_types.base import CredentialType, Field, Values
from credstore.credential_types.telegram.response_meaning import judge_get_me
from credstore.probe import Probe, ProbeRequest

_TOKEN = re.compile(r"(?P<bot>\d{3,20}):(?P<secret>[A-Za-z0-9_-]{10,})")


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
