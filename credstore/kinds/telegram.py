"""Declares the Telegram credential type: the token of one bot."""

import re
from collections.abc import Collection
from typing import ClassVar

from credstore.kinds.base import Field, Kind, Values


class Telegram(Kind):
    slug: ClassVar[str] = "telegram"
    label: ClassVar[str] = "Telegram"
    summary: ClassVar[str] = "Telegram bot authentication"
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
    def check(cls, values: Values, held: Collection[str]) -> dict[str, str]:  # noqa: ARG003
        if "bot_token" in values and not re.fullmatch(r"\d{3,20}:[A-Za-z0-9_-]{10,}", values["bot_token"]):
            return {"bot_token": "A bot token is a number, a colon and a code. Copy it whole from @BotFather."}
        return {}
