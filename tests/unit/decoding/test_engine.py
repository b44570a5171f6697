"""The decoder: AR == Orthrus token for token under forced acceptances, and every stop rule at its edge."""

from __future__ import annotations

import threading

import pytest
import torch

import orthrus
from orthrus.config import DecodeConfig
from orthrus.decoding.engine import decode, decode_ar, run_both
from orthrus.events import validate
from orthrus.trace import Trace
from orthrus.trace.invariants import check, same_ids
from tests.refusals import refused
from tests.tiny import compiled_model, scripted, tiny_model

PROMPT = "Two views, one text."


def run(lm, prompt=PROMPT, cancel=None, **config) -> Trace:
    """Both lanes, every event checked against the schema, every invariant checked on the whole."""
    events = [validate(e) for e in run_both(lm, prompt, DecodeConfig(instrument_share=1.0, **config), cancel)]
    trace = Trace.of(events)
    assert check(trace) == []
    assert events[-1].type == "done"
    return trace


@pytest.mark.parametrize("detail", (-1, 0, 1))
@pytest.mark.parametrize("schedule", ([0], [31], [3], [0, 7, 2, 5, 1], [6, 7]))
def test_orthrus_writes_the_ar_text_whatever_the_drafts(schedule, detail):
    trace = run(scripted(PROMPT, schedule), max_new_tokens=60, detail=detail)
    assert trace.token_ids == tuple(trace.ar_ids) and len(trace.token_ids) == 60
    assert trace.lossless.verdict == "identical" and trace.done.stop == "length"
    accepted = [c.verdict.n_accept for c in trace.cycles][:-1]
    assert accepted[: len(schedule)] == [min(n, 7) for n in schedule][: len(accepted)]


def test_every_detail_gives_the_same_ids():
    traces = [run(scripted(PROMPT, [2, 7, 0]), max_new_tokens=50, detail=d) for d in (-1, 0, 1)]
    assert same_ids(traces[0], traces[1]) == [] and same_ids(traces[1], traces[2]) == []


def test_random_models_agree_with_ar_on_many_prompts(tiny):
    for i in range(40):
        trace = run(tiny, f"prompt number {i} of forty", max_new_tokens=24, detail=-1)
        assert trace.token_ids == tuple(trace.ar_ids)


def first_use(index: int, lm_seed: int = 0) -> int:
    """An index at or behind `index` whose token the AR text has not used before (so that an EOS there is the first)."""
    text = scripted(PROMPT, [0], seed=lm_seed).model.continuation
    return next(i for i in range(index, len(text)) if text[i] not in text[:i])


@pytest.mark.parametrize("offset", range(6))
def test_eos_inside_the_block_ends_the_text_there(offset):
    at = first_use(3 + offset)
    trace = run(scripted(PROMPT, [31], eos_at=at), max_new_tokens=60, detail=1)
    assert trace.done.stop == "eos" and trace.done.n_tokens == at + 1
    last = trace.cycles[-1].verdict
    assert last.stop == "eos"
    # accepted inside the block, or the AR view's own next token
    assert (last.next_id is None) == (last.next_kind == "none")


def test_eos_as_first_token_needs_no_cycle():
    trace = run(scripted(PROMPT, [31], eos_at=0), max_new_tokens=60)
    assert (trace.done.stop, trace.done.n_tokens, trace.done.cycles) == ("eos", 1, 0)


@pytest.mark.parametrize("limit", (1, 2, 3, 8, 9, 10, 17))
def test_length_limit_is_met_exactly(limit):
    trace = run(scripted(PROMPT, [31]), max_new_tokens=limit, detail=1)
    assert trace.done.stop == "length" and trace.done.n_tokens == limit
    for cycle in trace.cycles:
        assert cycle.draft.n_draft == min(8, limit - 1 - (cycle.draft.pos0 - trace.prefill.kv_len)) - 1


def test_one_new_token_skips_the_draft():
    trace = run(scripted(PROMPT, [31]), max_new_tokens=2, detail=1)
    draft = trace.cycles[0].draft
    assert (draft.n_draft, draft.block, draft.draft_ids, draft.t_draft_ms) == (0, 1, (), 0.0)
    assert trace.done.passes_draft == 0 and trace.done.passes_verify == 1


@pytest.mark.parametrize("schedule", ([31], [0], [5, 1]))
def test_capacity_ends_both_lanes_at_the_same_token(schedule):
    lm = scripted(PROMPT, schedule, max_position_embeddings=96)
    trace = run(lm, max_new_tokens=96, detail=0)
    assert trace.done.stop == "capacity"
    assert trace.token_ids == tuple(trace.ar_ids) and len(trace.token_ids) == 96 - trace.prefill.kv_len + 1


def test_smaller_blocks_give_the_same_text():
    texts = {run(scripted(PROMPT, [31]), max_new_tokens=40, block_size=k).token_ids for k in (1, 2, 5, 8)}
    assert len(texts) == 1


def test_cancel_between_passes_still_ends_with_done(tiny):
    cancel, seen = threading.Event(), []
    for event in run_both(tiny, PROMPT, DecodeConfig(max_new_tokens=90), cancel):
        seen.append(event)
        if event.type == "draft" and event.cycle == 2:
            cancel.set()
    trace = Trace.of(seen)
    assert trace.done.stop == "cancel" and seen[-1].type == "done"
    assert check(trace) == [] and not trace.ar_ids
    # the draft before the flag has no verdict
    assert [e.type for e in seen if e.type in ("draft", "verdict")][-1] == "draft"


@pytest.mark.parametrize("make", (tiny_model, compiled_model), ids=lambda make: make.__name__)
def test_cancel_between_the_pieces_of_a_prompt_ends_with_done(make, monkeypatch):
    lm, cancel, passes = make(max_position_embeddings=2048), threading.Event(), []
    real = lm.model.forward_ar

    def noting(ids, cache, last_only=False):
        passes.append(len(ids))
        if len(passes) == 2:
            cancel.set()
        return real(ids, cache, last_only)

    monkeypatch.setattr(lm.model, "forward_ar", noting)
    prompt = "word " * 300
    trace = Trace.of(run_both(lm, prompt, DecodeConfig(9), cancel))
    assert (trace.done.stop, trace.done.n_tokens, len(passes)) == ("cancel", 0, 2) and check(trace) == []
    assert not list(decode_ar(lm, prompt, DecodeConfig(9), cancel))[-1].n_tokens


def test_the_ar_lane_sends_events_by_time(tiny, monkeypatch):
    """Whatever their number, they tell the same tokens."""
    found = []
    for pause in (1e6, 0.0):
        monkeypatch.setattr("orthrus.decoding.autoregressive.EVENTS_MS", pause)
        trace = Trace.of(decode_ar(tiny, PROMPT, DecodeConfig(40)))
        chunks = [event for event in trace.events if event.type == "ar_chunk"]
        found.append((len(chunks), list(trace.ar_ids), [gap for chunk in chunks for gap in chunk.gap]))
    assert found[0] == (1, *found[1][1:]) and found[1][0] == len(found[1][1]) > 1


def test_cancel_in_the_ar_lane_keeps_what_orthrus_wrote(tiny, monkeypatch):
    monkeypatch.setattr("orthrus.decoding.autoregressive.EVENTS_MS", 0.0)
    cancel, seen = threading.Event(), []
    for event in run_both(tiny, PROMPT, DecodeConfig(max_new_tokens=90), cancel):
        seen.append(event)
        if event.type == "ar_chunk":
            cancel.set()
    trace = Trace.of(seen)
    assert trace.done.stop == "length" and trace.lossless is None and len(trace.ar_ids) < 90


def test_closing_the_generator_stops_it(tiny):
    events = decode(tiny, PROMPT)
    next(events)
    events.close()
    with pytest.raises(StopIteration):
        next(events)


def test_costly_instruments_lower_their_detail():
    events = list(
        decode(scripted(PROMPT, [1]), PROMPT, DecodeConfig(max_new_tokens=60, detail=1, instrument_share=0.0))
    )
    details = [e.detail for e in events if e.type == "verdict"]
    assert details[0] == 1 and details[-1] == 0 and sorted(details, reverse=True) == details
    trace = Trace.of(events)
    assert check(trace) == []


def test_a_wrong_text_is_called_a_mismatch(monkeypatch):
    """A drafter bug that commits an unverified proposal must turn the lossless event red."""
    from orthrus.decoding import acceptance

    lm = scripted(PROMPT, [0])
    honest = acceptance.accept_matching

    def careless(proposals, choices, eos, remaining):
        wrong = [proposals[0], *choices[1:]] if proposals else choices
        return honest(proposals, wrong, eos, remaining)

    monkeypatch.setattr(acceptance, "accept_matching", careless)
    trace = Trace.of(run_both(lm, PROMPT, DecodeConfig(max_new_tokens=30)))
    assert trace.lossless.verdict != "identical" and trace.lossless.first_div == 1
    assert trace.lossless.rows_compared == 2 and len(trace.lossless.single_top3) == 3
    assert check(trace) != []


@pytest.mark.parametrize(
    ("prompt", "config", "code"),
    [
        ("", {}, "prompt-empty"),
        (" \n\t ", {}, "prompt-empty"),
        ("x" * 400, {}, "prompt-too-long"),
        ("hello", {"max_new_tokens": 257}, "too-many-tokens"),
        ("hello", {"max_new_tokens": 0}, "out-of-range"),
        ("hello", {"block_size": 9}, "block-too-large"),
        ("hello", {"detail": 2}, "out-of-range"),
    ],
)
@pytest.mark.parametrize("decoder", (decode, decode_ar, run_both))
def test_bad_requests_are_refused_before_the_first_event(tiny, decoder, prompt, config, code):
    with refused(code):
        decoder(tiny, prompt, DecodeConfig(**({"max_new_tokens": 8} | config)))


def test_one_token_prompt_and_tidied_prompt():
    lm = tiny_model()
    lm.tokenizer.chat_template, kept = "{{ messages[0].content }}", lm.tokenizer.chat_template
    try:
        trace = run(lm, "a", max_new_tokens=20)
        assert trace.prefill.kv_len == 1 and len(trace.token_ids) == 20
        assert run(lm, "  a \r\n", max_new_tokens=20).token_ids == trace.token_ids
    finally:
        lm.tokenizer.chat_template = kept


def test_generate_returns_the_text(tiny, monkeypatch):
    monkeypatch.setattr(orthrus, "_loaded", lambda model: tiny)
    expected = Trace.of(decode(tiny, PROMPT, DecodeConfig(max_new_tokens=12))).text
    assert orthrus.generate(PROMPT, max_new_tokens=12) == expected


@pytest.mark.parametrize("name", ("mini", "plain_mini"))
def test_pytorch_has_one_thread_while_the_compiled_engine_decodes(name, request, monkeypatch):
    """And those it had before while an event is consumed; plain PyTorch needs all of them."""
    lm, inside = request.getfixturevalue(name), set()
    real = type(lm.model).forward_ar

    def noted(*each, **more):
        inside.add(torch.get_num_threads())
        return real(*each, **more)

    monkeypatch.setattr(type(lm.model), "forward_ar", noted)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        consumed = {torch.get_num_threads() for _ in run_both(lm, "Count from 1 to 9.", DecodeConfig(20))}
    finally:
        torch.set_num_threads(before)
    assert consumed == {3} and inside == {1 if lm.engine == "numba" else 3}
