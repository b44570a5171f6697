"""Live runs: as many at a time as there are workers, for the page and for programs.

A run's thread waits in the line, takes the events of the worker that decodes, and puts what it makes into a queue; the
page's handler hands that on. Nothing here knows the model, the form or the page: they come in as functions. Every fault
ends as a sentence for the visitor, a line in the log, and a worker for the next run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from orthrus.errors import OrthrusError
from orthrus.events import Event, Prefill, RunStart, Verdict
from orthrus.server.limits import Limits, Refused
from orthrus.server.metrics import Meters
from orthrus.server.queue import Line
from orthrus.server.run import Job, Working, kind_of, trouble
from orthrus.trace import Trace
from viz.page.measuring import SETTLE_S, Measuring
from viz.page.stream import Film, News, Place, closing, relay, sentence
from viz.player import frames

log = logging.getLogger(__name__)
POLL_S = 0.1  # how soon a stop is heard in the line
PLACE_S = 1.0  # a waiting visitor hears of the line at least this often
GRACE_S = 10.0  # a server that ends waits so long for visitors to be sent the end of their run
SESSIONS = 1000  # sessions whose Stop is remembered before their run began
LOADING = (
    "The model is being loaded. On the first start on a machine its engine is also compiled, which takes about 15 "
    "seconds. A recorded run can be watched meanwhile."
)
RESTART = "the server is being restarted; please try again in a minute"
Decode = Callable[[Any, Any, threading.Event], Iterator[Event]]
Work = Callable[[Any, Any, Job], Iterator[Any]]


class Desk:
    """Loads a model in the background and lets visitors use it, `at_once` at a time.

    load() -> model; read(form) -> wish, at once, so that a bad value waits for nobody; decode(model, wish, cancel) ->
    events; describe(model) -> what may be said of it on this machine; keep(trace) stores a finished run; recover(error)
    cleans up behind a fault and returns why the device can serve nobody any more, "" where it can.
    """

    def __init__(
        self,
        load: Callable[[], Any],
        decode: Decode,
        read: Callable[[Any], Any] = lambda form: form,
        describe: Callable[[Any], str] = lambda model: "",
        limits: Limits | None = None,
        keep: Callable[[Trace], None] | None = None,
        recover: Callable[[], str] = lambda: "",
        at_once: int = 1,
    ):
        self._load, self._decode, self._read, self._describe = load, decode, read, describe
        self._keep, self._recover, self._at_once = keep, recover, at_once
        self.limits, self.meters = limits or Limits(), Meters()
        self.line = Line(self.limits, at_once=at_once)
        self._model: Any = None
        self._problem = self._broken = ""
        self._ready, self._draining = threading.Event(), threading.Event()
        self._flags: OrderedDict[str, threading.Event] = OrderedDict()  # a visitor's session -> set to stop its run
        self._left: set[threading.Event | None] = set()  # flags of runs whose visitor has turned away
        self._jobs: set[Job] = set()

    def open(self) -> None:
        """Load; a failure is kept as a sentence, so that recordings go on playing."""
        try:
            self._model = self._load()
            log.info("the model is loaded")
        except Exception as error:
            log.exception("the model did not load")
            self.meters.count("orthrus_errors_total", 1, "kind", "load")
            self._problem = f"There is no live model: {error}"
        self._ready.set()

    def about(self) -> str | None:
        """What holds on this machine, or why there is no model; None while it is still being loaded."""
        if not self._ready.is_set():
            return None
        return sentence(self._problem) if self._model is None else self._describe(self._model)

    def enter(self, session: str) -> None:
        """A visitor asks for a run; one that is still going is asked to end."""
        self.stop(session)
        self._flags[session] = threading.Event()
        while len(self._flags) > SESSIONS:
            self._flags.popitem(last=False)

    def stop(self, session: str) -> bool:
        """Ask a visitor's run to end at its next pass; whether there was one."""
        flag = self._flags.get(session)
        if flag is not None:
            flag.set()
        return flag is not None

    def forget(self, session: str) -> None:
        """A visitor looks at something else: the run ends, and nothing of it is shown any more."""
        self._left.add(self._flags.get(session))
        self.stop(session)

    def run(self, session: str, form: Any, address: str = "") -> Iterator[News]:
        """Decode for one visitor of the page what the form asks for; closing the iterator stops the run."""
        flag = self._flags.setdefault(session, threading.Event())
        job = Job(session, address, flag)
        try:
            with self.working(job, lambda: self._settled(self._read(form), flag), self._pictures):
                for news in relay(job.out):
                    if flag in self._left:
                        yield News(None, None)  # the page's server repeats the last item once a handler has ended
                        return
                    yield news
        finally:
            self._left.discard(flag)
            if self._flags.get(session) is flag:
                del self._flags[session]

    def working(self, job: Job, prepare: Callable[[], Any], work: Work) -> Working:
        """A context with the job at work, whose end stops it. Its items are in `job.out`, None is the last.

        prepare() -> wish, before the line; work(model, wish, job) yields items while the device is the job's own.
        """
        return Working(job, lambda: self._work(job, prepare, work), self._jobs)

    def follow(self, wish: Any, job: Job) -> Iterator[tuple[Event, Trace]]:
        """Decode: each event with the trace that holds it; the run is counted, and kept where that is asked for."""
        trace = Trace()
        for event in self._decode(self._model, wish, job.cancel):
            trace, job.made = trace.add(event), True
            if isinstance(event, RunStart):
                self.meters.took("orthrus_first_event_seconds", time.monotonic() - job.began)
                log.info("run began", extra={"run": job.id, "trace": event.run})
            if isinstance(event, Prefill):
                self.meters.count("orthrus_tokens_total")
            if isinstance(event, Verdict):
                self._count(trace, event)
            yield event, trace
            if time.monotonic() - job.served > self.limits.run_seconds:
                job.end(f"a run may take {self.limits.run_seconds} s here", "overtime")
        if self._keep is not None and trace.done is not None:
            self._save(trace, job)

    def health(self) -> tuple[bool, str]:
        """(fit to serve, one word or sentence)."""
        if self._broken or self._draining.is_set():
            return False, self._broken or RESTART
        return True, "loading" if not self._ready.is_set() else "ok" if self._model is not None else self._problem

    def metrics(self) -> str:
        """Prometheus text."""
        waiting, running = self.line.counts()
        gauges = {
            "orthrus_waiting_runs": ("Runs that wait for a worker.", waiting),
            "orthrus_running_runs": ("Runs that have a worker.", running),
            "orthrus_model_loaded": ("1 where a model is loaded.", int(self._model is not None)),
            "orthrus_healthy": ("1 where the server can serve.", int(self.health()[0])),
        }
        return self.meters.text(gauges)

    def drain(self, seconds: float) -> bool:
        """Take nobody any more, let the run under way end within `seconds`, then stop it; whether all ended."""
        self._draining.set()
        self.line.close(RESTART)
        for job in list(self._jobs):
            if not job.serving:
                job.end(RESTART)
        if not self.line.idle(seconds):
            for job in list(self._jobs):
                job.end("the server is being restarted")
        until = time.monotonic() + GRACE_S
        while self._jobs and time.monotonic() < until:  # until each visitor has been sent the end
            time.sleep(POLL_S)
        return not self._jobs

    def _settled(self, wish: Any, flag: threading.Event) -> Any:
        """The wish, after a moment if its run would begin at once."""
        waiting, running = self.line.counts()
        if self._ready.is_set() and not waiting and running < self._at_once:
            flag.wait(SETTLE_S)
        return wish

    def _pictures(self, model: Any, wish: Any, job: Job) -> Iterator[Any]:
        """A run for the page: a line now and then while it is measured, its frames once it is over, and sentences."""
        told: list[tuple[Event, Trace]] = []
        measuring, trace = Measuring(at_once=job.waited), Trace()
        try:
            for event, trace in self.follow(wish, job):
                told.append((event, trace))
                yield from measuring.lines(event, trace)
        except Exception:
            if told:
                yield film(told, plays=False)
            raise
        self._give_back(job)  # drawing is nobody else's wait
        # a Stop that came when both lanes had ended has stopped nothing
        stopped = job.cancel.is_set() and trace.lossless is None
        yield film(told, plays=not stopped)
        yield News(None, closing(trace, stopped, job.why) + job.note)

    def _work(self, job: Job, prepare: Callable[[], Any], work: Work) -> None:
        """One job from beginning to end: what it makes goes to `job.out`, None is the last."""
        outcome = "failed"
        try:
            outcome = self._serve(job, prepare, work)
        except Exception as error:
            if isinstance(error, Refused) or (isinstance(error, OrthrusError) and not job.made):
                outcome = "refused"
                log.info("run refused", extra={"run": job.id, "refusal": error.code})
                job.out.put(News(None, sentence(str(error)), True, error.code))
            else:
                log.exception("run failed", extra={"run": job.id})
                self.meters.count("orthrus_errors_total", 1, "kind", kind_of(error))
                job.out.put(News(None, sentence(trouble(error)), True, getattr(error, "code", "run-failed")))
        try:
            if outcome == "failed":  # here the error and the frames it held, with their tensors, are gone
                self._clean_up()
        finally:
            self._give_back(job)
            self.meters.count("orthrus_runs_total", 1, "outcome", outcome)
            took = round(time.monotonic() - job.began, 3)
            log.info("run ended", extra={"run": job.id, "outcome": outcome, "seconds": took})
            job.out.put(None)

    def _serve(self, job: Job, prepare: Callable[[], Any], work: Work) -> str:
        """Wait for the device, then work; the outcome's name."""
        wish = prepare()
        if self._broken or (self._ready.is_set() and self._model is None):
            raise OrthrusError("no-model", self._broken or self._problem)
        job.ticket = self.line.join(job.visitor, job.address)
        if not self._wait(job):
            if job.why:
                raise OrthrusError("run-ended", job.why)
            job.out.put(News(None, "Stopped before it began."))
            return "left"
        job.served = time.monotonic()
        self.meters.took("orthrus_wait_seconds", job.served - job.began)
        for item in work(self._model, wish, job):
            job.out.put(item)
            job.made = True
        return job.outcome

    def _give_back(self, job: Job) -> None:
        """The worker is the next run's; more than once does no harm."""
        if job.ticket:
            self.line.leave(job.ticket)
        if job.served is not None:
            self.meters.took("orthrus_run_seconds", time.monotonic() - job.served)
            job.served = None

    def _wait(self, job: Job) -> bool:
        """Until model and device are there; False where the job was ended first."""
        if not self._ready.is_set():
            job.out.put(News(None, LOADING, waits=True))
            job.waited = True
        while not self._ready.wait(POLL_S):
            if job.cancel.is_set():
                return False
        if self._model is None:
            raise OrthrusError("no-model", self._problem)
        said = 0.0
        while not job.cancel.is_set():
            if self.line.take(job.ticket, POLL_S):
                job.serving = True
                return True
            if time.monotonic() - said > PLACE_S:
                said = time.monotonic()
                job.out.put(Place(*self.line.place(job.ticket)))
                job.waited = True
        return False

    def _count(self, trace: Trace, event: Verdict) -> None:
        cycle = trace.cycle(event.cycle)
        self.meters.count("orthrus_cycles_total")
        self.meters.count("orthrus_tokens_total", event.n_commit)
        self.meters.count("orthrus_proposals_total", cycle.draft.n_draft)
        self.meters.count("orthrus_accepted_total", cycle.accepted)
        self.meters.took("orthrus_cycle_seconds", cycle.ms / 1e3)

    def _save(self, trace: Trace, job: Job) -> None:
        """Keep a finished run; that it could not be kept is said, and spoils nothing else."""
        try:
            self._keep(trace)
        except OSError as error:
            log.exception("the run was not recorded", extra={"run": job.id})
            self.meters.count("orthrus_errors_total", 1, "kind", "record")
            job.note = f" It could not be recorded: {(error.strerror or type(error).__name__).lower()}."

    def _clean_up(self) -> None:
        try:
            self._broken = self._recover()
        except Exception:
            log.exception("the device could not be cleaned up")
            self._broken = "The device does not answer any more; the server has to be restarted."
        if self._broken:
            log.error("the device is lost", extra={"problem": self._broken})


def film(told: list[tuple[Event, Trace]], plays: bool) -> Film:
    """The frames of a run's events, each with the trace that holds it."""
    return Film([frames.dumps(frame) for event, trace in told for frame in frames.frames(event, trace)], plays)
