"""Memory: what a run holds is known beforehand, does not grow, and is refused where it does not fit."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from orthrus.config import DecodeConfig
from orthrus.decoding.draft_verify import DraftVerifyLane
from orthrus.decoding.engine import decode
from orthrus.decoding.request import make_request
from orthrus.model import memory
from orthrus.model.kv_cache import KEPT_ROWS, TILE, SharedCache
from tests.refusals import refused
from tests.tiny import scripted, tiny_config, tiny_model

PROMPT = "How much room?"
STATM = Path("/proc/self/statm")


def lane_after(lm, tokens: int) -> DraftVerifyLane:
    lane = DraftVerifyLane(make_request(lm, PROMPT, DecodeConfig(tokens)))
    for _ in lane.events():
        pass
    return lane


@pytest.mark.parametrize("dtype", (torch.float32, torch.bfloat16), ids=str)
def test_the_cache_is_its_formula(dtype):
    c = tiny_config()
    cache = SharedCache(c, 300, dtype, "cpu")
    assert cache.nbytes == SharedCache.bytes_for(c, 300, dtype) == 2 * TILE * 2 * 2 * 2 * 16 * dtype.itemsize


def test_buffers_do_not_depend_on_the_length():
    short, long = (
        lane_after(scripted(PROMPT, [0, 3, 7]), n).cache.scratch_bytes for n in (60, 148)
    )  # both end on 6 rows
    assert short == long


def test_a_pieces_buffers_are_not_kept(tiny):
    cache = tiny.model.new_cache(200)
    tiny.model.forward_ar(torch.arange(KEPT_ROWS + 1), cache)
    assert cache.scratch_bytes == 0
    tiny.model.forward_ar(torch.arange(3), cache)
    assert 0 < cache.scratch_bytes < 100_000


@pytest.mark.skipif(not STATM.exists(), reason="needs /proc")
def test_a_thousand_cycles_do_not_grow():
    lm = scripted(PROMPT, [0])

    def cycles() -> int:
        return sum(event.type == "verdict" for event in decode(lm, PROMPT, DecodeConfig(150, detail=-1)))

    cycles(), cycles()
    before, done = _resident(), 0
    while done < 1000:
        done += cycles()
    assert _resident() - before < 4 << 20


def _resident() -> int:
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_run_that_does_not_fit_is_refused_before_it_starts(tiny, monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1 << 20)
    with refused("out-of-memory"):
        monkeypatch.setattr(SharedCache, "bytes_for", staticmethod(lambda *_: 4 << 30))
        decode(tiny, PROMPT, DecodeConfig(8))


def test_what_the_system_says():
    free = memory.free_bytes(torch.device("cpu"))
    assert free is None or free > 0
    memory.refuse_what_does_not_fit(1, "one byte", torch.device("cpu"))
    assert tiny_model().model.new_cache(8).scratch_bytes == 0


def container(folder: Path, limit: str) -> Path:
    for name, text in (("max", limit), ("current", "700"), ("stat", "anon 500\ninactive_file 100")):
        (folder / f"memory.{name}").write_text(text + "\n")
    return folder


@pytest.mark.parametrize(("limit", "left"), [("1000", 400), ("max", 5000), ("500", 0)])
def test_the_least_of_system_and_container_is_free(tmp_path, monkeypatch, limit, left):
    monkeypatch.setattr(memory, "psutil", SimpleNamespace(virtual_memory=lambda: SimpleNamespace(available=5000)))
    monkeypatch.setattr(memory, "CGROUP", container(tmp_path, limit))
    assert memory.free_bytes(torch.device("cpu")) == left


def test_without_psutil_and_a_limit_nothing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "psutil", None)
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    assert memory.free_bytes(torch.device("cpu")) is None
    memory.refuse_what_does_not_fit(1 << 60, "an exbibyte", torch.device("cpu"))
