"""The control of a check: the same request is sent with made-up keys, and once more with the key. Sans-IO.

The whole control is four requests to one endpoint: with the key, a made-up key, another made-up key, and the key again.
Only an endpoint that accepts, refuses, refuses and accepts is proven to check keys. The order matters:

- The key is sent before any made-up one. If the server bans this address after wrong keys, a right key still does not
  look refused.
- The key is sent last. If the made-up keys caused a ban, this test shows it. A counter of failed attempts ends with a
  success.
- A server that takes any key, but blocks every second request or every request after the first one, does not give this
  sequence.

A server that accepts or refuses at random with equal chance gives this sequence in one test of sixteen. So a
contradiction is remembered for its destination (`Openness` "erratic"), and no test passes there for an hour.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum, auto

from credstore.credential_types.inconclusive import from_cache
from credstore.credential_types.llm.response_comparison import is_empty_beside, same_answer
from credstore.credential_types.llm.response_meaning import REFUSES_KEY, Meaning
from credstore.credential_types.made_up_key import made_up_key
from credstore.probe import ProbeRequest, ProbeResponse


class Finding(Enum):
    TOLD_APART = auto()  # accepted, refused, refused, accepted
    TOLD_APART_ONCE = auto()  # accepted, refused: not enough for a proof
    SAME = auto()  # the made-up key got the same answer
    ALSO_ACCEPTED = auto()  # the made-up key was accepted, but with another answer
    CONTRADICTED = auto()  # of two made-up keys one was accepted, or the key was refused in the end
    CACHED = auto()  # a cache answered, which may repeat what the server said long ago, or to somebody else
    UNCLEAR = auto()  # the answer to a made-up key, or to the key in the end, neither accepts nor refuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The endpoint of a control. `request` takes the owner of the key, in words, and the key.

    `last_request` does too, where the last request of a whole control differs.
    """

    request: Callable[[str, str], ProbeRequest]
    classify: Callable[[ProbeResponse], Meaning]
    last_request: Callable[[str, str], ProbeRequest] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a control found; `control` is the meaning of the answer that decided."""

    finding: Finding
    control: Meaning


def compare(
    endpoint: Endpoint, key: str, first: ProbeResponse, *, twice: bool
) -> Generator[ProbeRequest, ProbeResponse, Comparison]:
    """Repeat with made-up keys the request whose response to the key was `first`. Sends one more, three if `twice`."""
    accepted = endpoint.classify(first)
    if from_cache(first):
        return Comparison(finding=Finding.CACHED, control=accepted)
    fake = made_up_key(key)
    answer = yield endpoint.request("a made-up key", fake)
    control = endpoint.classify(answer)
    if not _refuses(first, accepted, answer, control):
        if same_answer(first, answer, (key, fake)):
            return Comparison(finding=Finding.SAME, control=control)
        also = Finding.ALSO_ACCEPTED if control is accepted else Finding.UNCLEAR
        return Comparison(finding=also, control=control)
    if from_cache(answer):
        return Comparison(finding=Finding.CACHED, control=control)
    if not twice:
        return Comparison(finding=Finding.TOLD_APART_ONCE, control=control)
    answer = yield endpoint.request("another made-up key", made_up_key(key, other_than={fake}))
    second = endpoint.classify(answer)
    if not _refuses(first, accepted, answer, second):
        finding = Finding.CONTRADICTED if second is accepted else Finding.UNCLEAR
        return Comparison(finding=finding, control=second)
    if from_cache(answer):
        return Comparison(finding=Finding.CACHED, control=second)
    answer = yield (endpoint.last_request or endpoint.request)("your key again", key)
    again = endpoint.classify(answer)
    if from_cache(answer):
        return Comparison(finding=Finding.CACHED, control=again)
    if again is not accepted or is_empty_beside(first.json, answer.json):
        finding = Finding.CONTRADICTED if again in REFUSES_KEY | {Meaning.LISTED} else Finding.UNCLEAR
        return Comparison(finding=finding, control=again)
    return Comparison(finding=Finding.TOLD_APART, control=control)


def _refuses(first: ProbeResponse, accepted: Meaning, answer: ProbeResponse, control: Meaning) -> bool:
    """Whether `answer` refuses a made-up key, where `first` accepts the key."""
    if accepted is Meaning.LISTED and control is Meaning.LISTED:
        return is_empty_beside(first.json, answer.json)
    # Beside a listing that passed, a 400 is the key making the difference too: some vendors refuse a key so.
    if accepted is Meaning.LISTED and control is Meaning.BAD_REQUEST:
        return True
    if accepted in {Meaning.FORBIDDEN, Meaning.LIMITED}:
        return control is not accepted and control in REFUSES_KEY - {Meaning.LIMITED}
    return control in REFUSES_KEY
