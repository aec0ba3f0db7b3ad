"""Registers the template filters and the variables of every page: the URLs of the list and of static files."""

import hashlib
from functools import cache, partial
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, url_for

from credstore.accounts.roles import Role
from credstore.verdict_facts import facts_of
from credstore.web import request_context
from credstore.web.following_fields import choice_of, positions
from credstore.web.formatting import expiry_label, format_datetime, format_day, relative_time, time_left, with_noun
from credstore.web.list_urls import list_arguments, list_query


def register(bp: Blueprint) -> None:
    bp.app_template_filter("credstore_relative_time")(relative_time)
    bp.app_template_filter("credstore_format_day")(format_day)
    bp.app_template_filter("credstore_format_datetime")(format_datetime)
    bp.app_template_filter("credstore_time_left")(time_left)
    bp.app_template_filter("credstore_with_noun")(with_noun)
    bp.app_template_filter("credstore_expiry_label")(expiry_label)
    bp.app_template_filter("credstore_facts")(facts_of)
    bp.app_template_filter("credstore_positions")(positions)
    bp.app_template_filter("credstore_choice")(choice_of)


def template_variables() -> dict[str, Any]:
    """What every template of ours may use. `list_path` is the list's address; a credential's is below it."""
    services = request_context.services()
    static_path = url_for("credstore.static", filename="")  # once a page, not once a file
    return {
        "asset": partial(_asset, static_path, current_app.blueprints["credstore"].static_folder or ""),
        "brand": services.brand,
        "key_state": request_context.vault().key_state,  # may ask the database, so that a page calls it
        "list_arguments": list_arguments(),
        "list_path": url_for("credstore.index"),
        "list_query": list_query,
        # A host application shows its users itself, and has its own button to sign out.
        "username": request_context.username() if services.addresses.own_site else "",
        "is_authorized": request_context.is_authorized(),
        "may_edit": request_context.role().includes(Role.EDITOR),
        "is_admin": request_context.role().includes(Role.ADMIN),
    }


def _asset(static_path: str, folder: str, name: str) -> str:
    return f"{static_path}{name}?v={_digest(folder, name)}"


@cache
def _digest(folder: str, name: str) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:12]
