"""The race of drafters: lanes as plain values, what they come to in words, counts by shape, the published table."""

from __future__ import annotations

import json

import pytest

from orthrus.config import DRAFTS, DecodeConfig
from orthrus.decoding.engine import decode, decode_ar
from orthrus.errors import OrthrusError
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from tests.tiny import compiled_model
from viz.views import catalogue, catch, drafter_lanes, drafters, shapes, staircase, statistics
from viz.views.pass_costs import drafted

PROMPT = "one two three four five one two three four five one two three"


@pytest.fixture(scope="module")
def runs():
    lm = compiled_model()
    config = {"max_new_tokens": 40, "detail": -1}
    traces = {drafter_lanes.PLAIN: Trace.of(decode_ar(lm, PROMPT, DecodeConfig(**config)))}
    return traces | {each: Trace.of(decode(lm, PROMPT, DecodeConfig(draft=each, **config))) for each in DRAFTS}


def test_every_lane_keeps_all_tokens_of_plain_decoding(runs):
    race = drafter_lanes.race(runs)
    n = race["tokens"]
    for lane in race["lanes"]:
        steps = lane["steps"]
        assert lane["identical"] == lane["tokens"] == n == sum(steps["tokens"])
        assert steps["ms"] == sorted(steps["ms"]) and steps["passes"][-1] == lane["passes"]
        assert len({len(column) for column in steps.values()}) == 1
    plain, chain = race["lanes"][:2]
    assert (plain["passes"], plain["rows"]) == (n, n - 1) and chain["passes"] == measure(runs["chain"]).passes


def test_rows_are_those_that_the_catch_counts(runs):
    for draft in DRAFTS:
        lane, counted = drafter_lanes.lane(draft, runs[draft], runs["chain"].token_ids), drafted(runs[draft])
        if counted is not None:
            assert lane["rows"] == counted.rows


def test_a_drafter_that_refuses_is_a_lane_with_its_sentence(runs):
    race = drafter_lanes.race(runs | {"tree": OrthrusError("chain-only", "no tree here")})
    [refused] = [lane for lane in race["lanes"] if "refused" in lane]
    assert refused == {"draft": "tree", "code": "chain-only", "refused": "no tree here"}


def test_another_text_is_named_with_its_place(runs):
    race = drafter_lanes.race(runs)
    lane = race["lanes"][1]
    lane["identical"] = 3
    assert "4" in drafter_lanes.same_text(race["lanes"], "gumbel") != race["same"]
    assert drafter_lanes.same_text(race["lanes"], "rejection") != drafter_lanes.same_text(race["lanes"], "gumbel")


def test_the_clock_that_leads_is_time_only_if_fewer_passes_took_less():
    lanes = [{"draft": "ar", "passes": 9, "ms": 9.0}, {"draft": "chain", "passes": 3, "ms": 8.0}]
    assert drafter_lanes.leading(lanes) == "ms"
    assert drafter_lanes.leading([lanes[0], lanes[1] | {"ms": 10.0}]) == "passes"


def test_counts_by_shape_add_up_to_the_run(runs):
    for draft in DRAFTS:
        found = shapes.by_shape(runs[draft])
        assert sum(each.cycles for each in found.values()) == len(runs[draft].verdicts)
        assert 1 + sum(each.tokens for each in found.values()) == len(runs[draft].token_ids)
        assert 1 + sum(each.passes for each in found.values()) == measure(runs[draft]).passes
        assert set(found) <= set(shapes.SIGNS), "every shape has a name and a sign"
    assert catch.by_shape(runs["chain"]) == [] or "plain" in shapes.by_shape(runs["chain"])
    rows = catch.by_shape(runs["tree"])
    assert [row[0] for row in rows] == [shapes.name(each) for each in shapes.by_shape(runs["tree"])]


def test_the_statistics_count_by_kind_of_draft(runs):
    variant = statistics.skeleton()["variants"][-1]
    assert {column for _, column in variant["table"]} | {variant["data"][0]["customdata"][1:]} <= set(
        statistics.COLUMNS
    )
    for draft in DRAFTS:
        trace = runs[draft]
        found = catalogue.state("statistics", trace)["facts"]["columns"]
        kinds = shapes.by_shape(trace)
        assert found["draft"] == [shapes.name(each) for each in kinds]
        assert sum(found["draft_cycles"]) == len(trace.verdicts)
        assert 1 + sum(found["draft_passes"]) == measure(trace).passes
        assert sum(found["draft_rows"]) == sum(each.rows for each in kinds.values())
        assert 1 + sum(found["draft_tokens"]) == len(trace.token_ids)
        rates = [n / of for n, of in zip(found["draft_tokens"], found["draft_cycles"], strict=True)]
        assert found["draft_rate"] == pytest.approx(rates, abs=0.01)


def test_the_staircase_marks_the_shape_of_each_cycle(runs):
    partial, seen = Trace(), []
    for event in runs["one-pass"].events:
        partial = partial.add(event)
        for change in staircase.patch(event, partial):
            if change.key == "columns" and "s" in change.value:
                seen += change.value["s"]
    assert seen == [shapes.sign(cycle.draft.drafter) for cycle in runs["one-pass"].cycles] and set(seen) != {""}


def test_what_is_shown_before_a_race_is_recorded_and_published():
    spec = drafters.skeleton()
    assert [lane["draft"] for lane in spec["recorded"]["lanes"]] == [name for name, *_ in spec["names"]]
    assert {lane["identical"] for lane in spec["recorded"]["lanes"]} == {spec["recorded"]["tokens"]}
    columns = spec["published"]["columns"]
    assert len({len(column) for column in columns.values()}) == 1 and all(all(column) for column in columns.values())
    assert [name for _, name in spec["published"]["heads"]] == list(columns)
    assert json.dumps(spec)


def test_survival_counts_branches_that_are_deeper_than_the_chain(runs):
    deep = [max((0, *cycle.draft.branch_depths)) > cycle.draft.n_draft for cycle in runs["tree"].cycles]
    assert any(deep), "the run has such a tree"
    survival = measure(runs["tree"]).survival
    assert survival and all(0 <= share <= 1 for share in survival)
