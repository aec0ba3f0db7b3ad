"""How the workers of `credstore serve` start: all import the application, and one of them has the start prepared.

The preparation runs in a process that this worker forks. A migration may take more memory than a worker should keep,
and more time than gunicorn allows a worker without a sign of life.
"""

import fcntl
import gc
import logging
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, NoReturn, TextIO

from credstore.errors import CredstoreError
from credstore.log_lines import release_lines
from credstore.slow_requests import ReadingWorker

PREPARED, REFUSED, FAILED = 0, 1, 3  # the last two are the status with which the server then exits
RETRY_SECONDS = 5.0  # until a worker tries again to load what could not be loaded
_POLL_SECONDS = 0.005
_SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGABRT)
_log = logging.getLogger("credstore")


class ServerStart:
    """The preparation, of which all workers see the outcome. Made by the arbiter, before it forks them.

    The outcome is one byte in a file that has no name. The process that prepares holds a lock of the file, which ends
    with it: where its worker is killed, the other workers wait for it all the same, and no second one prepares.
    """

    def __init__(self, read_config: Callable[[], Any], *, locked: bool, from_file: Collection[str]) -> None:
        self._read_config, self._locked, self._from_file = read_config, locked, from_file
        with tempfile.TemporaryFile() as file:
            self._file = os.dup(file.fileno())

    @property
    def outcome(self) -> int | None:
        """PREPARED, REFUSED, FAILED, or None while nothing is decided."""
        return next(iter(os.pread(self._file, 1, 0)), None)

    def _decide(self, outcome: int) -> None:
        os.pwrite(self._file, bytes([outcome]), 0)

    def wait_until_prepared(self, still_alive: Callable[[], None]) -> None:
        """Have the start prepared, or wait for the process that does. `still_alive` is called often, and may raise
        SystemExit: then the preparation that this process has begun is asked to end.

        Where the start cannot be prepared, ends this process; the arbiter ends the server.
        """
        child = 0
        try:
            while self.outcome is None:
                still_alive()
                if child == 0 and self._nobody_prepares():
                    child = self._fork()
                elif child and (ended := os.waitpid(child, os.WNOHANG))[0]:
                    child = 0
                    self._note_end(os.waitstatus_to_exitcode(ended[1]))
                time.sleep(_POLL_SECONDS)
        except SystemExit:
            if child:
                os.kill(child, signal.SIGTERM)
            raise
        if child:
            os.waitpid(child, 0)  # it has just decided, and ends
        if self.outcome != PREPARED:
            os._exit(0)  # a worker that has done nothing has nothing to clean up

    def _nobody_prepares(self) -> bool:
        if not self._lock():
            return False
        fcntl.lockf(self._file, fcntl.LOCK_UN)
        return True

    def _lock(self) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _note_end(self, status: int) -> None:
        """A process that was to prepare has ended. It may have decided nothing: another one was faster."""
        if status < 0 and self.outcome is None:
            release_lines()
            _log.critical("the process that prepares the start was ended by signal %d", -status)
            self._decide(FAILED)

    def _fork(self) -> int:
        """The id of a process that prepares. Signals wait until it handles them itself."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        child = os.fork()
        if child == 0:
            for number in _SIGNALS:
                signal.signal(number, _exit)  # an exception, so that what it has started ends with it
            self._prepare_and_exit(before)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return child

    def _prepare_and_exit(self, mask: Collection[int]) -> NoReturn:
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            release_lines()
            if self._lock() and self.outcome is None:
                self._decide(self._prepare())
        except SystemExit:
            pass  # asked to end: nothing is decided
        except BaseException:  # whatever it is: a process that was forked must not go on as the worker
            _log.critical("the start failed", exc_info=True)
            self._decide(FAILED)
        finally:
            os._exit(0)

    def _prepare(self) -> int:
        from credstore.actor import COMMAND_LINE, acting_as
        from credstore.dotenv_file import with_file
        from credstore.start_preparation import prepare_start

        try:
            with acting_as(COMMAND_LINE):
                announcement, warning = prepare_start(self._read_config(), locked=self._locked)
        except CredstoreError as refusal:
            _write(sys.stderr, f"Error: {with_file(refusal.for_operator, self._from_file)}\n")
            return REFUSED
        _write(sys.stderr, warning and f"{warning}\n")
        _write(sys.stdout, f"{announcement}\n")
        return PREPARED


def _exit(*_: Any) -> NoReturn:
    raise SystemExit


def _write(stream: TextIO | None, text: str) -> None:
    """A stream may be closed, or its disk full: that is no reason not to serve."""
    if stream:
        with suppress(OSError):
            stream.write(text)
            stream.flush()


class StartingWorker(ReadingWorker):
    """A worker that loads the application when the start is prepared."""

    start: ServerStart

    def load_wsgi(self) -> None:
        gc.disable()  # what is imported stays; looking through it would take a tenth of the time
        import_module("credstore.app_factory")
        self.start.wait_until_prepared(self._still_alive)
        if os.getppid() == self.ppid:
            os.kill(self.ppid, signal.SIGCHLD)  # wakes the arbiter, which has lines to write
        try:
            with self._signs_of_life():
                self._load_when_possible()
        finally:
            release_lines()
        gc.enable()

    def _load_when_possible(self) -> None:
        """Try again: gunicorn would end all workers where one, that took the place of another, cannot load.

        The start was prepared with these settings, so that what is missing now may come back, like a key's program.
        """
        while True:
            try:
                super().load_wsgi()
            except CredstoreError as refusal:
                release_lines()
                _log.error("not loaded, tried again in %d s: %s", RETRY_SECONDS, refusal.for_operator)
            else:
                return
            again = time.monotonic() + RETRY_SECONDS
            while time.monotonic() < again:
                self._still_alive()
                time.sleep(_POLL_SECONDS * 10)

    @contextmanager
    def _signs_of_life(self) -> Iterator[None]:
        """The program that prints the keys may take as long as gunicorn waits for a worker."""
        over = threading.Event()

        def notify() -> None:
            while not over.wait(1):
                self.notify()

        thread = threading.Thread(target=notify, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _still_alive(self) -> None:
        """Tell the arbiter. Raises SystemExit where it has asked this worker to end, or is gone."""
        if not self.alive or os.getppid() != self.ppid:
            raise SystemExit
        self.notify()
