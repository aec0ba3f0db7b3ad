"""Classifies an answer to a request for `info/refs`: what does its status say about the token? Pure."""

import re
from enum import Enum, auto

from credstore.credential_types.inconclusive import challenges, from_cache, inconclusive_verdict
from credstore.probe import ProbeResponse

_START = re.compile(rb"[0-9a-f]{4}(?:#|version 2)")


class GitResponse(Enum):
    REFS = auto()  # the repository, as git's smart HTTP shows it
    CACHED = auto()  # the same out of a cache, which may show it to anybody
    REFUSED = auto()  # 401
    FORBIDDEN = auto()  # 403
    NOT_FOUND = auto()  # 404: not there, or hidden
    UNKNOWN = auto()


def classify(answer: ProbeResponse, service: str) -> GitResponse:
    """A status of 200 alone is no repository: pages of log-in forms and plain file servers answer 200 too."""
    if answer.status == 200:
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        fits = media_type == f"application/x-{service}-advertisement" and _START.match(answer.body_start)
        if fits:
            return GitResponse.CACHED if from_cache(answer) else GitResponse.REFS
        return GitResponse.UNKNOWN
    return {401: GitResponse.REFUSED, 403: GitResponse.FORBIDDEN, 404: GitResponse.NOT_FOUND}.get(
        answer.status, GitResponse.UNKNOWN
    )


def refuses(answer: ProbeResponse) -> bool:
    """Whether the server itself refuses the token: by 401, 403 or 404.

    Not by a cache, nor because of too many requests, nor with a challenge for other schemes only.
    """
    if answer.status not in {401, 403, 404} or from_cache(answer) or inconclusive_verdict("", answer):
        return False
    return "basic" in (challenges(answer) or {"basic"})


def challenges_sender(answer: ProbeResponse) -> bool:
    """Whether this is a 401 of a server that judges what came by Basic: it asks for that (RFC 9110, 11.6.1)."""
    return answer.status == 401 and "basic" in challenges(answer) and refuses(answer)
