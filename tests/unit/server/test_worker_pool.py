"""Decoding in processes of their own: whole runs, stops, faults and deaths across the pipe, with a tiny model."""

from __future__ import annotations

import itertools
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from orthrus.checkpoints.folder import save_checkpoint
from orthrus.config import DecodeConfig
from orthrus.errors import OrthrusError
from orthrus.model.dual_view import Orthrus
from orthrus.server import worker_pool as module
from orthrus.server.settings import Settings
from orthrus.server.worker import FLUSH_S, Fault, Start, StopFlag, WorkerError, batches
from orthrus.server.worker_pool import Worker, Workers, cores
from orthrus.trace import Trace
from tests.tiny import byte_tokenizer, random_weights, tiny_config
from viz.page.form import FormRequest

ROOT = Path(__file__).resolve().parents[3]
LONG = 8000  # tokens: many seconds, so that a run is under way when something happens to it


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A tiny checkpoint with room for LONG runs that never end by themselves."""
    made = tmp_path_factory.mktemp("tiny")
    config = tiny_config(max_position_embeddings=2 * LONG, eos_token_ids=())
    save_checkpoint(random_weights(Orthrus(config)), made, torch.float32)
    byte_tokenizer().save_pretrained(made)
    return made


@pytest.fixture(scope="module")
def settings(folder) -> Settings:
    return Settings(model=str(folder), device="cpu", dtype="float32", engine="torch", workers=2)


@pytest.fixture(scope="module")
def workers(settings):
    """Two workers for the whole module; whoever loses one has a new one behind it."""
    made = Workers(settings).load()
    yield made
    made.close()


def request(prompt="Hello", tokens=40, both=True) -> FormRequest:
    return FormRequest(prompt, DecodeConfig(tokens), "auto", both)


def decoded(workers, asked, cancel=None) -> Trace:
    return Trace.of(workers.decode(None, asked, cancel or threading.Event()))


def under_way(workers, cancel=None):
    """A long run that has begun: (its worker, the rest of its events)."""
    before = {worker: worker._number for worker in workers.all}
    run = workers.decode(None, request(tokens=LONG, both=False), cancel or threading.Event())
    next(run)
    (at_work,) = [worker for worker in workers.all if worker._number > before[worker]]
    return at_work, run


def gone(pid: int, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_a_run_arrives_whole_and_is_the_one_this_process_would_make(workers, settings):
    from orthrus.server.model_service import Service

    trace = decoded(workers, request())
    assert trace.done.n_tokens == 40 and trace.lossless.verdict == "identical"
    assert (
        trace.token_ids == Trace.of(Service(settings).decode(Service(settings).load(), request(), StopFlag())).token_ids
    )
    assert workers.describe() and all(worker.pid != os.getpid() for worker in workers.all)


def test_a_block_is_verified_there(workers):
    found = workers.verify(None, "Hello", "", "abc", "torch")
    assert found["n_draft"] == 3 and len(found["slots"]) == 3


def test_shares_of_attention_come_from_there(workers):
    found = workers.attention(None, [7, 40, 41], 2, [50, 51])
    assert len(found["verify"][0]) == 2 and found["cached"] == 3


def test_a_worker_leaves_a_core_free(workers):
    assert decoded(workers, request()).start.host.threads <= max(1, (cores() - 1) // 2)


def test_stop_is_heard_within_200_ms(workers):
    cancel = threading.Event()
    _, run = under_way(workers, cancel)
    cancel.set()
    began = time.monotonic()
    last = list(run)[-1]
    assert time.monotonic() - began < 0.2 and last.stop == "cancel"
    assert decoded(workers, request()).done.stop == "length", "the next run is not stopped by it"


def test_a_run_given_up_half_way_frees_its_worker(workers):
    pids = [worker.pid for worker in workers.all]
    for _ in range(5):
        _, run = under_way(workers)
        run.close()
    assert decoded(workers, request()).done.n_tokens == 40
    assert [worker.pid for worker in workers.all] == pids, "nobody had to die for it"


def test_a_worker_killed_in_mid_run_costs_this_run_alone(workers):
    other = threading.Event()
    unhurt, going = under_way(workers, other)
    killed, run = under_way(workers)
    assert unhurt is not killed
    os.kill(killed.pid, signal.SIGKILL)
    with pytest.raises(WorkerError) as error:
        list(run)
    assert error.value.code == "worker-lost"
    assert unhurt.up and len(list(itertools.islice(going, 50))) == 50, "the other run goes on"
    assert decoded(workers, request()).done.n_tokens == 40, "a new process serves the next run"
    other.set()
    assert list(going)[-1].stop == "cancel"


def test_a_worker_that_died_in_between_is_nobody_s_fault(workers):
    for worker in workers.all:
        worker.ready()
        os.kill(worker.pid, signal.SIGKILL)
        worker._process.wait()
    assert decoded(workers, request()).done.n_tokens == 40


def test_stop_is_heard_while_a_new_process_loads(workers):
    worker, run = under_way(workers)
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerError):
        list(run)
    cancel = threading.Event()
    threading.Timer(0.1, cancel.set).start()
    began = time.monotonic()
    assert list(worker.call("decode", (request(),), cancel)) == [] and time.monotonic() - began < 0.3


def test_a_worker_that_does_not_stop_is_ended(workers, monkeypatch):
    monkeypatch.setattr(module, "STUCK_S", 0.2)
    cancel = threading.Event()
    stuck, run = under_way(workers, cancel)
    os.kill(stuck.pid, signal.SIGSTOP)
    cancel.set()
    with pytest.raises(WorkerError) as error:
        list(run)
    assert error.value.code == "worker-lost"


def test_what_the_caller_got_wrong_crosses_the_pipe_with_its_code(workers):
    for asked in (request("  "), request("x" * 3 * LONG)):
        with pytest.raises(OrthrusError) as error:
            decoded(workers, asked)
        assert error.value.code and "worker" not in error.value.code
    assert decoded(workers, request()).done


@pytest.mark.parametrize(
    ("error", "code", "kind", "raised"),
    [
        (OrthrusError("prompt-empty", "the prompt is empty"), "prompt-empty", "OrthrusError", OrthrusError),
        (ValueError("seq 7 cannot follow seq 5"), "invalid-request", "ValueError", OrthrusError),
        (MemoryError(), "out-of-memory", "MemoryError", WorkerError),
        (RuntimeError("CUDA out of memory. Tried to"), "out-of-memory", "RuntimeError", WorkerError),
        (ZeroDivisionError("a kernel went wrong"), "run-failed", "ZeroDivisionError", WorkerError),
    ],
)
def test_a_fault_keeps_code_kind_and_sentence(error, code, kind, raised):
    fault = pickle.loads(pickle.dumps(Fault.of(error)))
    assert (fault.code, fault.kind, fault.sentence) == (code, kind, str(error))
    assert type(fault.error()) is raised and fault.error().code == code and str(fault.error()) == str(error)


def test_a_closed_pipe_ends_a_worker_in_mid_run(workers, settings):
    alone = Worker(Start(settings, 1))
    alone.ready()
    run = alone.call("decode", (request(tokens=LONG),), threading.Event())
    next(run)
    pid, process = alone.pid, alone._process
    process.stdin.close()  # what the end of the server does, however it ends
    process.wait(10)
    assert gone(pid) and process.returncode == 0
    alone.close()


def test_signals_meant_for_the_server_end_no_run(workers):
    cancel = threading.Event()
    worker, run = under_way(workers, cancel)
    os.kill(worker.pid, signal.SIGINT)
    os.kill(worker.pid, signal.SIGTERM)
    assert len(list(itertools.islice(run, 50))) == 50
    cancel.set()
    assert list(run)[-1].stop == "cancel"


def test_a_model_that_does_not_load_is_a_sentence(folder):
    with pytest.raises(OrthrusError, match="float99") as error:
        Workers(Settings(model=str(folder), device="cpu", dtype="float99")).load()
    assert error.value.code


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc")
def test_memory_stays_flat_over_200_runs(workers):
    def megabytes() -> float:
        held = [Path(f"/proc/{worker.pid}/statm") for worker in workers.all]
        pages = [int(path.read_text().split()[1]) for path in held if path.exists()]  # a dead one is replaced when used
        return sum(pages) / len(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6

    sizes = []
    for number in range(200):
        decoded(workers, request(f"Hello {number}", 12, both=number % 10 == 0))
        if number % 50 == 49:
            sizes.append(megabytes())
    assert sizes[-1] - sizes[0] < 8, sizes


def test_items_travel_by_time(monkeypatch):
    from orthrus.server import worker

    now = [0.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: now[0])

    def items():
        for number in range(7):
            now[0] = number * FLUSH_S / 2
            yield number

    assert list(batches(items())) == [[0], [1, 2], [3, 4], [5, 6]]


def test_what_was_made_before_a_fault_is_sent():
    def items():
        yield from (1, 2, 3)
        raise RuntimeError

    sent = []
    with pytest.raises(RuntimeError):
        for batch in batches(items()):
            sent += batch
    assert sent == [1, 2, 3]


def test_the_server_never_loads_torch():
    code = (
        "import sys, app; from orthrus.server.settings import Settings; "
        "settings = Settings(); site = app.Site.of(settings); app.build(settings, site, False); "
        "from viz.page.form import read; from viz.page.live_run import LiveRuns; "
        "list(LiveRuns(site.manager, lambda form: read(*form)).run('me', (1, {}))); "
        "print(sorted({'torch', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.stdout.split("\n")[-2] == "[]", done.stderr[-2000:]
