"""Runs by replays, on a device made of late and torn copies: the events are those of passes called one by one."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import pytest
import torch

from orthrus.config import DecodeConfig
from orthrus.decoding.draft_tree import Branches
from orthrus.decoding.engine import ar_lane, orthrus_lane
from orthrus.decoding.request import make_request
from orthrus.decoding.run_info import PASS_BY_PASS, run_start
from orthrus.gpu.memory_plan import PASSES
from orthrus.gpu.runner import AHEAD
from orthrus.trace.invariants import same_ids
from tests.gpu_fakes import PROMPT, alone, force, graphed, ids, run
from tests.tiny import scripted


@pytest.mark.parametrize("detail", (-1, 0, 1))
@pytest.mark.parametrize("schedule", ([0], [31], [3], [0, 7, 2, 5, 1], [6, 7]))
def test_a_run_decides_what_passes_called_one_by_one_decide(schedule, detail, monkeypatch):
    plain = scripted(PROMPT, schedule)
    expected = run(plain, max_new_tokens=60, detail=detail)
    plain.model.calls = 0
    force(monkeypatch, plain.model)
    lm, device = graphed(plain)
    found = run(lm, max_new_tokens=60, detail=detail)
    assert ids(found) == ids(expected) and found.lossless.verdict == "identical"
    assert device.captured == 2 and device.most_under_way == AHEAD, "the AR lane's steps"
    kinds = [[e.type for e in trace.events if e.type != "piece"] for trace in (found, expected)]
    once = [[kind for kind, _ in groupby(each)] for each in kinds]  # one lane sends AR tokens by time, one by number
    assert once[0] == once[1]


@pytest.mark.parametrize("prompt", [f"prompt number {i} of eight" for i in range(8)])
def test_free_drafts_of_random_weights(tiny, prompt):
    config = {"max_new_tokens": 40, "detail": 0}
    assert ids(run(graphed(tiny)[0], prompt, **config)) == ids(run(tiny, prompt, **config))


def test_the_embedded_model_accepts_as_much(plain_mini):
    for prompt in ("Solve 3x + 5 = 20.", "Tell me a story about a fox."):
        config = {"max_new_tokens": 32, "detail": -1}
        found, expected = run(graphed(plain_mini)[0], prompt, **config), run(plain_mini, prompt, **config)
        assert ids(found) == ids(expected) and sum(c.verdict.n_accept for c in found.cycles) > len(found.cycles)


def test_what_instruments_say_is_the_same(plain_mini):
    config = {"max_new_tokens": 30, "detail": 1, "n_alt": 3}
    found, expected = (run(lm, "Solve 3x + 5 = 20.", **config) for lm in (graphed(plain_mini)[0], plain_mini))
    for a, b in zip(found.cycles, expected.cycles, strict=True):
        assert a.draft.q_lp == pytest.approx(b.draft.q_lp, abs=0.01)
        assert a.verdict.p_lp_ar == pytest.approx(b.verdict.p_lp_ar, abs=0.01)
        assert a.verdict.p_gap == pytest.approx(b.verdict.p_gap, abs=0.01)
        assert a.draft.q_top_ids == b.draft.q_top_ids
    assert found.prefill.p_gap == pytest.approx(expected.prefill.p_gap, abs=0.01)
    gaps = [[gap for e in t.events if e.type == "ar_chunk" for gap in e.gap] for t in (found, expected)]
    assert gaps[0] == pytest.approx(gaps[1], abs=0.01)


def test_detail_changes_no_id(plain_mini):
    lm, _ = graphed(plain_mini)
    traces = [alone(lm, max_new_tokens=40, detail=d, instrument_share=1.0) for d in (-1, 0, 1)]
    assert same_ids(traces[0], traces[1]) == [] and same_ids(traces[1], traces[2]) == []


# ---------------------------------------------------------------- where a run ends
def first_use(index: int) -> int:
    text = scripted(PROMPT, [0]).model.continuation
    return next(i for i in range(index, len(text)) if text[i] not in text[:i])


@pytest.mark.parametrize("detail", (-1, 0))
@pytest.mark.parametrize("offset", range(6))
def test_eos_inside_the_block(offset, detail, monkeypatch):
    at = first_use(3 + offset)
    plain = scripted(PROMPT, [31], eos_at=at)
    expected = run(plain, max_new_tokens=60, detail=detail)
    plain.model.calls = 0
    force(monkeypatch, plain.model)
    found = run(graphed(plain)[0], max_new_tokens=60, detail=detail)
    assert ids(found) == ids(expected) and found.done.stop == "eos" and found.done.n_tokens == at + 1


def test_eos_as_the_first_token_needs_no_replay():
    lm, device = graphed(scripted(PROMPT, [31], eos_at=0))
    trace = run(lm, max_new_tokens=60)
    assert (trace.done.stop, trace.done.n_tokens, trace.done.cycles, device.replayed) == ("eos", 1, 0, 0)


@pytest.mark.parametrize("limit", (1, 2, 3, 8, 9, 10, 17))
def test_length_limit_is_met_exactly(limit, monkeypatch):
    plain = scripted(PROMPT, [31])
    expected = run(plain, max_new_tokens=limit)
    plain.model.calls = 0
    force(monkeypatch, plain.model)
    found = run(graphed(plain)[0], max_new_tokens=limit)
    assert ids(found) == ids(expected) and found.done.n_tokens == limit


@pytest.mark.parametrize("schedule", ([31], [0], [5, 1]))
def test_capacity_ends_both_lanes_at_the_same_token(schedule, monkeypatch):
    """Near the end a captured draft still covers the whole block, so its proposals are its own; the text is not."""
    plain = scripted(PROMPT, schedule, max_position_embeddings=96)
    expected = run(plain, max_new_tokens=96)
    force(monkeypatch, plain.model)
    found = run(graphed(plain)[0], max_new_tokens=96)
    assert found.done.stop == "capacity" and found.token_ids == expected.token_ids == tuple(found.ar_ids)


@pytest.mark.parametrize("block_size", (1, 2, 5, 8))
def test_smaller_blocks_give_the_same_text(block_size, tiny):
    config = {"max_new_tokens": 30, "block_size": block_size}
    assert ids(run(graphed(tiny)[0], **config)) == ids(run(tiny, **config))


@pytest.mark.parametrize("length", (1, 2, 127, 128, 129, 200))
def test_prompts_of_every_length(length, tiny):
    """One token; and around the pieces in which a prompt is read."""
    texts = []
    for lm in (tiny, graphed(tiny)[0]):
        request = make_request(lm, PROMPT, DecodeConfig(max_new_tokens=20))
        request = replace(request, ids=tuple(1 + i * 37 % 250 for i in range(length)))
        for lane_of in (orthrus_lane, ar_lane):
            lane = lane_of(request)
            assert list(run_start(request, ("orthrus",))) and list(lane.events())
            texts.append(lane.token_ids)
    assert texts[0] == texts[1] == texts[2] == texts[3] and len(texts[0]) == 20


# ---------------------------------------------------------------- sampling, and what is left to plain PyTorch
def test_gumbel_draws_what_passes_called_one_by_one_draw(tiny):
    for seed in range(4):
        config = {"max_new_tokens": 20, "temperature": 0.8, "seed": seed}
        found = run(graphed(tiny)[0], **config)
        assert ids(found) == ids(run(tiny, **config)) and found.lossless.verdict == "identical"


@pytest.mark.parametrize("more", [{"top_k": 5}, {"top_p": 0.9}, {"coupling": "rejection"}], ids=str)
def test_a_run_that_is_no_fixed_sequence_says_so(more, tiny):
    lm, device = graphed(tiny)
    trace = run(lm, **({"max_new_tokens": 12, "temperature": 0.8} | more))
    assert device.captured == 0 and trace.start.model.mode == "fast"
    assert run(lm, max_new_tokens=12, temperature=0.8, top_p=1.0).start.model.mode == "exact" and device.captured == 2


@pytest.mark.parametrize("temperature", (0.0, 0.8))
@pytest.mark.parametrize("draft", ("tree", "lookup", "one-pass"))
def test_drafts_beyond_chains_replay_pass_by_pass_the_same_kernels(draft, temperature, plain_mini):
    lm, device = graphed(plain_mini)
    config = {"max_new_tokens": 40, "temperature": temperature, "draft": draft}
    found, expected = (run(each, "Solve 3x + 5 = 20.", **config) for each in (lm, plain_mini))
    assert device.captured == 0 and found.start.model.mode == "exact" and found.lossless.verdict == "identical"
    assert found.start.model.attn_impl == PASS_BY_PASS
    assert ids(found) == ids(expected) and any(each.shape not in (None, "chain") for each in found.drafts)
    captured = list(device.passes)
    again = run(lm, "Solve 3x + 5 = 20.", **config)
    assert ids(again) == ids(expected) and device.passes == captured, "every pass of the second run is a replay"
    assert run(lm, max_new_tokens=4).lossless.verdict == "identical" and device.captured == 2


def test_a_wide_tree_is_what_plain_pytorch_computes(tiny):
    """Branches in every place, and the rows that are kept of them."""
    branches = Branches(4, (7, 9, 8, 6, 5, 4), (0, 0, 5, 1, 2, 7))
    tokens = torch.tensor([3, 11, 12, 13, 14, *branches.ids])
    kept = branches.paths[2]
    found = []
    for model in (tiny.model, passes_of(tiny)[0]):
        cache = model.new_cache(40)
        model.forward_ar(torch.arange(1, 18), cache, last_only=True)
        found.append(model.forward_tree(tokens, cache, branches.paths))
        cache.crop(18)
        cache.keep(kept)
        found.append(model.forward_ar(torch.tensor([2]), cache))
    for plain, ours in zip(found[:2], found[2:], strict=True):
        torch.testing.assert_close(ours, plain, atol=2e-5, rtol=1e-5)


def passes_of(lm):
    """(the model as passes to be replayed, the FakeDevice that replays them)."""
    lm, device = graphed(lm)
    return lm.model.graphs.passes(lm.model), device


def test_passes_are_captured_by_width_and_the_one_not_used_for_longest_goes(tiny):
    model, device = passes_of(tiny)
    cache = model.new_cache(100)
    for rows in (1, 2, 8, 9, 16, 33):
        model.forward_ar(torch.arange(1, rows + 1), cache)
    assert device.passes == [128, 1, 8, 16, 64], "a prompt's piece, then verify passes, filled up"
    for rows in range(2, PASSES + 1):
        model.forward_diffusion(torch.full((rows,), 5), cache, rows - 1)
        model.forward_ar(torch.tensor([3]), cache)
    assert device.passes[5:] == list(range(1, PASSES))
    model.forward_ar(torch.tensor([3]), cache)
    assert len(device.passes) == 5 + PASSES - 1, "used all the time, so still there"
    model.forward_ar(torch.arange(1, 9), cache)
    assert device.passes[-1] == 8 and len(device.passes) == 5 + PASSES


def test_rows_that_fill_up_a_pass_neither_commit_nor_change_the_next(tiny):
    model, _ = passes_of(tiny)
    found = []
    for each in (tiny.model, model):
        cache = each.new_cache(16)
        found.append(each.forward_ar(torch.arange(1, 12), cache))
        assert cache.length == 11
        found.append(each.forward_ar(torch.arange(20, 25), cache, last_only=True))
        with pytest.raises(ValueError, match="capacity"):
            each.forward_ar(torch.tensor([3]), cache)
    for plain, ours in zip(found[:2], found[2:], strict=True):
        torch.testing.assert_close(ours, plain, atol=2e-5, rtol=1e-5)


def test_a_run_whose_cache_another_has_taken_over_cannot_go_on(tiny):
    model, _ = passes_of(tiny)
    old, new = model.new_cache(20), model.new_cache(20)
    calls = (model.forward_ar, (torch.tensor([3]),)), (model.forward_diffusion, (torch.tensor([3, 5]), 1))
    for forward, (ids_, *more) in (*calls, (model.forward_tree, (torch.tensor([3, 4, 5]), [(1,)]))):
        with pytest.raises(RuntimeError, match="another run"):
            forward(ids_, old, *more)
        forward(ids_, new, *more)
