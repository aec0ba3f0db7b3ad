"""A tester that answers from a script, for use cases that only need a verdict."""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import replace

from credstore.probe import Outcome, Probe, Verdict

GOOD = Verdict(outcome=Outcome.VERIFIED, reason="The provider accepted this key.")
BAD = Verdict(outcome=Outcome.REJECTED, reason="The provider refused this key.")


class ScriptedTester:
    """Gives `verdict` after `seconds`; counts how many ran and how many at the same time."""

    __test__ = False

    def __init__(self, verdict: Verdict = GOOD, seconds: float = 0.0) -> None:
        self.verdict = verdict
        self.seconds = seconds
        self.ran = 0
        self.most = 0
        self.meanwhile: Callable[[], None] = lambda: None
        self._now = 0
        self._lock = threading.Lock()

    def run(self, probe: Probe, secrets: Collection[str]) -> Verdict:
        probe.close()
        with self._lock:
            self.ran += 1
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(self.seconds)
        self.meanwhile()
        with self._lock:
            self._now -= 1
        return replace(self.verdict)
