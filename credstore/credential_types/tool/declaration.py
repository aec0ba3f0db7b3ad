"""Declares the Tool credential type: a URL, headers and other values of a tool, all in the JSON of Extra Config."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from credstore.credential_types.base import Choice, ConfigKey, CredentialType, Field, Values
from credstore.credential_types.contradictions import without_pass_after_contradiction
from credstore.credential_types.tool import check, verdicts
from credstore.credential_types.tool.made_up_headers import texts_inside
from credstore.credential_types.tool.tool_request import ToolRequest
from credstore.errors import Refused
from credstore.probe import Probe, openness_of, probe_without_requests
from credstore.request_header_rules import header_error
from credstore.urls import canonical_url, shown_location

_STATUSES = range(100, 600)
_HEADER_NAMES = (
    ("Authorization", "Bearer … or Basic …"),
    ("X-API-Key", "a key alone"),
    ("Api-Key", "a key alone"),
)


def usual_header_names() -> tuple[Choice, ...]:
    """The header names that the form offers."""
    return tuple(Choice(value=name, label=about) for name, about in _HEADER_NAMES)


class Tool(CredentialType):
    slug: ClassVar[str] = "tool"
    test_uses: ClassVar[bool] = True
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
            hint=(
                "A JSON object; a URL alone becomes one. It is encrypted whole; only the result of a test names the "
                "URL that was asked. Keys of your own are welcome."
            ),
            example=(
                '{\n  "url": "https://tool.example.com/api",\n'
                '  "headers": {"Authorization": "Bearer paste-the-token-here"}\n}'
            ),
            guided=(
                Field(
                    name="extra_config_url",
                    label="URL",
                    key="url",
                    form="url",
                    required=True,
                    hint="What a test asks, with this header.",
                    placeholder="https://tool.example.com/api",
                ),
                Field(
                    name="extra_config_header_name",
                    label="Header",
                    key="headers",
                    part="name",
                    required=True,
                    hint="The name of the header.",
                    placeholder="Authorization",
                    suggestions=usual_header_names,
                ),
                Field(
                    name="extra_config_header_value",
                    label="Value",
                    key="headers",
                    part="value",
                    required=True,
                    secret=True,
                    hint="The whole value, like “Bearer …” and the token.",
                ),
            ),
            keys=(
                ConfigKey(name="url", about="what a test asks, with these headers", kind="url", secret=False),
                ConfigKey(name="headers", about="headers to send, as an object", kind="object"),
                ConfigKey(name="method", about="GET (unless you say otherwise) or HEAD", secret=False),
                ConfigKey(
                    name="expect_status",
                    about="the HTTP status that means it works; any 2xx if left out",
                    kind="number",
                    secret=False,
                ),
                ConfigKey(
                    name="refuse_status",
                    about="the HTTP status that refuses a wrong key; 401, 403 or 404 if left out",
                    kind="number",
                    secret=False,
                ),
            ),
        ),
    )

    @classmethod
    def config_detail(cls, config: Mapping[str, Any]) -> tuple[str, ...]:
        """The host, without the path: that of a tool may have a token in it."""
        return tuple(filter(None, [shown_location(str(config.get("url", ""))).partition("/")[0]]))

    @classmethod
    def validate(cls, values: Values, held: Collection[str]) -> dict[str, str]:  # noqa: ARG003
        wrong = _config_error(_config(values))
        return {"extra_config": wrong} if wrong else {}

    @classmethod
    def texts_to_redact(cls, secrets: Values) -> set[str]:
        config = _config(secrets)
        query = config.get("url", "").partition("?")[2]
        parts = {part.rpartition("=")[2] for part in query.split("&")} | {value for _, value in parse_qsl(query)}
        # Without the word before it too: a server may repeat the token and not the "Bearer".
        for value in config.get("headers", {}).values():
            parts |= {value.rpartition(" ")[2]} | texts_inside(value)
        return super().texts_to_redact(secrets) | parts

    @classmethod
    def tested_url(cls, secrets: Values) -> str:
        url = str(_config(secrets).get("url", ""))
        return _url(url).partition("?")[0] if url.startswith(("http://", "https://")) else ""

    @classmethod
    def probe(cls, values: Values) -> Probe:
        config = _config(values)
        if not config.get("url", "").startswith(("http://", "https://")):
            return probe_without_requests(verdicts.nothing_to_test())
        call = ToolRequest(
            url=_url(config["url"]),
            headers=config.get("headers", {}),
            method="HEAD" if config.get("method", "").upper() == "HEAD" else "GET",
            expected=_expected(config),
            refused=config.get("refuse_status"),
        )
        known = openness_of(values.get("host_openness"))
        return without_pass_after_contradiction(check.check_tool(call), call.host, known)


def _config_error(config: dict[str, Any]) -> str:
    """Why this configuration cannot be tested, in a sentence that repeats no value; "" when it can."""
    if config.get("method", "GET").upper() not in {"GET", "HEAD"}:
        return "“method” must be GET or HEAD: a test changes nothing at the tool."
    for name, usual in (("expect_status", 200), ("refuse_status", 401)):
        if config.get(name, usual) not in _STATUSES:
            return f"“{name}” must be an HTTP status, like {usual}."
    if config.get("refuse_status") in _expected(config):
        return "“refuse_status” must be another status than the one that means that it works."
    if why := _headers_error(config.get("headers", {})):
        return f"“headers”: {why}."
    url = config.get("url", "")
    if url.startswith(("http://", "https://")):
        if re.match(r"https?://[^/?#]*@", url):
            return "Leave name and password out of “url”; send them as a header."
        try:
            _url(url)
        except Refused as refusal:
            return f"“url”: {refusal.sentence}"
    return ""


def _headers_error(headers: dict[str, Any]) -> str:
    if len({name.lower() for name in headers}) != len(headers):
        return "a name appears twice; upper and lower case make no difference there"
    for name, value in headers.items():
        if not isinstance(value, str):
            return "each value must be a text"
        if why := header_error(name, value):
            return why
    return ""


def _expected(config: dict[str, Any]) -> range:
    """The HTTP statuses that mean that the headers are accepted."""
    status = config.get("expect_status")
    return range(200, 300) if status is None else range(status, status + 1)


def _url(text: str) -> str:
    """The canonical URL. Unlike a base URL it may have a query: nothing is appended to it."""
    path, mark, query = text.partition("?")
    if not re.fullmatch(r"[\x21\x24-\x7e]*", query):
        raise Refused("The query of a URL has no “#”, quotes, spaces or characters outside plain ASCII.")
    return canonical_url(path) + mark + query


def _config(values: Values) -> dict[str, Any]:
    return json.loads(values["extra_config"]) if "extra_config" in values else {}
