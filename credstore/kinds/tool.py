"""Declares the Tool credential type: whatever a tool needs, configured via Extra Config."""

from typing import ClassVar

from credstore.kinds.base import ConfigKey, Field, Kind


class Tool(Kind):
    slug: ClassVar[str] = "tool"
    label: ClassVar[str] = "Tool"
    summary: ClassVar[str] = "Tool-specific credentials"
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            name="extra_config",
            label="Extra Config",
            required=True,
            secret=True,
            form="json",
            max_length=20_000,
            hint="A JSON object. It is sealed whole: nothing of it is shown again. Keys of your own are welcome.",
            example=(
                '{\n  "url": "https://tool.example.com/api",\n'
                '  "headers": {"Authorization": "Bearer paste-the-token-here"}\n}'
            ),
            keys=(
                ConfigKey(name="url", about="where the tool's API is", kind="url"),
                ConfigKey(name="headers", about="headers to send, as an object", kind="object"),
                ConfigKey(name="expect_status", about="the HTTP status that means it works", kind="number"),
            ),
        ),
    )
