"""The pool of worker processes on the server's side: assigns calls and replaces workers that died.

`multiprocessing` is not used. Its spawned processes import the main module again, here gradio's 2.4 s and 166 MB, and a
pool of `concurrent.futures` is lost as a whole when one of its processes dies.
"""

from __future__ import annotations

import atexit
import logging
import os
import pickle
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from orthrus.server.settings import Settings
from orthrus.server.worker import Call, End, Fault, Start, Stop, WorkerError, command

log = logging.getLogger(__name__)
POLL_S = 0.02  # seconds between checks for a stop
STUCK_S = 60.0  # after this long a worker that did not stop is killed; a pass of a large model on a CPU takes seconds
LOST = (
    "The process that computes ended in the middle of this run, and a new one is starting. Please try again, or with "
    "fewer tokens."
)
LOST_EARLY = "The process that computes ended while it was loading the model."


class Worker:
    """One process and the pipe to it. Serves one call at a time."""

    def __init__(self, start: Start) -> None:
        self._start, self._number = start, 0
        self._process: subprocess.Popen | None = None
        self._writing, self._settled = threading.Lock(), threading.Event()  # set once it has loaded or failed to
        self._problem: Exception | None = None
        self.about: str | None = None  # the loaded model's description

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def up(self) -> bool:
        """Whether there is a process with a loaded model."""
        return self.about is not None and self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start a process, which loads the model, without waiting for it."""
        self.about, self._problem, self._settled = None, None, threading.Event()
        process = subprocess.Popen(command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None, "it is a pipe"
        with suppress(OSError):  # it has ended already, and `_load` reports that
            pickle.dump(self._start, process.stdin)
            process.stdin.flush()
        self._process = process  # only now, because a late Stop must not come before the Start
        threading.Thread(target=self._load, args=(self._settled,), daemon=True).start()

    def ready(self, cancel: threading.Event | None = None) -> bool:
        """Wait until the model is loaded, in a new process if there is none; False if `cancel` was set first.

        Raises OrthrusError or WorkerError if it does not load.
        """
        if self._process is None or self._process.poll() is not None:
            self.close()
            self.start()
        while not self._settled.wait(POLL_S):
            if cancel is not None and cancel.is_set():
                return False
        if self._problem:
            raise self._problem
        return True

    def call(self, verb: str, given: tuple, cancel: threading.Event) -> Iterator[Any]:
        """Yield the items of a call. Once `cancel` is set the call ends with its next pass.

        Raises OrthrusError for the caller's errors, else WorkerError ("worker-lost": the process ended).
        """
        if not self.ready(cancel):
            return
        self._number += 1
        over, reply = threading.Event(), None
        threading.Thread(target=self._carry, args=(self._process, self._number, cancel, over), daemon=True).start()
        try:
            self._send(Call(self._number, verb, given))
            while not isinstance(reply := self._receive(LOST), End):
                yield from reply
        except GeneratorExit:  # the rest is discarded; the process must finish before the next call
            cancel.set()
            with suppress(WorkerError):
                while not isinstance(self._receive(LOST), End):
                    pass
            raise
        finally:
            over.set()
        if reply.fault:
            raise reply.fault.error()

    def close(self) -> None:
        """End the process."""
        process, self._process, self.about = self._process, None, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # unwritten data has no reader
                    pipe.close()

    def _load(self, settled: threading.Event) -> None:
        try:
            reply = self._receive(LOST_EARLY)
            if isinstance(reply, Fault):
                self.close()
                raise reply.error()
            self.about = reply.about
        except Exception as error:
            self._problem = error
        settled.set()

    def _carry(self, process: subprocess.Popen, number: int, cancel: threading.Event, over: threading.Event) -> None:
        """Notify the process once `cancel` is set; kill one that does not react."""
        while not over.wait(POLL_S):
            if cancel.is_set():
                self._send(Stop(number))
                if not over.wait(STUCK_S):
                    log.error("a worker that does not stop is ended", extra={"pid": process.pid})
                    process.kill()
                return

    def _send(self, message: Any) -> None:
        """Send a message; `_receive` notices a process that has ended."""
        with self._writing, suppress(OSError, ValueError):  # ended, or closed by us
            process = self._process
            if process is not None and process.stdin is not None:
                pickle.dump(message, process.stdin, pickle.HIGHEST_PROTOCOL)
                process.stdin.flush()

    def _receive(self, lost: str) -> Any:
        process = self._process
        try:
            return pickle.load(process.stdout)  # type: ignore[union-attr, arg-type] # none: AttributeError, below
        except (EOFError, OSError, ValueError, AttributeError, pickle.UnpicklingError):  # ended, or closed by us
            if process is not None and process is self._process:
                loaded = self.about is not None
                self.close()
                log.error("a worker ended", extra={"pid": process.pid, "status": process.returncode, "loaded": loaded})
                if loaded:  # so that the next run waits as little as possible
                    self.start()
            raise WorkerError("worker-lost", "worker-lost", lost) from None


class Workers:
    """`settings.workers` processes, one run each, with the methods of `model_service.Service` that serving needs."""

    def __init__(self, settings: Settings) -> None:
        # one core stays free for the server, and for a browser on the same machine
        most = max(1, (cores() - 1) // settings.workers)
        self.all = [Worker(Start(settings, most)) for _ in range(settings.workers)]
        self._free: queue.PriorityQueue[tuple[bool, int]] = queue.PriorityQueue()

    def load(self) -> Workers:
        """Wait for the first; the others load after it and reuse its compiled kernels."""
        atexit.register(self.close)
        self.all[0].ready()
        for index, worker in enumerate(self.all):
            if index:
                worker.start()
            self._free.put((bool(index), index))
        return self

    def describe(self, _: Any = None) -> str:
        return next((worker.about for worker in self.all if worker.about is not None), "")

    def decode(self, _: Any, request: Any, cancel: threading.Event) -> Iterator[Any]:
        """A request's events."""
        return self._call("decode", (request,), cancel)

    def verify(self, _: Any, prompt: str, written: str, proposal: str, mode: str = "auto") -> dict[str, Any]:
        """Verify a proposed block with the AR view."""
        return self._answer("verify", prompt, written, proposal, mode)

    def attention(self, _: Any, *given: Any) -> dict[str, Any]:
        """Where each view looks in a cycle; as `model_service.Service.attention`."""
        return self._answer("attention", *given)

    def _answer(self, verb: str, *given: Any) -> dict[str, Any]:
        (answer,) = self._call(verb, given, threading.Event())
        return answer

    def recover(self) -> str:
        """Nothing to do: a worker cleans up by itself, or is replaced."""
        return ""

    def close(self) -> None:
        """End all processes; without it they end with the server."""
        for worker in self.all:
            worker.close()

    def _call(self, verb: str, given: tuple, cancel: threading.Event) -> Iterator[Any]:
        _, index = self._free.get()  # the queue admits no more runs than there are workers
        worker = self.all[index]
        try:
            yield from worker.call(verb, given, cancel)
        finally:
            self._free.put((not worker.up, index))  # one that is still loading comes last


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
