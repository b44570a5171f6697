"""A run of draft trees in every view: the block shows the branches; no view breaks where a path leaves the chain."""

from __future__ import annotations

import pytest

from orthrus.checkpoints.loading import load_model
from orthrus.config import EMBEDDED_MODEL, DecodeConfig
from orthrus.decoding.engine import run_both
from orthrus.trace import Trace
from viz.views import block, inspector
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
