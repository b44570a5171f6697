"""Lanes draft on while a block is verified; they change no bit of the AR view, and the text stays its own."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orthrus.config import DecodeConfig
from orthrus.decoding import one_pass
from orthrus.decoding.engine import decode_ar, run_both
from orthrus.decoding.one_pass import OnePassLane, likeliest_cuts
from orthrus.decoding.request import make_request
from orthrus.events import Draft, Verdict, from_json, to_json, validate
from orthrus.model import lanes as lanes_module
from orthrus.model.lanes import behind, forward_with_lanes, in_one_pass
from orthrus.trace import Trace
from orthrus.trace.invariants import check
from tests.tiny import compiled_model, tiny_model

PROMPT = "Two views, one text."
MAKES = pytest.mark.parametrize("make", (tiny_model, compiled_model), ids=lambda make: make.__name__)
BLOCK = 8


def begun(model, prompt: int):
    cache = model.new_cache(64)
    model.forward_ar(torch.arange(1, 1 + prompt), cache, last_only=True)
    return cache


def contents(cache) -> tuple[torch.Tensor, ...]:
    """The committed keys and values."""
    if hasattr(cache, "copied"):
        return tuple(torch.from_numpy(part) for part in cache.copied(range(cache.length)))
    return tuple(torch.stack(part) for part in cache.seen(cache.length))


def drafted_there(model, ids: torch.Tensor, prompt: int, lane: int) -> torch.Tensor:
    """What a draft pass guesses if the text ends at row `lane`."""
    cache = begun(model, prompt)
    if lane:
        model.forward_ar(ids[:lane], cache)
    window = torch.full((BLOCK,), model.config.mask_token_id)
    window[0] = ids[lane]
    return model.forward_diffusion(window, cache, BLOCK - 1)


@MAKES
@settings(max_examples=10)
@given(data=st.data())
def test_a_lane_guesses_what_a_draft_pass_would_and_changes_no_row(make, data):
    model = make().model
    ids = torch.tensor(data.draw(st.lists(st.integers(0, 300), min_size=1, max_size=BLOCK)))
    lanes = data.draw(st.lists(st.integers(0, len(ids) - 1), min_size=1, unique=True).map(sorted))
    prompt = data.draw(st.integers(1, 40))
    alone, cache = begun(model, prompt), begun(model, prompt)
    logits, guesses = forward_with_lanes(model, ids, cache, lanes, BLOCK)
    assert torch.equal(logits, model.forward_ar(ids, alone)) and cache.length == alone.length
    assert all(map(torch.equal, contents(cache), contents(alone)))
    for lane, found in zip(lanes, guesses, strict=True):
        torch.testing.assert_close(found, drafted_there(model, ids, prompt, lane), atol=2e-5, rtol=1e-5)


def both_ways(model) -> tuple[torch.Tensor, torch.Tensor]:
    """The guesses of one pass over all rows, and of a pass per lane."""
    ids, lanes = torch.tensor([5, 9, 3, 7, 2]), (0, 1, 3, 4)
    return tuple(way(model, ids, begun(model, 11), lanes, BLOCK)[1] for way in (in_one_pass, behind))


def test_one_pass_and_a_pass_per_lane_guess_the_same():
    torch.testing.assert_close(*both_ways(tiny_model().model), atol=2e-5, rtol=1e-5)


def test_a_lane_that_sees_a_key_behind_it_is_caught(monkeypatch):
    right = lanes_module._Lanes._bias
    monkeypatch.setattr(lanes_module._Lanes, "_bias", lambda self, at: right(self, at + 1))
    one, each = both_ways(tiny_model().model)
    assert (one - each).abs().amax((1, 2)).min() > 1e-3


@given(chances=st.lists(st.floats(0.01, 1.0), min_size=1, max_size=12), known=st.booleans(), free=st.integers(-3, 14))
def test_lanes_stand_at_the_likeliest_cuts(chances, known, free):
    slots = likeliest_cuts(chances, known, free)
    allowed = range(int(known), max(0, min(free, len(chances) + 1)))
    assert list(slots) == sorted(set(slots)) and len(slots) == min(one_pass.LANES, len(allowed))

    def chance(slot: int) -> float:
        reached = torch.tensor(chances[:slot], dtype=torch.float64).prod().item()
        return reached * (1 - chances[slot] if slot < len(chances) else 1)

    left_out = [chance(slot) for slot in allowed if slot not in slots]
    assert set(slots) <= set(allowed)
    assert max(left_out, default=0.0) <= min(map(chance, slots), default=1.0) + 1e-12


def planted(monkeypatch, lm, config: DecodeConfig, odds: tuple[float, ...] = (9.0, 9.0, 9.0, -50.0)) -> Trace:
    """Both lanes; draft passes and lanes guess the AR text, each token as an entry of `odds` says."""
    text, prompt = list(Trace.of(decode_ar(lm, PROMPT, config)).ar_ids), len(make_request(lm, PROMPT, config).ids)
    chance, right, passed = random.Random(1), type(lm.model).forward_diffusion, one_pass.forward_with_lanes

    def forced(logits, at):
        for row, token in zip(logits, text[at:], strict=False):
            row[token] = row.max() + chance.choice(odds)
        return logits

    def draft(model, block, cache, n_draft):
        return forced(right(model, block, cache, n_draft).clone(), cache.length - prompt + 1)

    def verify(model, ids, cache, lanes, block):
        at = cache.length - prompt + 1
        logits, guesses = passed(model, ids, cache, lanes, block)
        return logits, torch.stack([forced(g.clone(), at + lane) for g, lane in zip(guesses, lanes, strict=True)])

    monkeypatch.setattr(type(lm.model), "forward_diffusion", draft)
    monkeypatch.setattr(one_pass, "forward_with_lanes", verify)
    return Trace.of(run_both(lm, PROMPT, replace(config, draft="one-pass")))


@MAKES
@pytest.mark.parametrize("temperature", (0.0, 0.9))
def test_one_pass_writes_the_ar_text(monkeypatch, make, temperature):
    trace = planted(monkeypatch, make(), DecodeConfig(90, temperature=temperature, detail=1))
    assert check(trace) == [] and trace.token_ids == tuple(trace.ar_ids) and trace.lossless.verdict == "identical"
    if make is compiled_model:
        assert trace.lossless.rows_equal == trace.lossless.rows_compared == len(trace.token_ids)
    hits = [verdict.lane is not None for verdict in trace.verdicts]
    own = [draft.pass_rows > 0 for draft in trace.drafts if draft.n_draft]
    assert any(hits) and not all(hits) and trace.done.passes_draft == trace.sums.passes_draft == sum(own)
    assert sum(own) < len(own)


@MAKES
def test_free_guesses_and_every_limit(make):
    """Short blocks, a text that ends with the context, and no proposals at all."""
    for changes in ({"block_size": 1}, {"block_size": 2}, {"block_size": 3}, {"temperature": 0.7}, {}):
        config = DecodeConfig(64, draft="one-pass", detail=1, **changes)
        trace = Trace.of(run_both(make(max_position_embeddings=64), PROMPT, config))
        assert check(trace) == [] and trace.lossless.verdict == "identical"


def test_right_guesses_need_one_draft_pass_in_all(monkeypatch):
    trace = planted(monkeypatch, compiled_model(), DecodeConfig(90, detail=-1), odds=(9.0,))
    assert trace.done.passes_draft == 1 and check(trace) == []
    *hits, _ = trace.verdicts
    assert hits and all(verdict.next_kind == "bonus" and verdict.lane == verdict.n_accept for verdict in hits)


def test_a_lane_taken_though_it_guessed_another_token_is_caught(monkeypatch):
    def taken(lane, drafted):
        verified = right(lane, drafted)
        settled, lanes = verified.verification.settled, drafted.lanes
        if verified.lane is None and settled.next_id is not None and settled.n_accept in lanes:
            lane._ready = lane._guesses[lanes.index(settled.n_accept), 1:]
            return verified._replace(lane=settled.n_accept)
        return verified

    right = OnePassLane._verify
    monkeypatch.setattr(OnePassLane, "_verify", taken)
    trace = planted(monkeypatch, compiled_model(), DecodeConfig(90, detail=-1))
    assert trace.lossless.verdict == "identical"  # whatever is drafted
    assert any(problem.startswith("(i)") and "lane" in problem for problem in check(trace))


def test_events_that_contradict_each_other_break_an_invariant(monkeypatch):
    trace = planted(monkeypatch, compiled_model(), DecodeConfig(90, detail=-1))
    events = list(trace.events)
    assert Trace.of(from_json(json.loads(json.dumps(to_json(event)))) for event in events) == trace
    at = next(i for i, event in enumerate(events) if isinstance(event, Verdict) and event.lane is not None)
    follows = next(i for i in range(at, len(events)) if isinstance(events[i], Draft))
    verdict, draft = events[at], events[follows]
    assert check(Trace.of(events[: follows + 1])) == []
    other = tuple(token + 1 for token in verdict.lane_ids)
    for wrong in ({"lane": None}, {"lane_ids": other}, {"lane_ids": verdict.lane_ids[1:]}, {"lane_ids": None}):
        assert check(Trace.of([*events[:at], replace(verdict, **wrong)])), wrong
    paid = replace(draft, drafted_rows=None)
    assert any(p.startswith("(iii)") for p in check(Trace.of([*events[:follows], paid])))


@pytest.mark.parametrize(
    "change",
    ({"shape": None}, {"lanes": None}, {"lanes": (3,)}, {"lanes": (2, 1)}, {"lanes": (1, 1)}),
    ids=str,
)
def test_a_draft_whose_lanes_make_no_sense_is_refused(change):
    draft = {"cycle": 0, "pos0": 3, "anchor_id": 1, "block": 3, "n_draft": 2, "draft_ids": (4, 5), "t_start_ms": 0.0}
    right = draft | {"v": 1, "run": "r", "seq": 1, "t": 0.0, "detail": -1, "t_draft_ms": 1.0}
    right |= {"shape": "one-pass", "lanes": (1, 2), "drafted_rows": 0}
    assert validate(Draft(**right)).pass_rows == 0
    with pytest.raises(ValueError):
        validate(Draft(**right | change))


def test_a_verdict_whose_lane_is_not_at_the_cut_is_refused(monkeypatch):
    trace = planted(monkeypatch, compiled_model(), DecodeConfig(40, detail=-1))
    verdict = next(verdict for verdict in trace.verdicts if verdict.lane is not None)
    with pytest.raises(ValueError):
        validate(replace(verdict, lane=verdict.lane + 1))
