"""One request of the API: JSON in, JSON out, problem details as exceptions.

Nothing of the environment takes part: no proxy, no .netrc, which would replace the token. Redirects are not followed,
since they would take the token elsewhere.
"""

import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import requests

from credstore.client.settings import ClientSettings
from credstore.client_errors import ServerRefused
from credstore.errors import NotFound, Unreached

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
MOST_BYTES = 5_000_000  # of an answer
_MOST_DIGITS = 9  # of seconds: 31 years; int() refuses thousands of digits
_ADVICE = "Check the URL of credstore, and that it runs."


class Connection:
    """Threads may share it. `close` it when it is no longer needed."""

    def __init__(self, settings: ClientSettings) -> None:
        self._root = settings.url.rstrip("/") + "/api/v1"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(
            {
                "Authorization": f"Bearer {settings.token}",
                "Accept": "application/json, application/problem+json",
                "User-Agent": "credstore-client",
            }
        )
        if settings.ca_bundle is not None:
            self._session.verify = str(settings.ca_bundle)

    def close(self) -> None:
        self._session.close()

    def send(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: object = None
    ) -> dict[str, Any]:
        """The JSON object of an answer, {} for an empty one.

        Raises NotFound, ServerRefused with the server's own sentence, or Unreached where there was no answer.
        """
        try:
            response = self._session.request(
                method,
                self._root + path,
                params=query,
                json=body,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            )
            with closing(response):
                content = _read(response)
        except requests.exceptions.SSLError:
            raise Unreached("certificate", "The certificate of credstore is not trusted here.", _ADVICE) from None
        except requests.exceptions.Timeout:
            raise Unreached("timeout", "credstore did not answer in time.", _ADVICE) from None
        except (requests.exceptions.RequestException, OSError):
            raise Unreached("refused", "credstore cannot be reached.", _ADVICE) from None
        return _answer(response, content)


def _read(response: requests.Response) -> bytes:
    content = b""
    for part in response.iter_content(65_536):
        content += part
        if len(content) > MOST_BYTES:
            raise Unreached("too-large", "The answer of credstore is too large.", _ADVICE)
    return content


def _answer(response: requests.Response, content: bytes) -> dict[str, Any]:
    status = response.status_code
    found = _json_object(content)
    if 200 <= status < 300 and found is not None:
        return found
    problem = found or {}
    sentence = str(problem.get("detail") or problem.get("title") or f"credstore answered with the status {status}.")
    code = str(problem.get("code") or "")
    if status == 404 and code in {"", NotFound.code}:
        raise NotFound(sentence)
    raise ServerRefused(sentence, status=status, problem=code, retry_after=_seconds(response))


def _seconds(response: requests.Response) -> int | None:
    """Of Retry-After; None where it is none, a date, or longer than any wait."""
    wait = response.headers.get("Retry-After", "")
    return int(wait) if wait.isdecimal() and len(wait) <= _MOST_DIGITS else None


def _json_object(content: bytes) -> dict[str, Any] | None:
    if not content:
        return {}
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
