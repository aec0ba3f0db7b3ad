"""Renders credstore's templates: with its own page around them, or inside the layout of a host application.

A page inside a host's layout is rendered in two steps: first credstore's part, with credstore's variables and blocks,
then the host's layout, with the host's. So no name of one side can hide a name of the other.
"""

import secrets
from typing import Any

import flask
from jinja2 import TemplateNotFound
from markupsafe import Markup

from credstore.errors import ConfigError
from credstore.web import request_context
from credstore.web.flash_messages import take_messages
from credstore.web.template_filters import template_variables

_MARK = f"part-{secrets.token_hex(16)}"  # between title, head and content; nobody can guess it


def render_template(name: str, **given: Any) -> str:
    """The HTML of a template of credstore. `given` are variables beside those of `template_variables`.

    Raises ConfigError where the host's layout is missing, or has no block for credstore's content.
    """
    layout = request_context.services().layout
    variables = template_variables() | {"part_mark": ""} | given
    if not layout:
        return flask.render_template(name, **variables)
    # Credstore's part shows all messages, also those of the host: its layout must not show them again.
    html = flask.render_template(name, **variables | {"part_mark": _MARK, "get_flashed_messages": take_messages})
    title, *parts = html.split(_MARK)
    if not parts:  # a piece of a page, for credstore's script
        return html
    head, content = map(Markup, parts)
    page = PageInHost(layout, Markup(title.strip()), head, content)  # noqa: S704 - the same
    try:
        found = flask.render_template("credstore/in_host.html", credstore_page=page)
    except TemplateNotFound as missing:
        if missing.name != layout:  # what the layout itself is made of
            raise
        raise ConfigError(f"The application has no template “{layout}”, which is the layout of credstore.") from None
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
