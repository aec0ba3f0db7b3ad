"""Adds Cache-Control to every response, and security headers where they are not left to a host application."""

from flask import Blueprint, Response, request

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": Flask-WTF refuses https forms that come without one.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HEADERS = [(name, name.lower(), value) for name, value in HEADERS.items()]
_YEAR = 31_536_000  # seconds


def register(bp: Blueprint, *, everywhere: bool, protect: bool) -> None:
    """`everywhere`: for the whole application. `protect`: with security headers."""
    after_request = bp.after_app_request if everywhere else bp.after_request
    after_request(add_cache_control)
    if protect:
        after_request(add_headers)


def add_headers(response: Response) -> Response:
    if response.headers.get("Content-Security-Policy") == CSP:
        return response  # the hook of the API's blueprint was here before that of the whole application
    present = {name.lower() for name, _ in response.headers}
    for name, lower, value in _HEADERS:
        if lower not in present:
            response.headers.add(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
    return response


def add_cache_control(response: Response) -> Response:
    if request.endpoint == "credstore.static" and "v" in request.args and response.status_code in {200, 304}:
        # The URL has a digest of the content, so a cached copy is never outdated.
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response
