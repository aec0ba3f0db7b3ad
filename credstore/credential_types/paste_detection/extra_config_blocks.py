"""Writes the JSON object for Extra Config that a pasted curl command or `.env` file means. Pure; never raises.

The URL and the secret must both be there: nobody knows where a secret alone is valid.
"""

import re
from collections.abc import Collection

from credstore.credential_types.paste_detection.curl import parse_curl_request
from credstore.credential_types.paste_detection.env_lines import parse_env_lines

_URL_NAME = re.compile(r"(?:\A|_)(?:URL|URI|ENDPOINT|REPO|REPOSITORY|BASE|HOST)\Z", re.IGNORECASE)
_USER_NAME = re.compile(r"(?:\A|_)(?:USER|USERNAME|LOGIN)\Z", re.IGNORECASE)
_SECRET_NAME = re.compile(r"(?:\A|_)(?:KEY|TOKEN|SECRET|PAT|PASS|PASSWORD)\Z", re.IGNORECASE)


def object_of_curl(text: str, keys: Collection[str]) -> dict[str, object] | None:
    """`url` and `headers`, or for a type with `token` the token of the header; None when it is no curl command."""
    request = parse_curl_request(text)
    if request is None or "url" not in keys:
        return None
    if "headers" in keys:
        return {"url": request.url, "headers": request.headers}
    token = next((found for name in request.headers if (found := _token(request.headers[name], name))), "")
    return {"url": request.url, "token": token} if token and "token" in keys else None


def object_of_env_lines(text: str, keys: Collection[str]) -> dict[str, object] | None:
    """`url`, `username` and `token`, or `url` and an `Authorization` header, by the names of the lines; or None."""
    pairs = parse_env_lines(text) if "=" in text else None
    url, user, secret = (_first(pairs or (), names) for names in (_URL_NAME, _USER_NAME, _SECRET_NAME))
    if not (secret and re.match(r"(?:https?|ssh)://\S+\Z|[\w.-]+@[\w.-]+:\S+\Z", url)):
        return None
    if "token" in keys:
        return {"url": url, **({"username": user} if user else {}), "token": secret}
    if "headers" in keys:
        return {"url": url, "headers": {"Authorization": f"Bearer {secret}"}}
    return None


def _first(pairs: Collection[tuple[str, str]], names: re.Pattern[str]) -> str:
    return next((value for name, value in pairs if value and names.search(name)), "")


def _token(value: str, name: str) -> str:
    if name.lower() == "authorization":
        return re.sub(r"\A(?:bearer|token)\s+", "", value, flags=re.IGNORECASE)
    return value if name.lower() == "private-token" else ""
