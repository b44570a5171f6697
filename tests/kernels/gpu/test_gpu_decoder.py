"""Whole runs on the device: captured cycles, several under way, against plain decoding and against a CPU."""

import threading

import pytest
import torch

from orthrus.checkpoints.loading import load_model
from orthrus.config import DecodeConfig
from orthrus.decoding import engine
from orthrus.decoding.engine import run_both
from orthrus.gpu import memory_plan
from orthrus.trace import Trace
from orthrus.trace.invariants import check, same_ids
from tests.refusals import refused

pytestmark = pytest.mark.gpu
PROMPTS = ["Solve 3x + 5 = 20.", "Tell me a story about a fox.", "Write 9, 1, 4 in order.", "How many metres are 3 km?"]


@pytest.fixture(scope="module", params=["bfloat16", "float32"])
def lm(request, device):
    loaded = load_model(device=device, dtype=request.param)
    assert loaded.engine == "triton" and loaded.check.holds, loaded.check
    return loaded


def run(lm, prompt, **config):
    trace = Trace.of(run_both(lm, prompt, DecodeConfig(**config)))
    assert check(trace) == []
    return trace


@pytest.mark.parametrize("prompt", PROMPTS)
def test_both_lanes_agree_in_every_bit(lm, prompt):
    trace = run(lm, prompt, max_new_tokens=400, detail=-1)
    assert trace.lossless.verdict == "identical"
    assert trace.lossless.rows_equal == trace.lossless.rows_compared > 0


@pytest.mark.parametrize("temperature", [0.0, 0.8])
@pytest.mark.parametrize("draft", ["tree", "lookup", "one-pass"])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_shape_of_draft_keeps_every_bit(lm, prompt, draft, temperature):
    trace = run(lm, prompt, max_new_tokens=200, detail=-1, draft=draft, temperature=temperature)
    assert trace.start.model.mode == "exact" and trace.lossless.verdict == "identical"
    assert trace.lossless.rows_equal == trace.lossless.rows_compared > 0


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_gpu_and_a_cpu_write_the_same_in_float32(device, prompt):
    texts = []
    for where in (device, "cpu"):
        lm = load_model(device=where, dtype="float32", engine="auto" if where == device else "torch")
        texts.append(run(lm, prompt, max_new_tokens=100, detail=-1).token_ids)
    assert texts[0] == texts[1]


def test_replays_ahead_decide_what_replays_one_by_one_decide(lm):
    traces = [
        Trace.of(engine.decode(lm, PROMPTS[0], DecodeConfig(max_new_tokens=200, detail=d, instrument_share=1.0)))
        for d in (-1, 0, 1)
    ]
    assert same_ids(traces[0], traces[1]) == [] and same_ids(traces[1], traces[2]) == []
    assert all(check(t) == [] for t in traces)
    assert all(c.draft.t_draft_ms > 0 and c.verdict.t_verify_ms > 0 for t in traces for c in t.cycles)


def test_sampling_is_that_of_plain_decoding(lm):
    trace = run(lm, PROMPTS[1], max_new_tokens=100, temperature=0.8, seed=3, detail=-1)
    assert trace.lossless.verdict == "identical"


def test_cancel_and_the_run_after_it(lm):
    expected = run(lm, PROMPTS[0], max_new_tokens=60, detail=-1).token_ids
    cancel, seen = threading.Event(), []
    for event in engine.decode(lm, PROMPTS[1], DecodeConfig(max_new_tokens=300, detail=-1), cancel):
        seen.append(event.type)
        if event.type == "verdict":
            cancel.set()
    assert seen[-1] == "done" and seen.count("verdict") == 1
    assert run(lm, PROMPTS[0], max_new_tokens=60, detail=-1).token_ids == expected


def test_out_of_memory_is_a_sentence_and_the_next_run_works(lm, monkeypatch):
    expected = run(lm, PROMPTS[0], max_new_tokens=60, detail=-1).token_ids
    runner = lm.model.graphs.runner(lm.model)
    runner.release()
    real = lm.model.new_cache

    def greedy(rows):
        torch.empty(1 << 44, dtype=torch.uint8, device="cuda")

    monkeypatch.setattr(lm.model, "new_cache", greedy)
    with refused("out-of-memory"):
        run(lm, PROMPTS[0], max_new_tokens=60, detail=-1)
    monkeypatch.setattr(lm.model, "new_cache", real)
    assert run(lm, PROMPTS[0], max_new_tokens=60, detail=-1).token_ids == expected


def test_memory_stays_within_what_was_counted(lm):
    runner = lm.model.graphs.runner(lm.model)
    runner.release()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    run(lm, PROMPTS[0], max_new_tokens=200, detail=-1)
    spent = torch.cuda.max_memory_allocated() - before
    counted = memory_plan.run_bytes(lm.model.config, lm.model.dtype, runner.cache.capacity)
    assert spent <= counted + (8 << 20), "instruments of an AR chunk come on top"
