"""What a request gets that is refused before the application sees it: text, or problem details below /api. Pure."""

import json
import re

RETRY_SECONDS = 5
TOO_LARGE = "This request is larger than credstore takes (2 MB)."
_REASONS = {
    400: "Bad Request",
    404: "Not Found",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    414: "URI Too Long",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}
_SENTENCES = {
    400: "Send HTTP/1.1: a request line, headers with a colon each, and one Content-Length at most, which is a number.",
    404: "There is nothing at this address.",
    408: "The request did not arrive in time. Send it again.",
    411: "Send the request with Content-Length, and not in chunks.",
    413: TOO_LARGE,
    414: "The address of this request is longer than credstore takes (8 kB).",
    417: "The only value that the header Expect may have is 100-continue.",
    431: "The headers of this request are larger than credstore takes (100 of them, 8 kB each, 64 kB together).",
    500: "credstore made a mistake. It is logged, without any secret.",
    501: "Send the request with Content-Length, and without Transfer-Encoding.",
    503: "Too many large requests arrive at once. Wait, then send it again.",
}
_FOR_API = re.compile(rb"[A-Z]{1,20} (?:https?://[^/ ]+)?/api/", re.IGNORECASE)


def early_refusal(status: int, request: bytes | bytearray) -> bytes:
    """The whole response, after which the connection is closed. `request` is what came so far; nothing is repeated."""
    text, mimetype = f"{status} {_REASONS[status]}\n", "text/plain"
    if _FOR_API.match(request):
        text, mimetype = json.dumps(_problem(status)) + "\n", "application/problem+json"
    headers = [f"Content-Type: {mimetype}", f"Content-Length: {len(text)}", "Cache-Control: no-store"]
    headers += [f"Retry-After: {RETRY_SECONDS}"] if status == 503 else []
    head = [f"HTTP/1.1 {status} {_REASONS[status]}", *headers, "Connection: close"]
    return "\r\n".join([*head, "", text]).encode()


def _problem(status: int) -> dict[str, object]:
    """Problem details (RFC 9457), with the members that the application gives."""
    about = {"type": "about:blank", "title": _REASONS[status], "status": status}
    return about | {"code": f"http-{status}", "detail": _SENTENCES[status]}
