"""Processes that decrypt and encrypt batches for this one, on all cores.

A process gets its task once, with the keys in it, and then batches, through a pipe that it shares with this process
alone: when this process ends, however it ends, the pipe closes and the other one ends too.
"""

import io
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from credstore.errors import CredstoreError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

Task = Callable[[Any], list[Any]]
END_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Batch:
    """`items` is what the task gets; `origin` is what the caller needs to use its results."""

    origin: Any
    items: Any


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def carry_out(task: Task, batches: Iterable[Batch], *, processes: int) -> Iterator[tuple[Batch, list[Any]]]:
    """The results of `task` for each batch, as they are ready, in any order; with 0 processes this one does it itself.

    The next batch is asked for before the results of one are given, so that the processes work while they are used.
    Raises CredstoreError when a process was ended from outside.
    """
    if not processes:
        for batch in batches:
            yield batch, task(batch.items)
        return
    started = [_start(task) for _ in range(processes)]
    try:
        yield from _distribute(iter(batches), [pipe for _, pipe in started])
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise CredstoreError(
            "A process that encrypts was ended from outside. What was saved stays; try again."
        ) from None
    finally:
        for _, pipe in started:
            pipe.close()
        for process, _ in started:
            process.join(END_SECONDS)


def _distribute(batches: Iterator[Batch], idle: "list[Connection]") -> Iterator[tuple[Batch, list[Any]]]:
    from multiprocessing.connection import wait  # rarely needed, as in `_start`

    busy: dict[Connection, Batch] = {}

    def occupy(pipe: "Connection") -> None:
        if (batch := next(batches, None)) is not None:
            _send(pipe, batch.items)
            busy[pipe] = batch

    for pipe in idle:
        occupy(pipe)
    while busy:
        for ready in wait(list(busy)):
            pipe = cast("Connection", ready)
            results, batch = pipe.recv(), busy.pop(pipe)
            occupy(pipe)
            yield batch, results


def _start(task: Task) -> "tuple[BaseProcess, Connection]":
    import multiprocessing

    # "spawn": a server has threads, and a fork of it may hold a lock that no thread of the copy would release.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(task, theirs), name="credstore-encrypts", daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _serve(task: Task, pipe: "Connection") -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits for us
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            _send(pipe, task(pipe.recv()))


def _send(pipe: "Connection", items: Any) -> None:
    """As `pipe.send` does, but equal objects are sent again: to remember thousands of texts takes longer than that."""
    import pickle

    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer)
    pickler.fast = True
    pickler.dump(items)
    pipe.send_bytes(buffer.getbuffer())
