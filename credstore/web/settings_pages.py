"""The pages for administration: what the page Settings lists, and the navigation on each of them."""

from typing import NamedTuple

from flask import Blueprint
from flask.typing import ResponseReturnValue

from credstore.web.rendering import render_template


class SettingsPage(NamedTuple):
    """One page: its title, the sentence about it, and its endpoint."""

    title: str
    sentence: str
    endpoint: str


SETTINGS_PAGES = (
    SettingsPage(
        "Users",
        "Who may sign in, with which role, and invitations for others.",
        "credstore.users",
    ),
    SettingsPage(
        "Encryption keys",
        "The keys that encrypt the stored secrets, and the change to a new key.",
        "credstore.encryption_keys",
    ),
    SettingsPage(
        "Audit log",
        "Who signed in, and who changed, tested or used which credential.",
        "credstore.audit",
    ),
    SettingsPage(
        "Machine tokens",
        "What other programs send to the JSON API, and what each may do.",
        "credstore.tokens",
    ),
    SettingsPage(
        "Notices",
        "Where it is told that a credential has failed, works again or ends soon.",
        "credstore.notices",
    ),
)


def register(bp: Blueprint, *, with_users: bool) -> None:
    """A host application has users of its own."""
    bp.add_url_rule("/settings", view_func=settings, methods=["GET"])
    pages = tuple(page for page in SETTINGS_PAGES if with_users or page.endpoint != "credstore.users")
    # A global of Jinja and not a variable of each request: the list of credentials has no use for it.
    bp.record(lambda state: state.app.jinja_env.globals.update(credstore_settings_pages=pages))


def settings() -> ResponseReturnValue:
    return render_template("credstore/settings.html")
