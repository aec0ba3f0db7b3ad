"""Tests the items of a run in background threads of this process, by the use cases of the vault.

The threads end with the process. Items that are then untested show as an interrupted run, which can be started again.
"""

import queue
import threading
import time

from flask import Flask

from credstore.errors import CredstoreError
from credstore.vault import Vault

BUSY_PAUSE = 0.5  # seconds before the next try when the tester or the database is busy


class BackgroundRunner:
    """Runs `at_once` tests of a run at a time: fewer than the tester's slots, so that some are left for users."""

    def __init__(self, app: Flask, vault: Vault, *, at_once: int = 2) -> None:
        self._app = app
        self._vault = vault
        self._at_once = at_once

    def start(self, run_id: str) -> threading.Thread:
        """Start a thread that works on the run, and return it at once."""
        thread = threading.Thread(target=self.run, args=(run_id,), name=f"credstore-run-{run_id[:8]}", daemon=True)
        thread.start()
        return thread

    def run(self, run_id: str) -> None:
        """Test all untested items, then end the run. Returns when no item is left or the run was cancelled."""
        waiting: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
        with self._app.app_context():
            for item in self._vault.untested_items(run_id):
                waiting.put(item)
        threads = [
            threading.Thread(target=self._test_next_items, args=(run_id, waiting), daemon=True)
            for _ in range(self._at_once)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with self._app.app_context():
            self._vault.end_run(run_id)

    def _test_next_items(self, run_id: str, waiting: "queue.SimpleQueue[tuple[int, str]]") -> None:
        while True:
            try:
                position, public_id = waiting.get_nowait()
            except queue.Empty:
                return
            with (
                self._app.app_context()
            ):  # one context for each test, so that its database connection returns to the pool
                try:
                    if not self._vault.test_item(run_id, position, public_id, _pause):
                        return
                except CredstoreError:  # the database is busy or down: this item stays untested, the next one may work
                    _pause()


def _pause() -> None:
    time.sleep(BUSY_PAUSE)
