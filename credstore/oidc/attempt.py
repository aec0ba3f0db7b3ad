"""What one browser takes along to the provider and back."""

import hmac
import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Any

VALID_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`started` is in seconds since 1970. `confirms`: who is signed in proves once more who they are.

    `next` is the path to open afterwards.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    started: float
    confirms: bool
    next: str

    @classmethod
    def new(cls, *, next: str, confirms: bool) -> "Attempt":
        """A new one, with random texts of 256 bits."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state=state, nonce=nonce, verifier=verifier, started=time.time(), confirms=confirms, next=next)

    @classmethod
    def read(cls, kept: object) -> "Attempt | None":
        """The attempt that `as_dict` gave; None for anything else, and for one that is over."""
        if not isinstance(kept, dict):
            return None
        try:
            found = cls(**kept)
        except TypeError:
            return None
        return found if 0 <= found.seconds <= VALID_SECONDS else None

    def as_dict(self) -> dict[str, Any]:
        """For the session of the browser."""
        return asdict(self)

    def matches(self, state: str) -> bool:
        """Whether `state`, which the browser brought back, is that of this attempt."""
        return hmac.compare_digest(state.encode("utf-8", "surrogatepass"), self.state.encode())

    @property
    def seconds(self) -> float:
        """How long ago it was started."""
        return time.time() - self.started
