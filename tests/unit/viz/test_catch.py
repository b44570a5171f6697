"""What drafting costs: numbers of a made-up run against sums done by hand, and what is said when some are missing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from orthrus.config import ModelConfig
from orthrus.events import RunStart
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from tests import synthetic
from viz.language import say
from viz.views import catch, headline, pass_costs
from viz.views.pass_costs import REFERENCE

ROOT = Path(__file__).parents[3]
SHAPE = {"hidden": 64, "intermediate": 128}
# the made-up model: 2 layers, 4 heads and 2 key-value heads of 16, vocabulary 1000, float32
LAYER = 64 * (4 + 2 + 2 + 4) * 16 + 3 * 64 * 128
WEIGHTS = 2 * LAYER + 1000 * 64


def run(kind="cpu", known=True, **how):
    """A made-up run on a device of that kind, with or without the model's whole shape."""

    def changed(event):
        if not isinstance(event, RunStart):
            return event
        shape = replace(event.config, **SHAPE) if known else event.config
        return replace(event, config=shape, host=replace(event.host, kind=kind))

    return Trace.of([changed(event) for event in synthetic.events(**{"tokens": 90, "sureness": 1.0, **how})])


def answer(trace):
    (change,) = catch.patch(trace.events[-1], trace)
    return change.value


def test_a_pass_is_what_the_shape_says():
    c = pass_costs.shape(run().start)
    assert isinstance(c, ModelConfig)
    one, eight = (pass_costs.one_pass(c, "float32", rows, 20) for rows in (1, 8))
    assert one.flops == 2 * WEIGHTS + 4 * 2 * 4 * 16 * 21
    assert eight.flops == 8 * (2 * WEIGHTS + 4 * 2 * 4 * 16 * 28)
    row = 2 * 2 * 2 * 16  # keys and values, layers, heads, channels
    assert (one.bytes, eight.bytes) == (4 * (WEIGHTS + 22 * row), 4 * (WEIGHTS + 36 * row))
    assert pass_costs.second_attention(run().start) == 4 * 2 * (64 * 12 * 16 + 2 * 16)


def test_both_lanes_are_sums_over_their_passes():
    # 90 tokens, all guesses right: the prefill's one, then 32, 32 and 25 in three cycles
    trace = run()
    assert [v.n_commit for v in trace.verdicts] == [32, 32, 25]
    ours, plain = pass_costs.drafted(trace), pass_costs.plain(trace)
    assert (plain.passes, plain.rows) == (89, 89)
    assert (ours.passes, ours.rows) == (6, 32 + 32 + 32 + 32 + 25 + 32)
    c = pass_costs.shape(trace.start)
    singles = [pass_costs.one_pass(c, "float32", 1, 5 + i) for i in range(89)]
    assert (plain.flops, plain.bytes) == (sum(w.flops for w in singles), sum(w.bytes for w in singles))
    wide = [(32, 5), (32, 5), (32, 37), (32, 37), (25, 69), (32, 69)]
    assert ours.bytes == sum(pass_costs.one_pass(c, "float32", rows, before).bytes for rows, before in wide)


def test_passes_over_time_per_pass_is_the_speed_and_the_verdict_is_the_headlines():
    trace = run()
    metrics = measure(trace)
    fewer, longer, speed = (float(value.rstrip("×")) for value, _ in answer(trace)["equation"])
    assert fewer == pytest.approx(90 / 7, abs=0.05)
    assert speed == pytest.approx(metrics.speedup, abs=0.005)
    assert fewer / longer == pytest.approx(speed, rel=0.01)
    need = headline.break_even(trace)
    won = "saved time" in answer(trace)["say"][0]
    assert won == (metrics.tokens_per_cycle > need) and f"{need:.1f}" in answer(trace)["say"][0]
    assert f"{metrics.tokens_per_cycle / 2:.1f} times" in answer(trace)["say"][1]


def test_the_bars_are_this_runs_passes_and_the_middle_one_says_where_it_is_from():
    trace = run()
    arithmetic, moved, time = answer(trace)["groups"]
    assert [rows for rows, _ in arithmetic["bars"]] == [1, 8, 32]
    assert arithmetic["bars"][2][1] > 32 > 1.3 > moved["bars"][2][1]
    one = 1e3 / measure(trace).ar_tokens_per_s
    passes = 2 * [6.25] + 3 * [7.5]  # drafts and verify passes over 32 rows; the last draft has 25
    assert dict(time["bars"])[32] == pytest.approx(sum(passes) / 5 / one, abs=0.01)
    assert dict(time["bars"])[8] == round(REFERENCE[8] / REFERENCE[1], 4)
    assert say("catch.machine") in time["about"]


def test_a_gpu_gets_its_own_bars_and_a_cpus_beside_them():
    *_, own, apart = answer(run("cuda"))["groups"]
    assert [rows for rows, _ in own["bars"]] == [1, 32]
    assert dict(apart["bars"]) == {n: round(ms / REFERENCE[1], 4) for n, ms in REFERENCE.items()}


def test_what_is_missing_is_said_and_nothing_is_made_up():
    unknown = answer(run(known=False))
    assert say("catch.memory.unknown").split(".")[0] in unknown["memory"] and [row[0] for row in unknown["table"]] == [
        "time"
    ]
    alone = answer(run(lanes=("orthrus",)))
    assert alone["equation"] == [] and alone["table"][-1][1] == "not measured"
    assert [rows for rows, _ in alone["groups"][-1]["bars"]] == [1, 8, 32]
    assert say("catch.machine") in alone["groups"][-1]["about"]
    assert answer(run(block=1, tokens=9))["groups"]
    assert catch.patch((trace := run(tokens=1)).events[-1], trace) == []


def test_the_reference_is_the_measured_one():
    measured = json.loads((ROOT / "benchmarks/results/row-costs.json").read_text())
    passes = {each["rows"]: each["verify_ms"] for each in measured["threads"]["2"]["passes"]}
    assert {rows: passes[rows] for rows in REFERENCE} == REFERENCE
    assert measured["machine"]["device"] in say("catch.machine")


def test_every_recording_says_its_whole_shape():
    from orthrus.trace.files import load

    for path in (ROOT / "assets/traces").rglob("*.gz"):
        assert pass_costs.shape(load(path).start) is not None, path.name
