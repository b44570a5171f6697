"""Where a draft comes from: earlier text, a price, or the chain."""

from __future__ import annotations

import itertools

import pytest
import torch

from orthrus.config import DecodeConfig
from orthrus.decoding.block_size import Costs
from orthrus.decoding.drafter import AT_ONCE, FIRST_REST, LEAST_ROWS, SURE_MATCH, Drafter, sure_match
from orthrus.decoding.engine import run_both
from orthrus.decoding.lookup import MATCH
from orthrus.decoding.pass_costs import ROWS, Prices
from orthrus.trace import Trace
from orthrus.trace.invariants import check
from tests.tiny import compiled_model, tiny_model

CHEAP = Costs((1, 4, 8), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))  # a pass costs the same whatever its rows, as on a GPU
STEEP = Costs((1, 4, 8), (1.0, 4.0, 8.0), (1.0, 4.0, 8.0))  # every row costs a step


@pytest.mark.parametrize("make", (tiny_model, compiled_model), ids=lambda make: make.__name__)
@pytest.mark.parametrize("temperature", (0.0, 0.7))
def test_lookups_write_the_ar_text_without_a_draft_pass(make, temperature):
    """A tiny model soon repeats itself."""
    config = DecodeConfig(80, draft="lookup", temperature=temperature, detail=1, seed=5)
    trace = Trace.of(run_both(make(), "abcdabcdabcd", config))
    assert check(trace) == [] and trace.token_ids == tuple(trace.ar_ids)
    found = [draft for draft in trace.drafts if draft.shape == "lookup"]
    passes = sum(draft.n_draft > 0 for draft in trace.drafts) - len(found)
    assert trace.done.passes_draft == trace.sums.passes_draft == passes
    assert all(draft.t_draft_ms == 0 and draft.q_lp is None for draft in found)
    if not temperature:
        assert found


def auto(costs: Costs, prompt: tuple[int, ...] = ()) -> Drafter:
    return Drafter("auto", 8, prompt, Prices(costs))


def test_a_tree_is_as_wide_as_its_rows_are_cheap():
    chances = [0.9, 0.8, 0.4, 0.3, 0.1, 0.05]
    assert auto(CHEAP)._keep(chances) == 6
    assert auto(STEEP)._keep(chances) == 2  # the draft pass is spent already: 2.7 tokens for 4, not 1.9 for 3
    middle = Costs((1, 4, 8), (1.0, 1.0, 1.0), (1.0, 1.9, 3.1))  # a row costs 0.3
    assert auto(middle)._keep(chances) == 3


def test_what_was_found_grows_while_it_is_right_and_rests_when_it_is_wrong():
    drafter = auto(CHEAP, (*range(1, 40), *range(1, SURE_MATCH + 1)))
    assert drafter.find() == [9, 10, 11, 12]
    drafter.observe("lookup", 4, 4, (0, 5), 1.0)
    assert drafter.find() == [9, 10, 11, 12, 13, 14, 15]
    drafter.observe("lookup", 7, 0, (0, 8), 1.0)
    for token in range(9, 9 + FIRST_REST):
        assert drafter.find() == []
        drafter.wrote(token)
    assert drafter.find() == [25, 26, 27, 28]


def test_where_rows_are_dear_a_lookup_of_auto_wants_a_longer_match():
    """The first lookup costs one step, or five."""
    assert sure_match(Prices(CHEAP)) == SURE_MATCH and sure_match(Prices(STEEP)) == 3 * SURE_MATCH
    for agreed, finds in ((3 * SURE_MATCH - 1, False), (3 * SURE_MATCH, True)):
        assert bool(auto(STEEP, (*range(1, 40), *range(1, agreed + 1))).find()) is finds


def test_plain_steps_are_left_for_a_lookup_once_in_a_while():
    drafter = auto(CHEAP, range(1, 100))
    assert [drafter.wrote(token) for token in range(1, 2 * AT_ONCE)].index(True) == AT_ONCE - 1
    assert drafter.find() == [2 * AT_ONCE, *range(2 * AT_ONCE + 1, 2 * AT_ONCE + 4)]


def test_a_tree_is_drafted_as_deep_as_the_text_so_far_lets_expect():
    drafter = Drafter("tree", 32, (), None)
    assert drafter.rows() == 32
    for _ in range(8):
        drafter.observe("tree", 20, 2, (32, 40), 1.0)
    short = drafter.rows()
    assert LEAST_ROWS <= short < 32 and short in ROWS
    for _ in range(8):
        drafter.observe("tree", short - 1, short - 1, (short, 40), 1.0)
    assert drafter.rows() == 32
    assert Drafter("tree", 4, (), None).rows() == 4 and Drafter("chain", 32, (), None).rows() == 32


def test_a_tree_takes_up_what_followed_its_words_earlier():
    """The draft does not know the text, which has stood in the prompt."""
    drafter = Drafter("tree", 8, range(1, 12), None)
    for token in range(1, 1 + MATCH):
        assert not drafter.wrote(token)  # a tree never does without its pass
    scores = torch.zeros(7, 400)
    branches = drafter.branches(lambda: scores, [0] * 7)
    assert branches.ids[:2] == (1 + MATCH, 2 + MATCH) and branches.parents[:2] == (0, branches.chain + 1)


@pytest.mark.parametrize(
    ("drafted", "written", "grows"),
    [(0, 0, False), (0, MATCH, True), (MATCH, MATCH, None), (MATCH, 0, None)],
    ids=["the draft was right", "the earlier text was right", "both", "neither, and they agreed"],
)
def test_a_text_shows_how_often_its_earlier_words_come_again(drafted, written, grows):
    """Words 10 i ... of the prompt come again; what the draft and the text have behind them, is at 10 i + that."""
    drafter = Drafter("tree", 8, range(200), None)
    shares = [drafter.said_share]
    for start in range(0, 200, 10):
        for token in range(start, start + MATCH):
            drafter.wrote(token)
        drafter.branches(lambda: torch.zeros(7, 400), [start + drafted] * 7)
        drafter.wrote(start + written)
        drafter.observe("tree", 7, 0, (8, 8), 1.0)
        shares.append(drafter.said_share)
    steps = [after - before for before, after in itertools.pairwise(shares)]
    assert {step > 0 if step else None for step in steps} == {grows}
    assert all(0 < share < 1 for share in shares)


def test_words_of_a_cycle_without_a_draft_show_nothing():
    drafter = Drafter("lookup", 8, range(40), None)
    for token in range(MATCH):
        drafter.wrote(token)
    drafter.branches(lambda: torch.zeros(7, 400), [0] * 7)
    drafter.wrote(99)  # the cycle ends here: six proposals of its chain are never judged
    drafter.observe("tree", 7, 0, (8, 8), 1.0)
    share = drafter.said_share
    for token in range(20, 30):
        drafter.wrote(token)
    assert drafter.said_share == share


def test_on_hard_text_auto_takes_trees_if_rows_are_cheap_and_plain_steps_if_they_are_dear():
    """Two proposals of a chain stand in each cycle; a tree's branches bring more, and cost rows alone."""
    rows = (1, 4, 8, 16, 24, 32)
    hard = [0.6, 0.3, 0.3, 0.2, 0.15, *[0.05] * 30]
    cheap, dear = (
        Drafter("auto", 32, (), Prices(Costs(rows, (each,) * 6, tuple(1 + (n - 1) * slope for n in rows))))
        for each, slope in ((1.0, 0.001), (4.0, 1.0))
    )
    for drafter in (cheap, dear):
        for _ in range(20):
            drafted = drafter.rows()
            drafter.observe("tree", drafted - 1, min(2, drafted - 1), (drafted if drafted > 1 else 0, drafted), 0.0)
    assert cheap.rows() > 1 and cheap.plain_steps() == 0 and cheap._keep(hard) > 20
    assert dear.plain_steps() > 0


def test_lookups_that_bring_less_per_pass_than_drafts_are_left_out_for_a_while():
    drafter = Drafter("lookup", 32, (*range(1, 20), *range(1, 1 + MATCH)), None)
    assert drafter.find()[:3] == [5, 6, 7]
    drafter.observe("tree", 31, 31, (32, 64), 1.0)
    for _ in range(2):
        drafter.observe("lookup", 31, 0, (0, 32), 1.0)
    assert drafter.find() == []
    while not drafter.find():
        drafter.observe("tree", 31, 8, (32, 64), 1.0)
    assert drafter.find()[:3] == [5, 6, 7]


def test_the_longer_the_match_the_more_a_lookup_may_bring():
    """Drafts bring 31 tokens for two passes; a lookup behind four tokens is expected to bring six for one."""
    found = []
    for agreed in (MATCH, 20):
        drafter = Drafter("lookup", 32, (*range(100, 120), 1, *range(120 - agreed, 120)), None)
        for _ in range(8):
            drafter.observe("tree", 31, 31, (32, 64), 1.0)
        found.append(drafter.find()[:2])
    assert found == [[], [1, 120 - 20]]


def test_without_choice_auto_keeps_to_drafted_chains():
    drafter = Drafter("auto", 8, (1, 2) * 12, Prices(CHEAP), by_choice=False)
    assert drafter.find() == [] and drafter.branches(None, [1]) is None and not drafter.wrote(1)


def test_a_tree_whose_chain_was_cut_is_priced_by_its_whole_draft_pass():
    """Eight rows were drafted for a chain of two: the pass cost what eight rows cost."""
    drafter = auto(Costs((1, 4, 8), (1.0, 1.0, 3.0), (1.0, 1.0, 3.0)))
    drafter.observe("tree", 2, 2, (8, 4), 4000.0)
    assert drafter.prices.cycle_factor == pytest.approx(1.0)  # 3 s for the draft, 1 s for four rows, as expected
    assert drafter.sizes._won == pytest.approx(3 - 6.0)
