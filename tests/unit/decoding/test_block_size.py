"""The block size follows what drafts are worth, and never costs much where they are worth nothing."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.decode.pacing_price import TABLES, speedups
from orthrus.config import DecodeConfig
from orthrus.decoding.block_size import LAST_WAIT, AdaptiveBlockSize, Costs
from orthrus.decoding.engine import run_both
from orthrus.decoding.pass_costs import COLD, Prices, least_seconds, plausible, prices
from orthrus.trace import Trace
from orthrus.trace.invariants import check
from tests.tiny import compiled_model, scripted, tiny_model

PROMPT = "Two views, one text."

# A pass of n rows costs 1 + n / 16 AR steps, roughly what a CPU does.
ROWS = (1, 4, 8, 16, 24, 32)
PASS = tuple(1 + (n - 1) / 16 for n in ROWS)
COSTS = Costs(ROWS, PASS, PASS)

# Proposals accepted in each cycle of whole blocks, as a model once drafted these texts: they stay when models change.
ACCEPTED = {
    "word problem": (28, 9, 14, 6, 23),
    "short story": (2, 0, 2, 1, 2, 2, 0, 1, 1, 1, 1, 2, 7, 1, 2, 1, 1, 1, 1, 5, 1, 2, 4, 3, 1, 3, 2, 0, 2, 1, 1, 4, 7),
    "equation": (24, 13, 18, 8, 25),
    "json": (29, 18, 16, 1, 3, 24, 31, 7),
    "python function": (3, 31, 31, 28),
    "adding up": (9, 16, 8, 16, 22, 10),
    "explanation": (1, 7, 31, 30, 12),
    "small talk": (0, 1, 14, 31, 31, 24),
}


def run(block_sizes: AdaptiveBlockSize, tokens: int, accepts) -> tuple[float, list[int]]:
    """(price, block sizes) of a text of `tokens`; accepts(n_draft) proposals stand in each cycle."""
    price, blocks, written = 0.0, [], 0
    while written < tokens:
        block = block_sizes.block()
        n_accept = accepts(block - 1)
        blocks.append(block)
        price += block_sizes.costs.cycle(ROWS.index(block))
        block_sizes.observe(block - 1, n_accept)
        written += 1 + n_accept
    return price, blocks


def test_text_that_drafts_well_gets_the_whole_block():
    price, blocks = run(AdaptiveBlockSize(COSTS, 32), 1000, lambda n: n)
    assert blocks[-1] == 32 and price < 1000 / 4


def test_hard_text_costs_little_more_than_plain_steps():
    price, blocks = run(AdaptiveBlockSize(COSTS, 32), 1000, lambda n: 0)
    assert price < 1000 / 0.97 and max(blocks[3:]) <= 4


def test_drafts_that_stand_a_little_get_short_blocks():
    _, blocks = run(AdaptiveBlockSize(COSTS, 32), 400, lambda n: min(n, 5))
    assert set(blocks[-10:]) == {8}


def test_drafting_comes_back_when_the_text_turns_easy():
    block_sizes = AdaptiveBlockSize(COSTS, 32)
    run(block_sizes, 200, lambda n: 0)
    _, blocks = run(block_sizes, 800, lambda n: n)
    assert blocks[-1] == 32


def test_plain_stretches_grow_while_drafts_fail():
    _, blocks = run(AdaptiveBlockSize(COSTS, 32), 3000, lambda n: 0)
    tried = [i for i, block in enumerate(blocks) if block > 1]
    waits = [b - a - 1 for a, b in pairwise(tried) if b > a + 1]
    assert waits == sorted(waits) and waits[-1] == LAST_WAIT and len(waits) < 14


@pytest.mark.parametrize(("table", "one", "all_"), [("steep", 0.75, 0.92), ("middle", 0.95, 1.1), ("flat", 0.95, 1.0)])
def test_pacing_loses_little_to_whole_blocks_and_hardly_to_ar(table, one, all_):
    """On texts of every kind: where a block's price is steep, easy ones pay for finding out."""
    found = [speedups([n - i for n in text for i in range(n + 1)], TABLES[table]) for text in ACCEPTED.values()]
    assert all(paced >= 0.97 for _, paced in found)
    assert all(paced >= one * whole for whole, paced in found)
    assert sum(paced for _, paced in found) > all_ * sum(whole for whole, _ in found)


def test_no_draft_is_made_if_none_could_win():
    """A pass whose every row costs half a step: a block of n positions costs more than n steps."""
    for text in ACCEPTED.values():
        _, paced = speedups([n - i for n in text for i in range(n + 1)], TABLES["cached"])
        assert paced == 1
    _, blocks = run(AdaptiveBlockSize(TABLES["cached"], 32), 500, lambda n: n)
    assert set(blocks) == {1}
    flatter = (1, 2.1, 4.2, 5.0, 6.0, 7.0)
    _, blocks = run(AdaptiveBlockSize(Costs(ROWS, flatter, flatter), 32), 500, lambda n: n)
    assert blocks[-1] == 32 and not {4, 8} & set(blocks), "long blocks alone could win"


def test_a_timing_that_was_interrupted_does_not_stand():
    assert plausible((1, 4, 16, 32), (1.0, 9.0, 2.0, 64.0)) == (1.0, 2.0, 2.0, 4.0)
    assert plausible((1, 8, 32), (1.0, 1.5, 2.5)) == (1.0, 1.5, 2.5)


def test_the_asked_block_is_a_limit():
    _, blocks = run(AdaptiveBlockSize(COSTS, 8), 200, lambda n: n)
    assert max(blocks) == 8
    assert AdaptiveBlockSize(COSTS, 1).block() == 1


@pytest.mark.parametrize(
    ("rows", "message"), [((2, 4), "must ascend from 1"), ((1, 4, 4), "must ascend"), ((1,), "1 sizes have 2 draft")]
)
def test_costs_that_make_no_sense_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        Costs(rows, (1.0, 2.0), (1.0, 2.0))


def test_a_paced_run_writes_the_same_text():
    trace = run_lanes(scripted(PROMPT, [7, 7, 0, 0, 0, 3, 7]), draft="auto")
    plain = run_lanes(scripted(PROMPT, [7, 7, 0, 0, 0, 3, 7]))
    assert trace.token_ids == plain.token_ids == tuple(trace.ar_ids)
    assert check(trace) == [] and trace.lossless.verdict == "identical"
    assert {c.draft.block for c in trace.cycles} <= {1, 2, 3, 4, 5, 6, 7, 8}


@settings(max_examples=6)
@given(
    schedule=st.lists(st.integers(0, 7), min_size=1, max_size=8),
    costs=st.lists(st.floats(0.01, 5.0), min_size=6, max_size=6),
    tokens=st.integers(1, 60),
)
def test_whatever_passes_cost_and_drafts_bring_the_text_is_the_ar_text(schedule, costs, tokens):
    lm = scripted(PROMPT, schedule)
    table = Costs((1, 4, 8), tuple(costs[:3]), tuple(costs[3:]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orthrus.decoding.request.prices", lambda model, block: Prices(table))
        trace = Trace.of(run_both(lm, PROMPT, DecodeConfig(tokens, detail=-1, draft="auto")))
    assert trace.token_ids == tuple(trace.ar_ids) and len(trace.token_ids) == tokens
    assert check(trace) == []


@given(st.lists(st.tuples(st.sampled_from(ROWS), st.integers(0, 31)), max_size=60))
def test_whatever_was_seen_the_next_block_is_one_of_the_sizes(outcomes):
    block_sizes = AdaptiveBlockSize(COSTS, 24)
    for rows, stands in outcomes:
        rows = min(rows, 24)
        block_sizes.observe(rows - 1, min(stands, rows - 1))
        assert block_sizes.block() in ROWS[:-1]


def run_lanes(lm, **config) -> Trace:
    return Trace.of(run_both(lm, PROMPT, DecodeConfig(60, detail=0, **config)))


@pytest.mark.parametrize("make", (tiny_model, compiled_model), ids=lambda make: make.__name__)
def test_costs_are_measured_once_a_model(make):
    model = make().model
    found = prices(model, 8)
    assert found.rows == (1, 4, 8) and min(found.costs.verify) > 0 and prices(model, 8) is found


def test_a_large_stack_is_priced_by_two_of_its_layers(monkeypatch):
    """Each layer beyond the first costs what the second added."""
    monkeypatch.setattr("orthrus.decoding.pass_costs.WHOLE", 0)
    monkeypatch.setattr(
        "orthrus.decoding.pass_costs.least_seconds", lambda runs: {key: 1.0 + 0.25 * key[1] * key[2] for key in runs}
    )
    costs = prices(compiled_model(num_hidden_layers=5).model, 8).costs
    assert costs.verify == costs.draft == tuple(1.0 + 0.25 * 5 * rows for rows in (1, 4, 8))


def test_code_that_loads_for_seconds_leaves_time_to_measure(monkeypatch):
    now, calls = [0.0], Counter()

    def run(rows: int, seconds: float) -> None:
        calls[rows] += 1
        now[0] += 2.0 if calls[rows] == 1 else seconds * (2 if calls[rows] < 8 else 1)

    monkeypatch.setattr("orthrus.decoding.pass_costs.time.perf_counter", lambda: now[0])
    found = least_seconds({1: partial(run, 1, 0.001), 32: partial(run, 32, 0.01)})
    assert found == {1: pytest.approx(0.001), 32: pytest.approx(0.01)}


def test_prices_lie_between_and_beyond_the_measured_sizes():
    found = Prices(Costs((1, 4, 8), (1.0, 2.0, 4.0), (1.0, 4.0, 6.0)))
    assert [found.verify(rows) for rows in (1, 2, 4, 6, 8, 12)] == [1.0, 2.0, 4.0, 5.0, 6.0, 8.0]
    assert found.draft(8) == 4.0 and found.cycle(0) == 1.0 and found.cycle(2) == 10.0
    assert Prices(Costs((1,), (1.0,), (2.0,))).verify(9) == 2.0


def test_a_table_measured_in_a_bad_moment_is_corrected_by_the_run():
    """Its single row is twice too dear, so that drafts seem to pay."""
    found = Prices(Costs((1, 4), (2.0, 2.0), (2.0, 2.0)))
    assert AdaptiveBlockSize(found, 4).block() == 4
    for _ in range(100):
        found.observe(0, 1, 500.0)  # milliseconds; the table is in seconds
        found.observe(4, 4, 4000.0)
    assert found.cycle(0) == pytest.approx(0.5, rel=0.01) and found.cycle(1) == pytest.approx(4.0, rel=0.01)
    assert AdaptiveBlockSize(found, 4).plain_steps() > 0


def test_cold_steps_between_cycles_do_not_make_the_next_cycle_pay():
    """A few plain steps behind a cycle take twice as long as many in a row."""
    found = Prices(Costs((1, 4), (1.0, 2.0), (1.0, 2.5)))
    for _ in range(100):
        found.observe(4, 4, 4500.0)
        for _ in range(COLD):
            found.observe(0, 1, 2000.0)
    assert found.cycle(0) == pytest.approx(1.0) and AdaptiveBlockSize(found, 4).block() == 1
    for _ in range(100):
        found.observe(0, 1, 2000.0)
    assert found.cycle(0) == pytest.approx(2.0, rel=0.05)


def test_a_lookup_does_not_change_what_a_block_costs():
    found = Prices(Costs((1, 4), (1.0, 2.0), (1.0, 2.5)))
    for _ in range(100):
        found.observe(0, 4, 1000.0)
    assert found.cycle(1) == 4.5


def test_a_machine_that_becomes_slow_does_not_make_drafts_pay():
    """Only plain steps are taken, so that only these are seen to take longer."""
    found = Prices(Costs((1, 4), (1.0, 2.0), (1.0, 2.5)))
    assert AdaptiveBlockSize(found, 4).block() == 1
    for _ in range(100):
        found.observe(0, 1, 2000.0)
    assert found.cycle(0) == pytest.approx(2.0, rel=0.01) and found.cycle(1) == pytest.approx(9.0, rel=0.01)
    assert AdaptiveBlockSize(found, 4).block() == 1
