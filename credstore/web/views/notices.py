"""The page of notices: where they go and what waits, and a button that sends a test notice. Shows no secret."""

from typing import Any

from flask import Blueprint, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue

from credstore.notices.deliveries import Waiting
from credstore.notices.notifier import Notifier
from credstore.web import request_context
from credstore.web.flash_messages import flash_message
from credstore.web.rendering import render_template


def register(bp: Blueprint) -> None:
    bp.add_url_rule("/notices", view_func=notices, methods=["GET"])
    bp.add_url_rule("/notices/test", view_func=send_test_notice, methods=["POST"])


def notices() -> ResponseReturnValue:
    notifier, config = request_context.services().notifier, request_context.config()
    waiting = notifier.waiting()
    if request_context.wants_json():
        return jsonify(_as_json(notifier, waiting))
    return render_template(
        "credstore/notices.html",
        channels=notifier.channels.values(),
        waiting=waiting,
        quiet_hours=config.quiet_hours,
        quiet_until=notifier.quiet_until(),
        expiry_days=config.notify_expiry_days,
        test_every=_interval_in_words(config.test_every or 0),
    )


def send_test_notice() -> ResponseReturnValue:
    """Send one by each channel, now; say of each whether its receiver took it."""
    results = request_context.services().notifier.send_test()
    if request_context.wants_json():
        return jsonify({"results": [{"channel": name, "problem": problem} for name, problem in results.items()]})
    for name, problem in results.items():
        words = f"Test notice by {name}: not sent. {problem}" if problem else f"Test notice by {name}: sent."
        flash_message(words, tone="error" if problem else "success")
    return redirect(url_for("credstore.notices"), 303)


def _as_json(notifier: Notifier, waiting: Waiting) -> dict[str, Any]:
    return {
        "channels": [{"name": channel.name, "where": channel.where} for channel in notifier.channels.values()],
        "changes_waiting": waiting.noted,
        "messages_waiting": waiting.messages,
        "changes_given_up": waiting.given_up,
        "problem": waiting.problem,
    }


def _interval_in_words(seconds: int) -> str:
    """ "24 hours", "90 minutes", "7 days"; "" for 0."""
    for size, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            number = seconds // size
            return f"{number} {noun}s" if number > 1 else noun
    return ""
