"""The browser's side: one blueprint. Turns HTTP into use cases and results into pages; decides nothing itself."""

from pathlib import Path

from flask import Blueprint

from credstore.web import (
    changes,
    checks,
    door,
    errors,
    guessing,
    headers,
    health,
    listing,
    removal,
    runs,
    sign_in,
    wording,
)

_PACKAGE = Path(__file__).resolve().parent.parent


def make_blueprint(*, own_sign_in: bool) -> Blueprint:
    """`own_sign_in` adds sign-in, set-up and health pages, which a host application has of its own."""
    bp = Blueprint(
        "credstore",
        __name__,
        template_folder=str(_assets("templates")),
        static_folder=str(_assets("static")),
        static_url_path="/credentials/static",
    )
    for room in (door, listing, changes, guessing, checks, removal, runs):
        room.register(bp)
    wording.register(bp, everywhere=own_sign_in)
    errors.register(bp, everywhere=own_sign_in)
    headers.register(bp, everywhere=own_sign_in)
    if own_sign_in:
        sign_in.register(bp)
        health.register(bp)
    return bp


def _assets(name: str) -> Path:
    """Installed, the folder lies inside the package; in a checkout beside it."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
