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
from pathlib import Path
from typing import Any, NoReturn, TextIO

from credstore.dotenv_file import with_file
from credstore.errors import CredstoreError
from credstore.late_modules import forget_known
from credstore.log_lines import release_lines
from credstore.slow_requests import ReadingWorker

PREPARED, REFUSED, FAILED = 0, 1, 3  # the last two are the status with which the server then exits
_OPEN, _BEGUN = 254, 255
RETRY_SECONDS, MOST_RETRY_SECONDS = 5.0, 300.0  # until a worker tries again to load what could not be loaded; in all
LONGEST_LOAD = 90.0  # seconds for which a worker gives signs of life while it loads
_POLL_SECONDS = 0.005
_SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGABRT)
_log = logging.getLogger("credstore")


class ServerStart:
    """The preparation, of which all workers see the outcome. Made by the arbiter, before it forks them.

    The state is one byte in a file that has no name. Only who holds a lock of the file changes it. The process that
    prepares holds the lock to its end, whatever becomes of its worker: so nobody prepares beside it, and a lock that is
    free while the state is _BEGUN tells that this process was killed.
    """

    def __init__(self, read_config: Callable[[], Any], *, locked: bool, from_file: Collection[str]) -> None:
        self._read_config, self._locked, self.from_file = read_config, locked, from_file
        self._child = 0
        with tempfile.TemporaryFile() as file:
            self._file = os.dup(file.fileno())
        self._set(_OPEN)

    @property
    def outcome(self) -> int | None:
        """PREPARED, REFUSED, FAILED, or None while nothing is decided."""
        state = self._state
        return None if state in {_OPEN, _BEGUN} else state

    @property
    def _state(self) -> int:
        return os.pread(self._file, 1, 0)[0]

    def _set(self, state: int) -> None:
        os.pwrite(self._file, bytes([state]), 0)

    def wait_until_prepared(self, still_alive: Callable[[], None]) -> None:
        """Have the start prepared, or wait for the process that does. `still_alive` is called often, and may raise
        SystemExit: then the preparation that this process has begun is asked to end.

        Where the start cannot be prepared, ends this process; the arbiter ends the server.
        """
        try:
            while self.outcome is None or self._child:
                still_alive()
                if self._child:
                    self._look_after_child()
                elif self._may_begin():
                    self._fork()
                time.sleep(_POLL_SECONDS)
        except SystemExit:
            if self._child:
                with suppress(ProcessLookupError):
                    os.kill(self._child, signal.SIGTERM)
            raise
        if self.outcome != PREPARED:
            os._exit(0)  # a worker that has done nothing has nothing to clean up

    def _may_begin(self) -> bool:
        """Whether nobody prepares or has prepared. Decides where the process that prepared is gone."""
        if not self._lock():
            return False
        state = self._state
        if state == _BEGUN:
            self._set(FAILED)
            release_lines()
            _log.critical("the process that prepared the start was killed")
        fcntl.lockf(self._file, fcntl.LOCK_UN)
        return state == _OPEN

    def _lock(self) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # as POSIX permits: another process has it
            return False
        return True

    def _look_after_child(self) -> None:
        ended, status = os.waitpid(self._child, os.WNOHANG)
        if ended:
            self._child = 0
            if (code := os.waitstatus_to_exitcode(status)) < 0:
                release_lines()
                _log.critical("the process that prepares the start was ended by signal %d", -code)

    def _fork(self) -> None:
        """Begin a process that prepares. Signals wait until it handles them itself, and until its id is known."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        child = os.fork()
        if child == 0:
            for number in _SIGNALS:
                signal.signal(number, _ask_to_end)  # an exception, so that what it has started ends with it
            self._prepare_and_exit(before)
        self._child = child
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _prepare_and_exit(self, mask: Collection[int]) -> NoReturn:
        try:
            if self._lock() and self._state == _OPEN:
                self._set(_BEGUN)
                self._set(self._outcome_of_preparation(mask))
        finally:  # whatever it is: a process that was forked must not go on as the worker
            os._exit(0)

    def _outcome_of_preparation(self, mask: Collection[int]) -> int:
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            release_lines()
            outcome = self._prepare()
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        except _AskedToEndError:
            _end_children()
            return _OPEN
        except BaseException:
            _log.critical("the start failed", exc_info=True)
            return FAILED
        return outcome

    def _prepare(self) -> int:
        from credstore.actor import COMMAND_LINE, acting_as
        from credstore.start_preparation import prepare_start

        try:
            with acting_as(COMMAND_LINE):
                announcement, warning = prepare_start(self._read_config(), locked=self._locked)
        except CredstoreError as refusal:
            _write(sys.stderr, f"Error: {with_file(refusal.for_operator, self.from_file)}\n")
            return REFUSED
        _write(sys.stderr, warning and f"{warning}\n")
        _write(sys.stdout, f"{announcement}\n")
        return PREPARED


def _end_children() -> None:
    """On Linux. A signal may come when a program was started and the call has not yet returned its id."""
    with suppress(OSError):
        for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
            os.killpg(int(child), signal.SIGKILL)


class _AskedToEndError(SystemExit):
    """Raised by a signal."""


def _ask_to_end(*_: Any) -> NoReturn:
    raise _AskedToEndError


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
        try:
            gc.disable()  # what is imported stays; looking through it would take a tenth of the time
            import_module("credstore.app_factory")
            forget_known()
            self.start.wait_until_prepared(self._still_alive)
            if os.getppid() == self.ppid:
                os.kill(self.ppid, signal.SIGCHLD)  # wakes the arbiter, which has lines to write
            self._load_when_possible()
        finally:
            gc.enable()
            if self.start.outcome != REFUSED:  # that is one sentence
                release_lines()

    def _load_when_possible(self) -> None:
        """Try again, for some minutes: gunicorn would end all workers where one, that took the place of another, cannot
        load. The start was prepared with these settings, so that what is missing may come back, like a key's program.
        """
        last = time.monotonic() + MOST_RETRY_SECONDS
        while True:
            try:
                with self._signs_of_life():
                    super().load_wsgi()
            except CredstoreError as refusal:
                release_lines()
                sentence = with_file(refusal.for_operator, self.start.from_file)
                if time.monotonic() > last:
                    _log.critical("not loaded: %s", sentence)
                    raise
                _log.error("not loaded, tried again in %d s: %s", RETRY_SECONDS, sentence)
            else:
                return
            gc.enable()  # or what each try leaves would stay
            again = time.monotonic() + RETRY_SECONDS
            while time.monotonic() < again:
                self._still_alive()
                time.sleep(_POLL_SECONDS * 10)

    @contextmanager
    def _signs_of_life(self) -> Iterator[None]:
        """The program that prints the keys may take as long as gunicorn waits for a worker."""
        over, last = threading.Event(), time.monotonic() + LONGEST_LOAD

        def notify() -> None:
            while not over.wait(1) and time.monotonic() < last and os.getppid() == self.ppid:
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
