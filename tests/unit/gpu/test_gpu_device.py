"""`CudaDevice` against a stand-in for torch.cuda: the order of what it asks for, and what is left after a failure."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch

from orthrus.checkpoints.loading import device_named
from orthrus.errors import OrthrusError
from orthrus.gpu import support
from orthrus.gpu.device import CAPTURING, CudaDevice, synchronize
from tests.tiny import tiny_model


class Cuda:
    """Notes every call; `fails` is raised by the end of a capture."""

    def __init__(self, monkeypatch, fails=None):
        self.calls, self.fails, self.current = [], fails, "default"
        stream = SimpleNamespace(
            device_index=0,
            wait_stream=lambda other: self.note("wait_stream"),
            synchronize=lambda: self.note("stream.synchronize"),
        )
        graph = SimpleNamespace(
            capture_begin=self.begin, capture_end=self.end, replay=lambda: self.note(f"replay on {self.current}")
        )
        for name, value in {
            "Stream": lambda where: stream,
            "current_stream": lambda *_: stream,
            "stream": self.on,
            "CUDAGraph": lambda: graph,
            "graph_pool_handle": lambda: (0, 7),
            "empty_cache": lambda: self.note("empty_cache"),
            "synchronize": lambda *_: self.note("DEVICE"),
        }.items():
            monkeypatch.setattr(torch.cuda, name, value)
        for name in ("_cuda_endAllocateToPool", "_cuda_releasePool"):
            monkeypatch.setattr(torch._C, name, lambda *what, name=name: self.note((name, *what)), raising=False)

    def note(self, call):
        self.calls.append(call)

    @contextmanager
    def on(self, stream):
        before, self.current = self.current, "side"
        try:
            yield
        finally:
            self.current = before

    def begin(self, pool, capture_error_mode):
        self.note(("begin", pool, capture_error_mode))

    def end(self):
        self.note("end")
        if self.fails:
            raise self.fails


def test_work_in_order_with_the_callers_own_waits_for_it_and_is_waited_for(monkeypatch):
    cuda = Cuda(monkeypatch)
    device = CudaDevice(torch.device("cuda"))
    cuda.calls.clear()
    with device.between():
        cuda.note(f"work on {cuda.current}")
    assert cuda.calls == ["wait_stream", "work on side", "wait_stream"] and cuda.current == "default"


def test_a_capture_waits_for_its_stream_and_never_for_the_device(monkeypatch):
    cuda = Cuda(monkeypatch)
    there = CudaDevice(torch.device("cuda"))
    graph = there.capture(lambda: cuda.note(f"work on {cuda.current}") or "out")
    graph.replay()
    there.drain()
    assert graph.out == "out" and "DEVICE" not in cuda.calls and cuda.current == "default"
    assert cuda.calls == [
        *("wait_stream", "work on side", "stream.synchronize", "empty_cache", ("begin", (0, 7), "thread_local")),
        *("work on side", "end", "replay on side", "stream.synchronize"),
    ]


@pytest.mark.parametrize("where", ["work", "end"])
def test_a_capture_that_fails_half_way_is_ended_and_its_pool_released(where, monkeypatch):
    cuda = Cuda(monkeypatch, RuntimeError("operation failed due to a previous error during capture"))

    def work():
        if where == "work" and ("begin", (0, 7), "thread_local") in cuda.calls:
            raise ValueError("in the middle")

    with pytest.raises(ValueError if where == "work" else RuntimeError):
        CudaDevice(torch.device("cuda")).capture(work)
    assert cuda.calls[-3:] == ["end", ("_cuda_endAllocateToPool", 0, (0, 7)), ("_cuda_releasePool", 0, (0, 7))]
    assert cuda.current == "default" and CAPTURING.acquire(blocking=False)
    CAPTURING.release()


def test_whoever_waits_for_the_device_waits_for_captures_first(monkeypatch):
    cuda = Cuda(monkeypatch)
    waiting = threading.Thread(target=synchronize)
    with CAPTURING:
        waiting.start()
        waiting.join(0.05)
        assert waiting.is_alive() and cuda.calls == []
    waiting.join(10)
    assert cuda.calls == ["empty_cache", "DEVICE"]


def test_a_device_that_answers_nothing_any_more_is_no_reason_for_plain_pytorch(monkeypatch):
    def lost():
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    def broken(model):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    lm = tiny_model()
    monkeypatch.setattr(support, "check_rows", broken)
    monkeypatch.setattr(type(lm.model), "device", property(lambda model: torch.device("cuda")))
    monkeypatch.setattr(support, "synchronize", lambda: None)
    assert not support._tried(lm.model).holds
    monkeypatch.setattr(support, "synchronize", lost)
    with pytest.raises(OrthrusError) as error:
        support._tried(lm.model)
    assert error.value.code == "gpu-lost"


def test_of_several_gpus_the_first_is_taken(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device_named("cuda:0") == torch.device("cuda:0") and device_named("auto") == torch.device("cuda")
    with pytest.raises(OrthrusError, match="CUDA_VISIBLE_DEVICES=1") as error:
        device_named("cuda:1")
    assert error.value.code == "device-not-first"
