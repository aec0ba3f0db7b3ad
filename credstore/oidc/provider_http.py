"""Requests to the provider, by the outbound client: a deadline, bounded answers, and no redirect is followed."""

import time
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from credstore.errors import Blocked, EgressError, TestsBusy, Unreached
from credstore.oidc import refusals
from credstore.probe import ProbeRequest, ProbeResponse

SECONDS = 8.0  # for all requests of one sign-in


class Sender(Protocol):
    """What is needed of `egress.OutboundClient`: `deadline` is a time.monotonic() instant."""

    def send(self, request: ProbeRequest, *, deadline: float) -> ProbeResponse: ...


class ProviderHttp:
    """Sends until `seconds` have gone since it was made; make one for each sign-in."""

    def __init__(self, sender: Sender, label: str, seconds: float = SECONDS) -> None:
        self._sender = sender
        self._label = label
        self._deadline = time.monotonic() + seconds

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at this URL. Raises ProviderRefused."""
        answer = self._send("GET", url, headers or {})
        if answer.status != 200:
            raise refusals.trouble(self._label, f"status {answer.status}")
        return self.object_of(answer)

    def post(self, url: str, headers: Mapping[str, str], form: str) -> ProbeResponse:
        """The answer to a form, which is already encoded, with whatever status. Raises ProviderRefused."""
        form_headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", url, form_headers, form.encode())

    def object_of(self, answer: ProbeResponse) -> dict[str, Any]:
        """The JSON object of an answer. Raises ProviderRefused."""
        if not isinstance(answer.json, dict):
            raise refusals.trouble(self._label, "no JSON object")
        return answer.json

    def _send(
        self, method: Literal["GET", "POST"], url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> ProbeResponse:
        request = ProbeRequest(purpose="Sign-in", method=method, url=url, headers=headers, body=body)
        try:
            return self._sender.send(request, deadline=self._deadline)
        except (EgressError, TestsBusy) as failure:
            cause = failure.cause if isinstance(failure, Unreached) else "busy"
            cause = "blocked" if isinstance(failure, Blocked) else cause
        raise refusals.unreachable(self._label, cause)  # outside, so that the failure is not its context
