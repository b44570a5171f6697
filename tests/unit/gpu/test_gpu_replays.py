"""Replays ahead, late and torn copies, runs that are given up, devices that go wrong, memory that lacks."""

from __future__ import annotations

import threading

import pytest
import torch

from kernels import ops, records
from orthrus.config import DecodeConfig
from orthrus.decoding import engine
from orthrus.decoding.graph_autoregressive import CHUNK
from orthrus.gpu.passes import Stack
from orthrus.gpu.runner import AHEAD, InFlightReplays, Runner
from orthrus.trace import Trace
from orthrus.trace.invariants import check
from tests.gpu_fakes import PROMPT, FakeDevice, alone, graphed, ids
from tests.refusals import refused
from tests.tiny import tiny_model


def test_without_instruments_cycles_run_ahead_and_no_wasted_one_is_seen(tiny):
    lm, device = graphed(tiny)
    trace = alone(lm, max_new_tokens=50, detail=-1)
    assert device.most_under_way == AHEAD
    assert trace.done.cycles <= device.replayed <= trace.done.cycles + AHEAD - 1


@pytest.mark.parametrize("seed", range(6))
def test_copies_that_land_late_and_torn_change_nothing(seed, tiny, monkeypatch):
    """A ring of seven records: the one that is read lies next to one that is being written over."""
    expected = ids(alone(tiny, max_new_tokens=60, detail=-1))
    monkeypatch.setattr("orthrus.gpu.cycle.SLOTS", 8)
    monkeypatch.setattr("orthrus.gpu.runner.SLOTS", 8)
    assert ids(alone(graphed(tiny, seed=seed)[0], max_new_tokens=60, detail=-1)) == expected


def test_cancel_ends_within_the_cycle_and_the_next_run_is_whole(tiny):
    lm, device = graphed(tiny)
    cancel, seen = threading.Event(), []
    for event in engine.decode(lm, PROMPT, DecodeConfig(max_new_tokens=90, detail=-1), cancel):
        seen.append(event)
        if event.type == "draft" and event.cycle == 2:
            cancel.set()
    assert [e.type for e in seen if e.type in ("draft", "verdict")][-1] == "draft" and seen[-1].stop == "cancel"
    assert check(Trace.of(seen)) == [] and device.replayed <= 2 + AHEAD
    assert device._queue, "replays of the stopped run are still under way"
    assert ids(alone(lm, "another prompt", max_new_tokens=40)) == ids(alone(tiny, "another prompt", max_new_tokens=40))


def test_cancel_in_the_ar_lane(tiny):
    lm, _ = graphed(tiny)
    cancel, seen = threading.Event(), []
    for event in engine.decode_ar(lm, PROMPT, DecodeConfig(max_new_tokens=90), cancel):
        seen.append(event)
        if event.type == "ar_chunk":
            cancel.set()
    assert seen[-1].stop == "cancel" and seen[-1].n_tokens == CHUNK + 1


def test_a_run_whose_model_was_taken_by_another_says_so(tiny):
    lm, _ = graphed(tiny)
    first = engine.decode(lm, PROMPT, DecodeConfig(max_new_tokens=60, detail=-1))
    for event in first:
        if event.type == "verdict":
            break
    assert alone(lm, max_new_tokens=20).done.n_tokens == 20
    with pytest.raises(RuntimeError, match="another run of this model has begun"):
        list(first)


def test_a_device_that_settles_otherwise_is_not_believed(tiny, monkeypatch):
    """The control of all that is above: what the device decided is looked at."""
    honest = ops.accept

    def lenient(block, choice, state, eos, text, ring, backend):
        honest(choice.roll(1).index_copy(0, torch.tensor([0]), block[:1]), choice, state, eos, text, ring, backend)
        ring[(int(state[records.CYCLE]) - 1) % len(ring), records.HEADER_WORDS :][: len(block)] = block

    monkeypatch.setattr(ops, "accept", lenient)
    with pytest.raises(RuntimeError, match=r"the device has .* the rule says"):
        alone(graphed(tiny)[0], max_new_tokens=40)


def test_a_verify_pass_at_the_wrong_place_is_caught(tiny, monkeypatch):
    """One position off: the text is no longer that of the reference."""
    honest = Stack.forward_ar

    def faulty(self, ids, length, *rest, **more):
        return honest(self, ids, length + (len(ids) > 1) * (length > 30), *rest, **more)

    expected = ids(alone(tiny, max_new_tokens=40))
    monkeypatch.setattr(Stack, "forward_ar", faulty)
    assert ids(alone(graphed(tiny)[0], max_new_tokens=40))[0] != expected[0]


# ---------------------------------------------------------------- prompts
@pytest.mark.parametrize("length", (1, 15, 16, 17, 40))
def test_a_prompt_is_one_graph_replayed_piece_by_piece(length, tiny, monkeypatch):
    monkeypatch.setattr("orthrus.gpu.captured_pass.PREFILL_ROWS", 16)
    lm, device = graphed(tiny)
    runner = lm.model.graphs.runner(lm.model)
    cache = runner.prepare(100, 8, False)
    ids = [1 + i * 37 % 250 for i in range(length)]
    logits, first = runner.prefill(ids, DecodeConfig())
    assert cache.length == length and device.pieces == -(-length // 16) and device.replayed == 0
    plain = tiny.model.new_cache(100)
    expected = tiny.model.forward_ar(torch.tensor(ids), plain, last_only=True)
    torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-4)
    assert first == int(expected.argmax())
    for i in range(len(cache.keys)):
        torch.testing.assert_close(cache.keys[i][:, :length], plain.keys[i][:, :length], atol=1e-4, rtol=1e-4)


def test_one_graph_of_pieces_serves_both_lanes_and_goes_with_its_cache():
    lm, device = graphed(tiny_model(max_position_embeddings=4096))
    runner = lm.model.graphs.runner(lm.model)
    for rows, block in ((900, 8), (900, 1), (2000, 8)):
        runner.prepare(rows, block, False)
    assert len(device.graphs) - device.captured == 2, "one for each of the two caches"


# ---------------------------------------------------------------- memory
def test_out_of_memory_is_a_sentence_and_the_next_run_works(tiny):
    lm, device = graphed(tiny)
    device.fail_next = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    with refused("out-of-memory"):
        alone(lm, max_new_tokens=20)
    assert device.freed and lm.model.graphs.runner(lm.model).cache is None
    assert ids(alone(lm, max_new_tokens=20)) == ids(alone(tiny, max_new_tokens=20))


def test_a_longer_run_gets_a_larger_cache_and_new_graphs():
    lm, device = graphed(tiny_model(max_position_embeddings=4096))
    runner = lm.model.graphs.runner(lm.model)
    sizes = []
    for rows in (900, 1000, 2100, 30):
        run_of = DecodeConfig(max_new_tokens=rows, detail=-1)
        next(e for e in engine.decode(lm, PROMPT, run_of) if e.type == "verdict")
        sizes.append((runner.cache.capacity, device.captured))
    assert sizes == [(1024, 1), (2048, 2), (4096, 3), (4096, 3)]


def test_only_so_many_replays_fit_the_ring(tiny):
    with pytest.raises(ValueError, match="40 replays ahead, the ring of 64 records allows 1 to 31"):
        InFlightReplays(Runner(tiny.model, FakeDevice()), None, None, 40)
