"""Tests the items of a run, or rotates the key, in background threads of this process, by use cases of the vault.

The threads end with the process. A server that runs then, or is started soon, goes on with the run. After an hour
without one, what is untested shows as an interrupted run, which can be started again.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from flask import Flask

from credstore.audit import OWN_WORK, acting_as, current_actor
from credstore.errors import CredstoreError
from credstore.vault import Vault
from credstore.vault.encryption_keys import Rotation

logger = logging.getLogger(__name__)
BUSY_PAUSE = 0.5  # seconds before the next try when the tester or the database is busy, or others hold all items
MOST_FAILURES = 600  # of the database, one after the other; the run is then left to be taken over
RENEW_SECONDS = 10.0  # a third of a lease
TAKE_OVER_SECONDS = 10.0  # from one look for a silent run to the next
PURGE_SECONDS = 3_600.0  # from one look for what was kept for its time to the next, also where nobody changes anything


class BackgroundRunner:
    """Runs `at_once` tests of a run at a time: fewer than the tester's slots, so that some are left for users."""

    def __init__(self, app: Flask, vault: Vault, *, at_once: int = 2) -> None:
        self._app = app
        self._vault = vault
        self._at_once = at_once
        self._stopped = threading.Event()

    def start(self, run_id: str) -> threading.Thread:
        """Start a thread that works on the run, and return it at once."""
        thread = threading.Thread(
            target=_by_same_actor(self.run), args=(run_id,), name=f"credstore-run-{run_id[:8]}", daemon=True
        )
        thread.start()
        return thread

    def run(self, run_id: str) -> None:
        """Test items until all are tested, then end the run; or until it was cancelled.

        Other processes may work on the same run. What one of them holds is waited for: it may have been killed.
        """
        held: set[int] = set()
        threads = [
            threading.Thread(target=_by_same_actor(self._test_items), args=(run_id, held), daemon=True)
            for _ in range(self._at_once)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(RENEW_SECONDS)
                self._renew(run_id, held.copy())
        with self._app.app_context():
            self._vault.end_run(run_id)

    def take_over_runs(self) -> threading.Thread:
        """Start a thread that goes on with a run whose process was killed, as a server does; `stop` ends it.

        Once an hour it also erases what was kept for its time.
        """
        thread = threading.Thread(target=self._take_over, name="credstore-takes-over", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """No longer look for runs to take over."""
        self._stopped.set()

    def start_rotation(self, rotation: Rotation) -> threading.Thread:
        """Start a thread that carries out a rotation, and return it at once. Where it stops, another one goes on."""
        thread = threading.Thread(
            target=_by_same_actor(self._rotate), args=(rotation,), name="credstore-rotation", daemon=True
        )
        thread.start()
        return thread

    def _rotate(self, rotation: Rotation) -> None:
        with self._app.app_context():
            try:
                for _ in rotation.run():
                    pass
            except CredstoreError as refusal:
                logger.warning("A rotation of the encryption key stopped: %s", refusal.sentence)

    def _take_over(self) -> None:
        purged = time.monotonic()
        while not self._stopped.wait(TAKE_OVER_SECONDS):
            try:
                if time.monotonic() - purged >= PURGE_SECONDS:
                    purged = time.monotonic()
                    with self._app.app_context():
                        self._vault.store.purge()
                with self._app.app_context():
                    run_id = self._vault.take_over_run()
                if run_id:
                    logger.info("going on with a test run whose server stopped")
                    with acting_as(OWN_WORK):
                        self.run(run_id)
            except CredstoreError:  # the database is busy or down: later it may not be
                continue
            except Exception as failure:  # the thread must outlive what nobody thought of
                logger.error("taking over runs failed: %s", type(failure).__name__)

    def _test_items(self, run_id: str, held: set[int]) -> None:
        failures = 0
        while failures < MOST_FAILURES:
            # One context for each test, so that its database connection returns to the pool.
            with self._app.app_context():
                try:
                    claim = self._vault.claim_item(run_id, held.copy())
                    if claim.item:
                        self._test_item(run_id, claim.item, held)
                    elif not claim.left:
                        return
                except CredstoreError:
                    # The database is busy or down: the lease of this item runs out, then it is tested.
                    failures += 1
                else:
                    failures = 0
                    if claim.item:
                        continue
            _pause()

    def _test_item(self, run_id: str, item: tuple[int, str], held: set[int]) -> None:
        position, public_id = item
        held.add(position)
        try:
            self._vault.test_item(run_id, position, public_id, _pause)
        finally:
            held.discard(position)

    def _renew(self, run_id: str, held: Collection[int]) -> None:
        with suppress(CredstoreError), self._app.app_context():
            self._vault.renew_claims(run_id, held)


def _by_same_actor(work: Callable[..., None]) -> Callable[..., None]:
    """`work`, in whose thread the audit log names the one who acts here."""
    actor = current_actor()

    def run(*args: Any) -> None:
        with acting_as(actor):
            work(*args)

    return run


def _pause() -> None:
    time.sleep(BUSY_PAUSE)
