"""The run manager: queues live runs of the page and the API, as many at a time as there are workers.

A run's thread waits in the queue, reads the events of its worker, and puts its output into a second queue, which the
page's handler reads. The model, the form and the page are passed in as functions. Every error ends as a sentence for
the visitor, a line in the log, and a worker for the next run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from orthrus.errors import OrthrusError
from orthrus.events import Event, Prefill, RunStart, Verdict
from orthrus.server.limits import LimitExceeded, Limits
from orthrus.server.metrics import Metrics
from orthrus.server.queue import FairQueue
from orthrus.server.run import Run, RunThread, kind_of, trouble
from orthrus.server.updates import QueuePosition, Update, sentence
from orthrus.trace import Trace

log = logging.getLogger(__name__)
POLL_S = 0.1  # seconds between checks for a stop while waiting
PLACE_S = 1.0  # seconds between position updates for a waiting visitor
GRACE_S = 10.0  # seconds that shutdown waits until the visitors have received the end of their runs
LOADING = (
    "The model is being loaded. On the first start on a machine its engine is also compiled, which takes about 15 "
    "seconds. A recorded run can be watched meanwhile."
)
RESTART = "the server is being restarted; please try again in a minute"
Work = Callable[[Any, Any, Run], Iterator[Any]]


class Backend(Protocol):
    """Loads a model and decodes with it: `orthrus.server.worker_pool.Workers`, or a `model_service.Service` itself."""

    def load(self) -> Any:
        """Load the model; returns it or a handle for it."""

    def decode(self, model: Any, request: Any, cancel: threading.Event) -> Iterator[Event]:
        """One request's events; `cancel` stops it between two passes."""

    def describe(self, model: Any) -> str:
        """A sentence on the model on this machine."""

    def recover(self) -> str:
        """Free a failed run's memory. Return why the device is unusable, or ""."""


class RunManager:
    """Loads a model in the background and lets visitors use it, `at_once` at a time.

    The states of a run, and how it ends (a sentence for the visitor, a count in the metrics):

        asked ──▶ waiting ──▶ served ──▶ given back ──▶ done
          │          │           │        its worker is free, its result is drawn
          │          │           ├──▶ stopped    by its visitor or at shutdown
          │          │           ├──▶ overtime   longer than `limits.run_seconds`
          │          └──▶ left   └──▶ failed     an error; `backend.recover()` cleans up
          └──▶ refused  a bad value or beyond a limit

    `keep(trace)` stores a finished run.
    """

    def __init__(
        self,
        backend: Backend,
        limits: Limits | None = None,
        keep: Callable[[Trace], None] | None = None,
        at_once: int = 1,
    ):
        self._backend, self._keep, self.at_once = backend, keep, at_once
        self.limits, self.counters = limits or Limits(), Metrics()
        self.queue = FairQueue(self.limits, at_once=at_once)
        self._model: Any = None
        self._problem = self._broken = ""
        self._ready, self._draining = threading.Event(), threading.Event()
        self._runs: set[Run] = set()

    def open(self) -> None:
        """Load; a failure is kept as a message, so that recordings go on playing."""
        try:
            self._model = self._backend.load()
            log.info("the model is loaded")
        except Exception as error:
            log.exception("the model did not load")
            self.counters.count("orthrus_errors_total", kind="load")
            self._problem = f"There is no live model: {error}"
        self._ready.set()

    def about(self) -> str | None:
        """What holds on this machine, or why there is no model; None while it is still being loaded."""
        if not self._ready.is_set():
            return None
        return sentence(self._problem) if self._model is None else self._backend.describe(self._model)

    def in_thread(self, run: Run, prepare: Callable[[], Any], work: Work) -> RunThread:
        """A context manager that runs in a thread and stops it on exit. Items arrive in `run.out`, None is the last.

        prepare() -> request, before queueing; work(model, request, run) yields items while the run has a worker.
        """
        return RunThread(run, lambda: self._work(run, prepare, work), self._runs)

    def follow(self, request: Any, run: Run) -> Iterator[tuple[Event, Trace]]:
        """Decode: yields each event with the trace so far; the run is counted, and stored if configured."""
        trace = Trace()
        for event in self._backend.decode(self._model, request, run.cancel):
            first, run.has_output = not run.has_output, True
            trace = trace.add(event)
            if first and isinstance(event, RunStart):
                self.counters.took("orthrus_first_event_seconds", time.monotonic() - run.began)
                log.info("run began", extra={"run": run.id, "trace": event.run})
            if isinstance(event, Prefill):
                self.counters.count("orthrus_tokens_total")
            if isinstance(event, Verdict):
                self._count(trace, event)
            yield event, trace
            if run.served is not None and time.monotonic() - run.served > self.limits.run_seconds:
                run.end(f"a run may take {self.limits.run_seconds} s here", "overtime")
        if self._keep is not None and trace.done is not None:
            self._save(trace, run)

    def is_free(self) -> bool:
        """Whether a run would begin at once."""
        waiting, running = self.queue.counts()
        return self._ready.is_set() and not waiting and running < self.at_once

    def health(self) -> tuple[bool, str]:
        """(healthy, a word or sentence)."""
        if self._broken or self._draining.is_set():
            return False, self._broken or RESTART
        return True, "loading" if not self._ready.is_set() else "ok" if self._model is not None else self._problem

    def metrics(self) -> str:
        """Prometheus text."""
        waiting, running = self.queue.counts()
        gauges = {
            "orthrus_waiting_runs": ("Runs that wait for a worker.", waiting),
            "orthrus_running_runs": ("Runs that have a worker.", running),
            "orthrus_model_loaded": ("1 where a model is loaded.", int(self._model is not None)),
            "orthrus_healthy": ("1 where the server can serve.", int(self.health()[0])),
        }
        return self.counters.text(gauges)

    def drain(self, seconds: float) -> bool:
        """Accept no more runs, let current ones end within `seconds`, then stop them; returns whether all ended."""
        self._draining.set()
        self.queue.close(RESTART)
        for run in list(self._runs):
            if not run.serving:
                run.end(RESTART)
        if not self.queue.idle(seconds):
            for run in list(self._runs):
                run.end("the server is being restarted")
        until = time.monotonic() + GRACE_S
        while self._runs and time.monotonic() < until:  # until each visitor has received the end
            time.sleep(POLL_S)
        return not self._runs

    def _work(self, run: Run, prepare: Callable[[], Any], work: Work) -> None:
        """One run from beginning to end: its output goes to `run.out`, None is the last item."""
        outcome = "failed"
        try:
            outcome = self._serve(run, prepare, work)
        except Exception as error:
            if isinstance(error, LimitExceeded) or (isinstance(error, OrthrusError) and not run.has_output):
                outcome = "refused"
                log.info("run refused", extra={"run": run.id, "refusal": error.code})
                run.out.put(Update(None, sentence(str(error)), True, error.code))
            else:
                log.exception("run failed", extra={"run": run.id})
                self.counters.count("orthrus_errors_total", kind=kind_of(error))
                run.out.put(Update(None, sentence(trouble(error)), True, getattr(error, "code", "run-failed")))
        try:
            if outcome == "failed":  # here the error is gone, and with it the traceback that held tensors
                self._clean_up()
        finally:
            self.give_back(run)
            self.counters.count("orthrus_runs_total", outcome=outcome)
            took = round(time.monotonic() - run.began, 3)
            log.info("run ended", extra={"run": run.id, "outcome": outcome, "seconds": took})
            run.out.put(None)

    def _serve(self, run: Run, prepare: Callable[[], Any], work: Work) -> str:
        """Wait for a worker, then run; returns the outcome's name."""
        request = prepare()
        if self._broken or (self._ready.is_set() and self._model is None):
            raise OrthrusError("no-model", self._broken or self._problem)
        run.ticket = self.queue.join(run.visitor, run.address)
        if not self._wait(run):
            if run.why:
                raise OrthrusError("run-ended", run.why)
            run.out.put(Update(None, "Stopped before it began."))
            return "left"
        run.served = time.monotonic()
        self.counters.took("orthrus_wait_seconds", run.served - run.began)
        for item in work(self._model, request, run):
            run.out.put(item)
            run.has_output = True
        return run.outcome

    def give_back(self, run: Run) -> None:
        """Release the worker for the next run. Idempotent."""
        if run.ticket:
            self.queue.leave(run.ticket)
        if run.served is not None:
            self.counters.took("orthrus_run_seconds", time.monotonic() - run.served)
            run.served = None

    def _wait(self, run: Run) -> bool:
        """Wait for the model and a worker; False if the run was ended first."""
        if not self._ready.is_set():
            run.out.put(Update(None, LOADING, waits=True))
            run.waited = True
        while not self._ready.wait(POLL_S):
            if run.cancel.is_set():
                return False
        if self._model is None:
            raise OrthrusError("no-model", self._problem)
        sent_at, ticket = 0.0, run.ticket
        assert ticket is not None, "a run joins before it waits"
        while not run.cancel.is_set():
            if self.queue.take(ticket, POLL_S):
                run.serving = True
                return True
            if time.monotonic() - sent_at > PLACE_S:
                sent_at = time.monotonic()
                run.out.put(QueuePosition(*self.queue.place(ticket)))
                run.waited = True
        return False

    def _count(self, trace: Trace, event: Verdict) -> None:
        cycle = trace.cycle(event.cycle)
        self.counters.count("orthrus_cycles_total")
        self.counters.count("orthrus_tokens_total", event.n_commit)
        self.counters.count("orthrus_proposals_total", cycle.draft.n_draft)
        self.counters.count("orthrus_accepted_total", cycle.accepted)
        self.counters.took("orthrus_cycle_seconds", cycle.ms / 1e3)

    def _save(self, trace: Trace, run: Run) -> None:
        """Store a finished run; a failure is reported and has no other effect."""
        assert self._keep is not None, "`follow` asks"
        try:
            self._keep(trace)
        except OSError as error:
            log.exception("the run was not recorded", extra={"run": run.id})
            self.counters.count("orthrus_errors_total", kind="record")
            run.note = f" It could not be recorded: {(error.strerror or type(error).__name__).lower()}."

    def _clean_up(self) -> None:
        try:
            self._broken = self._backend.recover()
        except Exception:
            log.exception("the device could not be cleaned up")
            self._broken = "The device does not answer any more; the server has to be restarted."
        if self._broken:
            log.error("the device is lost", extra={"problem": self._broken})
