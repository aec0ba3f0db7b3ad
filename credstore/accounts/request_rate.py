"""How many requests a token may send, by a bucket of its own in this process. Nothing is written for a request."""

import math
import time
from collections.abc import Callable
from threading import Lock


class RequestRate:
    """`per_minute` requests on average, and as many at once after a pause; 0 is no limit. Threads may share it."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._lock = Lock()
        self._buckets: dict[int, tuple[float, float]] = {}

    def seconds_to_wait(self, token: int) -> int:
        """Count a request of a token: 0 to let it pass, or the seconds until another one may."""
        if not self._per_minute:
            return 0
        now, per_second = self._clock(), self._per_minute / 60
        with self._lock:
            left, before = self._buckets.get(token, (float(self._per_minute), now))
            left = min(float(self._per_minute), left + (now - before) * per_second)
            allowed = left >= 1
            self._buckets[token] = (left - 1 if allowed else left, now)
        return 0 if allowed else math.ceil((1 - left) / per_second)
