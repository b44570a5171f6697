"""The block size follows what drafts are worth, and never costs much where they are worth nothing."""

from __future__ import annotations

import pytest
import torch

from orthrus.config import DecodeConfig
from orthrus.invariants import check
from orthrus.lossless import run_both
from orthrus.pacing import Costs, Pacer
from orthrus.probe import best_setting, pass_costs
from orthrus.trace import Trace
from tests.tiny import scripted, tiny_config

PROMPT = "Two views, one text."

# A pass of n rows costs 1 + n / 16 AR steps, roughly what a CPU does.
ROWS = (1, 4, 8, 16, 24, 32)
PASS = tuple(1 + (n - 1) / 16 for n in ROWS)
COSTS = Costs(ROWS, PASS, PASS)


def run(pacer: Pacer, tokens: int, accepts) -> tuple[float, list[int]]:
    """(price, block sizes) of a text of `tokens`; accepts(n_draft) proposals stand in each cycle."""
    price, blocks, written = 0.0, [], 0
    while written < tokens:
        block = pacer.block()
        n_accept = accepts(block - 1)
        blocks.append(block)
        price += pacer.costs.cycle(ROWS.index(block))
        pacer.saw(block - 1, n_accept)
        written += 1 + n_accept
    return price, blocks


def test_text_that_drafts_well_gets_the_whole_block():
    price, blocks = run(Pacer(COSTS, 32), 1000, lambda n: n)
    assert blocks[-1] == 32 and price < 1000 / 4


def test_hard_text_costs_little_more_than_plain_steps():
    price, blocks = run(Pacer(COSTS, 32), 1000, lambda n: 0)
    assert price < 1000 / 0.97 and max(blocks[3:]) <= 4


def test_drafts_that_stand_a_little_get_short_blocks():
    _, blocks = run(Pacer(COSTS, 32), 400, lambda n: min(n, 5))
    assert set(blocks[-10:]) == {8}


def test_drafting_comes_back_when_the_text_turns_easy():
    pacer = Pacer(COSTS, 32)
    run(pacer, 200, lambda n: 0)
    _, blocks = run(pacer, 800, lambda n: n)
    assert blocks[-1] == 32


def test_the_asked_block_is_a_limit():
    _, blocks = run(Pacer(COSTS, 8), 200, lambda n: n)
    assert max(blocks) == 8
    assert Pacer(COSTS, 1).block() == 1


@pytest.mark.parametrize(
    ("rows", "message"), [((2, 4), "must ascend from 1"), ((1, 4, 4), "must ascend"), ((1,), "1 sizes have 2 draft")]
)
def test_costs_that_make_no_sense_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        Costs(rows, (1.0, 2.0), (1.0, 2.0))


def test_a_paced_run_writes_the_same_text():
    trace = run_lanes(scripted(PROMPT, [7, 7, 0, 0, 0, 3, 7]), pace=True)
    plain = run_lanes(scripted(PROMPT, [7, 7, 0, 0, 0, 3, 7]))
    assert trace.token_ids == plain.token_ids == tuple(trace.ar_ids)
    assert check(trace) == [] and trace.lossless.verdict == "identical"
    assert {c.draft.block for c in trace.cycles} <= {1, 2, 3, 4, 5, 6, 7, 8}


def run_lanes(lm, **config) -> Trace:
    return Trace.of(run_both(lm, PROMPT, DecodeConfig(60, detail=0, **config)))


def test_costs_are_measured_once_a_model(tiny):
    costs = pass_costs(tiny.model, 8)
    assert costs.rows == (1, 4, 8) and min(costs.verify) > 0 and pass_costs(tiny.model, 8) is costs


def test_the_quickest_setting_is_one_of_those_tried():
    before = torch.get_num_threads()
    found = best_setting(tiny_config())
    assert (found.threads, found.dtype) in found.seconds and torch.get_num_threads() == before
    assert found.words.startswith(f"{found.threads} thread")
