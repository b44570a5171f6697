"""The whole engine on the kernels: runs decide what plain PyTorch decides, both lanes agree in every bit."""

import random
from dataclasses import replace

import pytest
import torch
from kernel_cases import bits, depending_on_rows

from kernels import triton_attention
from kernels.triton_attention import LaunchConfig
from orthrus.config import DecodeConfig
from orthrus.decoding import drafter
from orthrus.decoding.engine import ar_lane, orthrus_lane, run_both
from orthrus.decoding.request import make_request
from orthrus.decoding.run_info import run_start
from orthrus.gpu import support
from orthrus.gpu.single_passes import SinglePasses
from orthrus.trace import Trace
from orthrus.trace.invariants import check
from tests.gpu_fakes import force, graphed
from tests.tiny import scripted, tiny_model

PROMPT = "Hi"
SHAPE = {
    **{"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2, "num_key_value_heads": 1},
    **{"block_size": 4, "max_position_embeddings": 40},
}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Attention's tiles and spans so short that a run crosses their borders; a prompt of two pieces, one not full."""
    monkeypatch.setattr(triton_attention, "config_for", lambda *shape: LaunchConfig(queries=8, keys=16, span=16))
    monkeypatch.setattr("orthrus.gpu.captured_pass.PREFILL_ROWS", 4)
    monkeypatch.setattr(
        "orthrus.decoding.request.chat_ids", lambda tokenizer, messages: [60, 70, 80, 90, 100, 110, 120]
    )


def run(lm, **config):
    trace = Trace.of(run_both(lm, PROMPT, DecodeConfig(**config)))
    assert check(trace) == []
    return trace


def decided(trace):
    cycles = [
        (c.draft.pos0, c.draft.draft_ids, c.verdict.ar_ids, c.verdict.n_accept, c.verdict.stop) for c in trace.cycles
    ]
    return trace.token_ids, tuple(trace.ar_ids), trace.done.stop, cycles


def both(monkeypatch, schedule, eos_at=None, detail=-1, **config):
    """The same run by plain PyTorch and by interpreted kernels."""
    plain = scripted(PROMPT, schedule, eos_at=eos_at, **SHAPE)
    expected = run(plain, detail=detail, **config)
    force(monkeypatch, plain.model)
    plain.model.calls = 0
    return run(graphed(plain, backend="triton")[0], detail=detail, **config), expected


def test_length_limit_and_every_kind_of_cycle(monkeypatch):
    found, expected = both(monkeypatch, [0, 3, 2], max_new_tokens=9)
    assert decided(found) == decided(expected) and found.done.stop == "length"
    assert [c.verdict.n_accept for c in found.cycles] == [0, 3, 2]
    assert found.lossless.rows_equal == found.lossless.rows_compared == 9


def test_eos_inside_the_block(monkeypatch):
    text = scripted(PROMPT, [0], **SHAPE).model.continuation
    at = next(i for i in range(2, len(text)) if text[i] not in text[:i])
    found, expected = both(monkeypatch, [3], eos_at=at, max_new_tokens=30)
    assert decided(found) == decided(expected) and found.done.stop == "eos" and found.done.n_tokens == at + 1


def test_one_more_token_leaves_no_room_for_a_proposal(monkeypatch):
    found, expected = both(monkeypatch, [3], max_new_tokens=2, detail=0)
    assert decided(found) == decided(expected) and found.cycles[0].draft.n_draft == 0


@pytest.mark.parametrize(("length", "stop"), [(1, "length"), (22, "capacity")])
def test_a_prompt_of_one_token_and_one_that_leaves_no_room(length, stop):
    plain, texts = scripted(PROMPT, [0], **SHAPE | {"max_position_embeddings": 24}), []
    for lm in (plain, graphed(plain, backend="triton")[0]):
        request = make_request(lm, PROMPT, DecodeConfig(max_new_tokens=4, detail=-1))
        request = replace(request, ids=tuple(1 + i * 37 % 250 for i in range(length)))
        for lane_of in (orthrus_lane, ar_lane):
            lane = lane_of(request)
            assert list(run_start(request, ("orthrus",))) and list(lane.events())
            texts.append((lane.token_ids, lane.stop))
    assert texts[0] == texts[1] == texts[2] == texts[3] and texts[0][1] == stop


def test_gumbel(monkeypatch):
    plain = scripted(PROMPT, [0], **SHAPE)
    config = {"max_new_tokens": 4, "temperature": 0.7, "seed": 4, "detail": -1}
    found, expected = run(graphed(plain, backend="triton")[0], **config), run(plain, **config)
    assert found.token_ids == expected.token_ids == tuple(found.ar_ids)
    assert found.lossless.rows_equal == found.lossless.rows_compared


# ---------------------------------------------------------------- controls
def test_a_linear_layer_that_depends_on_the_rows_turns_the_comparison_red(monkeypatch):
    depending_on_rows(monkeypatch)
    found, _ = both(monkeypatch, [3], max_new_tokens=4)
    assert found.lossless.rows_compared == 4 and found.lossless.rows_equal == 1, "the prefill's row alone"


def test_the_check_on_loading_holds_and_sees_that_fault(monkeypatch):
    model = scripted(PROMPT, [0], **SHAPE).model
    assert support.check_rows(model, sizes=(1,)).holds
    depending_on_rows(monkeypatch)
    assert not support.check_rows(model, sizes=(1,)).holds


def test_a_piece_that_is_filled_up_gives_its_rows_the_bits_they_have_in_one_pass():
    lm, _ = graphed(tiny_model(**SHAPE), backend="triton")
    runner, ids = lm.model.graphs.runner(lm.model), [60, 70, 80, 90, 100, 110, 120]
    runner.prepare(20, 4, False)
    logits, _ = runner.prefill(ids, DecodeConfig())
    with torch.inference_mode():
        start, prompt = torch.zeros(1, dtype=torch.int32), torch.tensor(ids, dtype=torch.int32)
        hidden = runner.stack.hidden_ar(prompt, start, runner.cache, runner.angles)
        assert torch.equal(bits(runner.stack.logits(hidden[-1:])), bits(logits))


def with_wide_trees(monkeypatch, temperature=0.0):
    """A run whose draft has each token of the text as its first, second or third choice."""
    plain, chance = scripted(PROMPT, [0], **SHAPE), random.Random(1)
    lm = graphed(plain, backend="triton")[0]
    text = list(run(plain, max_new_tokens=12, temperature=temperature).ar_ids)
    honest = SinglePasses.forward_diffusion

    def forced(model, block, cache, n_draft):
        logits, at = honest(model, block, cache, n_draft).clone(), cache.length - 7 + 1
        for row, token in zip(logits, text[at : at + n_draft], strict=False):
            row[token] = row.max() + chance.choice((3.0, -0.1, -0.2))
        return logits

    monkeypatch.setattr(SinglePasses, "forward_diffusion", forced)
    monkeypatch.setattr(drafter, "likely", lambda chances: min(9, len(chances)))
    return run(lm, max_new_tokens=12, temperature=temperature, draft="tree"), text


@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_each_row_of_a_tree_equals_the_one_decoded_alone(monkeypatch, temperature):
    found, text = with_wide_trees(monkeypatch, temperature)
    assert found.token_ids == tuple(text) and any(draft.branch_ids for draft in found.drafts)
    assert found.lossless.rows_equal == found.lossless.rows_compared == len(text)
    assert temperature or any(verdict.path for verdict in found.verdicts)


def test_a_tree_that_reads_a_sibling_turns_the_certificate_red(monkeypatch):
    right = SinglePasses.forward_tree

    def sibling(model, ids, cache, paths):
        chain = len(ids) - len(paths) - 1
        return right(model, ids, cache, [(*(p % chain + 1 for p in path[:-1]), path[-1]) for path in paths])

    monkeypatch.setattr(SinglePasses, "forward_tree", sibling)
    lossless = with_wide_trees(monkeypatch)[0].lossless
    assert lossless.rows_equal < lossless.rows_compared
