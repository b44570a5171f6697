"""A run of draft trees in every view: the block shows the branches; no view breaks where a path leaves the chain."""

from __future__ import annotations

import pytest

from orthrus.checkpoints.loading import load_model
from orthrus.config import EMBEDDED_MODEL, DecodeConfig
from orthrus.decoding.engine import run_both
from orthrus.trace import Trace
from viz.views import block, captions, formulas, inspector, pass_costs, text
from viz.views.catalogue import VIEWS

PROMPT = "Tell me a story about a fox."


@pytest.fixture(scope="module")
def trace() -> Trace:
    lm = load_model(str(EMBEDDED_MODEL), "cpu", threads=1)
    return Trace.of(run_both(lm, PROMPT, DecodeConfig(60, draft="tree", detail=1, instrument_share=1e9)))


def test_every_view_draws_a_run_of_trees(trace):
    assert any(verdict.path for verdict in trace.verdicts)
    grown = Trace()
    for event in trace.events:
        grown = grown.add(event)
        for view in VIEWS.values():
            view.patch(event, grown)


def test_the_block_names_each_branch_and_what_became_of_it(trace):
    cycle = next(c for c in trace.cycles if c.verdict and c.verdict.path)
    draft, verdict = cycle.draft, cycle.verdict
    drafted = block._drafted(draft, trace)
    assert [token for _, token in drafted["branches"]] == list(draft.branch_ids)
    assert [depth for depth, _ in drafted["branches"]] == list(draft.branch_depths)
    twigs = block._twigs(cycle)
    assert [row for row, twig in enumerate(twigs, draft.block) if twig == "accepted"] == list(verdict.path)
    choices = (*verdict.ar_ids, *verdict.branch_ar_ids)
    for token, parent, twig in zip(draft.branch_ids, draft.branch_parents, twigs, strict=True):
        assert (twig == "accepted") <= (token == choices[parent])
        assert (twig == "refused") <= (token != choices[parent])
    assert inspector._judged(verdict, cycle)["look"] == cycle.on_chain + 1  # the slot where the path left the chain


def test_the_text_s_numbers_end_where_a_path_leaves_the_chain(trace):
    """Behind that a slot's numbers are those of a guess that was thrown away."""
    cycle = next(c for c in trace.cycles if c.verdict and c.verdict.path)
    found = text._sureness(cycle, cycle.verdict)
    assert len(found) == cycle.verdict.n_commit and all("p" in each for each in found[: cycle.on_chain + 1])
    assert all(not each for each in found[cycle.on_chain + 1 :]) and len(found) > cycle.on_chain + 1


def test_every_view_counts_the_rows_of_the_whole_draft_pass(trace):
    for draft in trace.drafts:
        assert draft.pass_rows == (draft.drafted_rows if draft.n_draft else 0) and draft.pass_rows in (0, *range(2, 33))
    passes = sum(draft.pass_rows > 0 for draft in trace.drafts) + len(trace.verdicts)
    rows = sum(draft.pass_rows for draft in trace.drafts) + trace.sums.written
    lane = pass_costs.drafted(trace)
    assert (lane.passes, lane.rows) == (passes, rows)


@pytest.mark.parametrize("draft", ("lookup", "one-pass"))
def test_a_draft_that_cost_no_pass_has_none_in_any_view(draft):
    lm = load_model(str(EMBEDDED_MODEL), "cpu", threads=1)
    prompt = "Repeat eight times: the old clock sings at noon."
    trace = Trace.of(run_both(lm, prompt, DecodeConfig(80, draft=draft, detail=1)))
    free = {"lookup": None, "one-pass": 0}[draft]
    found = [c for c in trace.cycles if c.draft.shape == draft and c.verdict and c.draft.drafted_rows == free]
    assert found and all(c.draft.pass_rows == 0 for c in found)
    grown = Trace()
    for event in trace.events:
        grown = grown.add(event)
        for view in VIEWS.values():
            view.patch(event, grown)
    looked_up = [bool(view._drafted(*args).get("found")) for c in found for view, args in drawn_by(c, trace)]
    assert set(looked_up) == {draft == "lookup"}
    cycle = found[0]
    assert (
        "1 pass" in formulas.commit(cycle, cycle.verdict, trace)
        and "1 forward pass" in captions._commit(cycle, cycle.verdict, trace)[0]
    )
    lanes = sum(len(c.draft.lanes or ()) for c in trace.cycles if c.verdict)
    rows = sum(c.draft.pass_rows for c in trace.cycles if c.verdict) + trace.sums.written + lanes * trace.block
    assert pass_costs.drafted(trace).rows == rows and (lanes > 0) is (draft == "one-pass")


def drawn_by(cycle, trace):
    """The views that say where a block's guesses are from, with the arguments of their `_drafted`."""
    return (block, (cycle.draft, trace)), (inspector, (cycle.draft, cycle))
