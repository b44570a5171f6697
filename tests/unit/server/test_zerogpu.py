"""Which model a server loads, and decoding on a lent GPU, with a stand-in for the host's package that forks."""

from __future__ import annotations

import inspect
import multiprocessing
import os
import threading
import time
from types import SimpleNamespace

import pytest

from orthrus.config import EMBEDDED_MODEL, PUBLISHED_MODELS, DecodeConfig
from orthrus.server import model_service, zerogpu
from orthrus.server.model_service import Service
from orthrus.server.settings import Settings
from orthrus.trace import Trace
from tests import synthetic
from tests.refusals import refused
from viz.page.form import FormRequest

FORK = multiprocessing.get_context("fork")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # newer Pythons warn of a fork beside threads


class Lender:
    """`spaces.GPU`: each call in a process forked for it, arguments and results pickled, duration asked beforehand."""

    def __init__(self):
        self.seconds, self.pids = [], []

    def __call__(self, duration):
        def decorate(task):
            assert inspect.isgeneratorfunction(task)

            def call(*args):
                self.seconds.append(duration(*args))
                pipe, child = FORK.Pipe(duplex=False)
                process = FORK.Process(target=self._work, args=(task, args, child), daemon=True)
                process.start()
                child.close()
                self.pids.append(process.pid)
                try:
                    while (item := pipe.recv()) is not None:
                        if isinstance(item, Exception):
                            raise item
                        yield item
                finally:
                    pipe.close()
                    process.join(10)

            return call

        return decorate

    @staticmethod
    def _work(task, args, pipe):
        try:
            for item in task(*args):
                pipe.send(item)
            pipe.send(None)
        except Exception as error:
            pipe.send(error)


def decode(model, request, cancel):
    """Synthetic events; says which process made them."""
    for event in synthetic.events(tokens=request.config.max_new_tokens):
        if cancel.is_set():
            return
        yield event, model, os.getpid()
        time.sleep(0.01)


def lend(decoder=decode, most=60):
    lender = Lender()
    return lender, zerogpu.on_zerogpu(decoder, lender, lambda request: 1 + request.both, most)


def request(tokens, both=True):
    return FormRequest("go", DecodeConfig(tokens), "auto", both)


def test_a_run_is_made_in_a_forked_process_and_arrives_whole():
    lender, lent = lend()
    found = list(lent("the model", request(40), threading.Event()))
    assert Trace.of(event for event, *_ in found).done.n_tokens == 40
    assert {model for _, model, _ in found} == {"the model"}, "the fork has the model without a copy in the arguments"
    assert {pid for *_, pid in found} == set(lender.pids) and os.getpid() not in lender.pids


def test_stop_reaches_the_other_process():
    _, lent = lend()
    cancel, seen = threading.Event(), []
    for item in lent("m", request(5000), cancel):
        seen.append(item)
        if len(seen) == 5:
            cancel.set()
            began = time.monotonic()
    assert len(seen) < 400 and time.monotonic() - began < 10


def test_a_run_given_up_half_way_ends_in_its_process_and_frees_its_flag():
    lender, lent = lend()
    for _ in range(70):  # more than there are flags
        run = lent("m", request(30), threading.Event())
        next(run)
        run.close()
    for pid in lender.pids:
        with pytest.raises(OSError):
            os.kill(pid, 0)


def test_runs_side_by_side_do_not_stop_one_another():
    _, lent = lend()
    stopped, going, found = threading.Event(), threading.Event(), {}
    threads = [
        threading.Thread(target=lambda n=n, flag=flag: found.update({n: len(list(lent("m", request(60), flag)))}))
        for n, flag in (("stopped", stopped), ("going", going))
    ]
    stopped.set()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found["going"] == len(synthetic.events(tokens=60)) > found["stopped"]


def test_a_fault_in_the_other_process_is_raised_here():
    def broken(model, request, cancel):
        yield synthetic.events(tokens=12)[0]
        raise RuntimeError("CUDA out of memory")

    _, lent = lend(broken)
    run = lent("m", request(12), threading.Event())
    next(run)
    with pytest.raises(RuntimeError, match="out of memory"):
        next(run)


def test_the_time_asked_for_follows_the_request_within_the_limit():
    lender, lent = lend(most=60)
    for tokens, both in ((20, False), (200, False), (200, True), (5000, True)):
        run = lent("m", request(tokens, both), threading.Event())
        next(run)
        run.close()
    start = zerogpu.START_S
    assert lender.seconds == [start + 1, start + 10, start + 20, 60]


def test_a_service_lends_where_the_host_says_so(monkeypatch):
    lender = Lender()
    host = SimpleNamespace(GPU=lender, config=SimpleNamespace(Config=SimpleNamespace(zero_gpu=True)))
    monkeypatch.setattr(model_service, "decode", decode)
    monkeypatch.setattr(zerogpu, "spaces", host)
    list(Service(Settings()).decode("m", request(12), threading.Event()))
    assert len(lender.pids) == 1
    host.config.Config.zero_gpu = False  # a Space with a GPU of its own has the package, too
    assert not zerogpu.is_zerogpu()
    list(Service(Settings()).decode("m", request(12), threading.Event()))
    assert len(lender.pids) == 1


# Which model


def test_the_default_model_follows_the_device():
    assert zerogpu.model_for(Settings(), cuda=True) == zerogpu.PUBLISHED == "chiennv/Orthrus-Qwen3-1.7B"
    assert zerogpu.model_for(Settings(), cuda=False) == str(EMBEDDED_MODEL)
    assert zerogpu.model_for(Settings(device="cpu"), cuda=True) == str(EMBEDDED_MODEL)


def test_only_hub_ids_of_the_list_are_loaded(tmp_path):
    for name in PUBLISHED_MODELS:
        assert zerogpu.model_for(Settings(model=name), cuda=False) == name
    assert zerogpu.model_for(Settings(model=str(tmp_path)), cuda=False) == str(tmp_path)
    assert zerogpu.model_for(Settings(model=f"{PUBLISHED_MODELS[0]}@main"), cuda=False).endswith("@main")
    with refused("model-not-allowed"):
        zerogpu.model_for(Settings(model="a/b"), cuda=False)
    assert zerogpu.model_for(Settings(model="a/b", models="a/b,c/d"), cuda=False) == "a/b"


def test_a_model_that_does_not_load_is_replaced_and_the_page_says_so(tmp_path):
    made = Service(Settings(model=str(tmp_path), device="cpu", dtype="float32", engine="torch", threads=1))
    modes = made.load()
    assert modes.loaded.id == EMBEDDED_MODEL.name
    said = made.describe(modes)
    assert said.startswith("The requested model could not be loaded (") and "holds no config.json" in said
    assert "; the embedded one answers instead. " in said and model_service.ABILITIES in said


def test_an_embedded_model_that_does_not_load_is_a_fault(monkeypatch):
    monkeypatch.setattr(model_service, "EMBEDDED_MODEL", "/nowhere")
    with refused("not-a-model"):
        Service(Settings(model="/nowhere", threads=1)).load()


def test_a_record_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    from orthrus.trace.files import load

    trace = Trace.of(synthetic.events(tokens=20))
    made = Service(Settings(records=str(tmp_path / "kept")))
    made.keep(trace)
    (path,) = (tmp_path / "kept").iterdir()
    assert load(path).text == trace.text

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError):
        made.keep(trace)
    assert list((tmp_path / "kept").iterdir()) == [path], "the half-written file is gone"
