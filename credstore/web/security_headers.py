"""Adds Cache-Control to every response, and security headers that are not there yet."""

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
# Where a host application has a policy of its own. Browsers prefer its frame-ancestors to X-Frame-Options.
_BESIDE_ANOTHER_CSP = {"X-Frame-Options": "DENY"} | {
    name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"
}
_WITH_CSP, _WITHOUT_CSP = (
    [(name, name.lower(), value) for name, value in headers.items()] for headers in (HEADERS, _BESIDE_ANOTHER_CSP)
)
_YEAR = 31_536_000  # seconds


def register(bp: Blueprint, *, everywhere: bool, csp: bool) -> None:
    """`everywhere`: for the whole application. `csp`: with the content security policy."""
    after_request = bp.after_app_request if everywhere else bp.after_request
    after_request(add_cache_control)
    after_request(add_headers if csp else add_headers_without_csp)


def add_headers(response: Response) -> Response:
    if response.headers.get("Content-Security-Policy") == CSP:
        return response  # the hook of the API's blueprint was here before that of the whole application
    return _add(response, _WITH_CSP)


def add_headers_without_csp(response: Response) -> Response:
    return _add(response, _WITHOUT_CSP)


def _add(response: Response, headers: list[tuple[str, str, str]]) -> Response:
    """Add the headers that are not there; a header of the same name is never replaced."""
    present = {name.lower() for name, _ in response.headers}
    for name, lower, value in headers:
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
