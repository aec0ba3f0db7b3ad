"""Renders credstore's templates: with its own page around them, or inside the layout of a host application.

A page inside a host's layout is rendered in two steps: first credstore's part, with credstore's variables and blocks,
then the host's layout, with the host's. So no name of one side can hide a name of the other.
"""

import secrets
from typing import Any

import flask
from flask import get_flashed_messages
from flask.globals import request_ctx
from markupsafe import Markup

from credstore.errors import ConfigError
from credstore.web import request_context
from credstore.web.template_filters import template_variables

_MARK = f"part-{secrets.token_hex(16)}"  # between title, head and content; nobody can guess it


def render_template(name: str, **given: Any) -> str:
    """The HTML of a template of credstore. `given` are variables beside those of `template_variables`.

    Raises ConfigError where the host's layout has no block for credstore's content.
    """
    layout = request_context.services().layout
    html = flask.render_template(name, **(template_variables() | {"part_mark": _MARK if layout else ""} | given))
    title, *parts = html.split(_MARK)
    if not layout or not parts:  # a piece of a page, for credstore's script
        return html
    head, content = map(Markup, parts)
    page = PageInHost(layout, Markup(title.strip()), head, content)  # noqa: S704 - the same
    # Credstore's part has shown all messages, also those of the host: its layout must not show them again.
    get_flashed_messages()
    request_ctx.flashes = []
    found = flask.render_template("credstore/in_host.html", credstore_page=page)
    if not page.is_shown:
        raise ConfigError(f"The layout “{layout}” has no block credstore_content, where credstore's pages belong.")
    return found


class PageInHost:
    """Credstore's part of a page, for the host's layout. The head is written once, wherever it is asked for first."""

    def __init__(self, layout: str, title: Markup, head: Markup, content: Markup) -> None:
        self.layout = layout
        self.title = title
        self.is_shown = False
        self._head, self._content = head, content

    def head(self) -> Markup:
        head, self._head = self._head, Markup()
        return head

    def content(self) -> Markup:
        self.is_shown = True
        return self.head() + self._content
