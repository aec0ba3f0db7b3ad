"""The page of the encryption keys: what each one encrypted, and a rotation with its progress. Shows no key."""

from typing import Any

from flask import Blueprint, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue

from credstore.vault import KeyStatus, LastRotation
from credstore.web import request_context
from credstore.web.flash_messages import flash_message
from credstore.web.rendering import render_template


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/keys", view_func=encryption_keys, methods=["GET"])
    bp.add_url_rule("/keys/rotate", view_func=rotate_keys, methods=["POST"])


def encryption_keys() -> ResponseReturnValue:
    keys = request_context.vault().keys
    status, last = keys.status(), keys.last_rotation()
    if request_context.wants_json():
        return jsonify(_as_json(status, last))
    template = "credstore/_keys.html" if request_context.wants_fragment() else "credstore/keys.html"
    return render_template(
        template,
        keys=status,
        last=last,
        left=sum(key.use.total for key in status if key.position > 1),
        missing=[key for key in status if not key.position],
        state=request_context.vault().key_state(),
    )


def rotate_keys() -> ResponseReturnValue:
    """Start a rotation in the background, unless one is under way. Raises Locked."""
    keys = request_context.vault().keys
    last = keys.last_rotation()
    if last is not None and last.state == "running":
        flash_message("A rotation is under way already.", tone="warning")
    else:
        rotation = keys.rotation(processes=1)  # one beside this one, so that the other cores are for requests
        rotation.start()
        request_context.services().runner.start_rotation(rotation)
    if request_context.wants_json():
        return jsonify(_as_json(keys.status(), keys.last_rotation())), 202
    return redirect(url_for("credstore.encryption_keys"), 303)


def _as_json(status: list[KeyStatus], last: LastRotation | None) -> dict[str, Any]:
    keys = [{"id": key.use.key_id, "position": key.position, "secrets": key.use.total} for key in status]
    return {
        "keys": keys,
        "rotation": last and {"state": last.state, "rotated": last.rotated, "damaged": last.unreadable},
    }
