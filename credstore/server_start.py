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
import time
from collections.abc import Callable, Collection
from importlib import import_module
from typing import Any

from credstore.log_lines import release_lines
from credstore.slow_requests import ReadingWorker

PREPARED, REFUSED, FAILED = 0, 1, 3  # exit statuses of the process that prepares
_POLL_SECONDS = 0.005
_SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGABRT)


class ServerStart:
    """The preparation, of which all workers see the outcome. Made by the arbiter, before it forks them.

    The outcome is one byte in a file that has no name. A lock of the file, which ends with its process, says which
    worker prepares; where that one is killed, another one does it.
    """

    def __init__(self, read_config: Callable[[], Any], *, locked: bool, from_file: Collection[str]) -> None:
        self._read_config, self._locked, self._from_file = read_config, locked, from_file
        with tempfile.TemporaryFile() as file:
            self._file = os.dup(file.fileno())

    @property
    def outcome(self) -> int | None:
        """PREPARED, REFUSED, FAILED, or None while nothing is decided."""
        return next(iter(os.pread(self._file, 1, 0)), None)

    def wait_until_prepared(self, still_alive: Callable[[], None]) -> None:
        """Prepare, or wait for the worker that does. `still_alive` is called often, and may raise SystemExit.

        Where the start cannot be prepared, ends this process; the arbiter ends the server.
        """
        while (outcome := self.outcome) is None:
            if self._is_first():
                self._prepare_in_child(still_alive)
                continue
            still_alive()
            time.sleep(_POLL_SECONDS)
        if outcome != PREPARED:
            os._exit(0)  # a worker that has done nothing has nothing to clean up

    def _is_first(self) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return self.outcome is None  # it may have been decided just before

    def _prepare_in_child(self, still_alive: Callable[[], None]) -> None:
        child = os.fork()
        if child == 0:
            self._prepare_and_exit()
        try:
            while (ended := os.waitpid(child, os.WNOHANG))[0] == 0:
                still_alive()
                time.sleep(_POLL_SECONDS)
        except SystemExit:
            os.kill(child, signal.SIGTERM)
            raise
        status = os.waitstatus_to_exitcode(ended[1])
        os.pwrite(self._file, bytes([status if status in {PREPARED, REFUSED} else FAILED]), 0)

    def _prepare_and_exit(self) -> None:
        status = FAILED
        try:
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            release_lines()
            status = self._prepare()
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:  # whatever it is: a process that was forked must not go on as the worker
            logging.getLogger("credstore").critical("the start failed", exc_info=True)
        finally:
            os._exit(status)

    def _prepare(self) -> int:
        from credstore.actor import COMMAND_LINE, acting_as
        from credstore.dotenv_file import with_file
        from credstore.errors import CredstoreError
        from credstore.start_preparation import prepare_start

        try:
            with acting_as(COMMAND_LINE):
                announcement, warning = prepare_start(self._read_config(), locked=self._locked)
        except CredstoreError as refusal:
            sys.stderr.write(f"Error: {with_file(refusal.for_operator, self._from_file)}\n")
            return REFUSED
        sys.stderr.write(warning and f"{warning}\n")
        sys.stdout.write(f"{announcement}\n")
        return PREPARED


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
            super().load_wsgi()
        finally:
            release_lines()
        gc.enable()

    def _still_alive(self) -> None:
        """Tell the arbiter. Raises SystemExit where it has asked this worker to end."""
        if not self.alive:
            raise SystemExit
        self.notify()
