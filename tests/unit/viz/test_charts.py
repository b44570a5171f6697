"""What the timeline, the statistics, the gaps, the text and the lossless check say, against the trace itself."""

import json
import re
from dataclasses import replace

import pytest

from orthrus.events import ArChunk, Glyph, Lossless, Message, Params, RunStart
from orthrus.trace import Trace
from orthrus.trace.invariants import check
from tests import parted, synthetic
from tests.unit.viz.test_views import patched
from viz.language import say
from viz.views import catalogue, logit_gaps, statistics, statistics_counts, timeline
from viz.views.block import percents


@pytest.fixture(scope="module")
def trace():
    return Trace.of(synthetic.events(seed=1, tokens=150, sureness=0.85))


def columns(name, trace):
    drawn = catalogue.state(name, trace)
    return {**drawn["facts"], **drawn["state"]}["columns"]


def charts():
    return {name: each for name, each in catalogue.skeletons().items() if each["kind"] == "plot"}


@pytest.mark.parametrize("name", charts())
def test_every_chart_has_its_numbers_as_a_table(trace, name):
    found = columns(name, trace)
    for variant in charts()[name]["variants"]:
        heads = [head for head, _ in variant["table"]]
        assert len(set(heads)) == len(heads) and all(column in found for _, column in variant["table"])
        drawn = {line[axis][1:] for line in variant["data"] for axis in "xy"}
        missing = drawn - {column for each in charts()[name]["variants"] for _, column in each["table"]}
        # drawn edges, lines and cut values are made of the numbers in the table
        made = ("anchorn", "shown", "ar_shown", "prompt", "prompt_at", "line", "line_at", "diagonal")
        assert missing <= set(made)
        assert any(found[column] for _, column in variant["table"])


# -- timeline


def test_the_timeline_shows_the_measured_times_and_every_token(trace):
    found = columns("timeline", trace)
    for row, cycle in enumerate(trace.cycles):
        times = [found[name][row] for name in ("draft", "verify", "judge", "host")]
        assert sum(times) == pytest.approx(cycle.ms) and found["instr"][row] == cycle.verdict.t_instr_ms
    assert 1 + sum(found["kept"]) + sum(found["own"]) == len(trace.tokens)
    assert found["prompt"] == [trace.prefill.ms]


def test_at_break_even_a_cycle_takes_as_long_as_its_tokens_alone(trace):
    alone = (trace.ar_ms[-1] - trace.ar_ms[0]) / (len(trace.ar_ms) - 1)
    per_cycle = sum(cycle.ms for cycle in trace.cycles) / len(trace.verdicts)
    assert timeline.break_even(trace) == pytest.approx(per_cycle / alone)
    assert columns("timeline", trace)["line"] == [round(per_cycle / alone, 2)] * 2
    won = sum(verdict.n_commit * alone > per_cycle for verdict in trace.verdicts)
    assert f"{won} of {len(trace.verdicts)} cycles beat plain decoding" in timeline.note(trace)


def test_no_line_without_a_second_lane():
    alone = Trace.of(synthetic.events(lanes=("orthrus",)))
    assert timeline.break_even(alone) is None and columns("timeline", alone)["line"] == []
    assert "not measured" in catalogue.state("timeline", alone)["facts"]["note"]


def test_a_long_prompt_does_not_flatten_the_cycles():
    events = [replace(e, ms=2000.0) if e.type == "prefill" else e for e in synthetic.events()]
    facts = catalogue.state("timeline", Trace.of(events))["facts"]
    assert facts["ranges"]["yaxis"][1] < 3 * 15 and "cut off at the top" in facts["note"]
    assert facts["columns"]["prompt"] == [2000.0], "the number itself is kept"


# -- staircase


@pytest.mark.parametrize("guesses", [(), (5, 0, 1, 31, 0)])
def test_the_staircase_holds_the_entropy_of_every_guess_at_its_position(guesses):
    run = Trace.of(synthetic.events(seed=1, tokens=90, sureness=0.85, guesses=guesses))
    found = columns("staircase", run)
    cells = list(zip(found["of"], found["at"], found["nats"], strict=True))
    want = []
    for c, cycle in enumerate(run.cycles, 1):
        draft = cycle.draft
        want += [(c, draft.pos0 + 1 + k, round(nats, 1)) for k, nats in enumerate(draft.q_H)]
        want += [] if draft.n_draft else [(c, draft.pos0 + 1, None)]  # a row of its own keeps the others in place
    assert cells == want and set(found["of"]) == set(found["y"])


def test_without_distributions_the_staircase_says_so():
    facts = catalogue.state("staircase", Trace.of(synthetic.events(detail=0)))
    assert facts["state"]["columns"]["nats"] == [] and "is not known" in facts["facts"]["note"]
    assert catalogue.state("staircase", Trace.of(synthetic.events()))["facts"]["note"] == ""


def test_where_the_detail_was_lowered_the_cells_stay_in_their_rows(trace):
    bare = {"q_H": None, "q_top_ids": None, "q_top_lp": None}
    lowered = [replace(e, **bare) if e.type == "draft" and e.cycle > 1 else e for e in trace.events]
    found = columns("staircase", Trace.of(lowered))
    assert found["of"] == columns("staircase", trace)["of"]
    assert [v is None for v in found["nats"]] == [of > 2 for of in found["of"]]


# -- statistics


def test_statistics_count_judged_guesses_only(trace):
    found = columns("statistics", trace)
    kept = [cycle.accepted for cycle in trace.cycles]
    assert found["cycles"] == [kept.count(n) for n in range(max(kept) + 1)]
    refused = sum("refused" in cycle.statuses() for cycle in trace.cycles)
    assert sum(found["judged"]) == sum(kept) + refused == sum(found["kind_judged"]) == sum(found["bin_judged"])
    for slot, survival, hazard in zip(found["slot"], found["survival"], found["hazard"], strict=True):
        offered = [cycle for cycle in trace.cycles if cycle.draft.n_draft >= slot]
        assert survival == pytest.approx(sum(c.accepted >= slot for c in offered) / len(offered), abs=1e-3)
        reached = [c.statuses()[slot] for c in offered if c.statuses()[slot] in ("accepted", "refused")]
        assert hazard == pytest.approx(reached.count("refused") / len(reached), abs=1e-3)
    for slot, q in zip(found["entropy_slot"], found["q_H"], strict=True):
        values = [cycle.draft.q_H[slot - 1] for cycle in trace.cycles if cycle.draft.n_draft >= slot]
        assert q == pytest.approx(sum(values) / len(values), abs=1e-3)
    assert {value for value in found["p_H"] if value is not None} == {0.5}


def test_statistics_of_a_run_without_distributions_or_cycles():
    bare = columns("statistics", Trace.of(synthetic.events(detail=-1)))
    assert bare["entropy_slot"] == [] and sum(bare["bin_judged"]) == 0 and sum(bare["judged"]) > 0
    assert columns("statistics", Trace.of(synthetic.events(tokens=1)))["length"] == []


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (" apples", "word-start"),
        ("Tom", "word-start"),
        ("ing", "continuation"),
        (" 12", "digit"),
        ("3a", "digit"),
        (" +", "punctuation"),
        ("\n\n", "whitespace"),
        ("é", "continuation"),
        ("苹", "continuation"),
    ],
)
def test_kinds_of_tokens(data, kind):
    assert statistics_counts.token_class(Glyph(s=data, b=data.encode().hex())) == kind


def test_kinds_of_tokens_without_a_text_of_their_own():
    assert statistics_counts.token_class(Glyph(s="<|end|>", b="")) == "special"
    assert statistics_counts.token_class(Glyph(s=None, b="c3")) == "part-of-character"


# -- gaps and the text


def test_gaps_belong_to_the_rows_that_chose_the_tokens(trace):
    found = columns("gaps", trace)
    want = [trace.prefill.p_gap]
    for token in list(trace.tokens)[1:]:
        cycle = trace.cycle(token.cycle)
        want.append(cycle.verdict.p_gap[token.slot - 1 if token.slot else cycle.accepted])
    assert found["gap"] == want and found["token"] == list(range(1, len(want) + 1))
    assert found["cycle"] == [token.cycle + 1 for token in trace.tokens]
    assert min(found["shown"]) == logit_gaps.FLOOR and found["ar_gap"] == [2.5] * len(trace.ar_ids)


def test_the_text_says_who_wrote_each_token_and_how_sure_both_views_were(trace):
    state = catalogue.state("output", trace)["state"]
    tokens = state["tokens"]
    assert "".join(tokens["text"]) == trace.text
    assert {name: len(values) for name, values in tokens.items()} == dict.fromkeys(tokens, len(trace.tokens))
    for at, token in enumerate(trace.tokens):
        if token.status == "accepted":
            cycle = trace.cycle(token.cycle)
            assert tokens["q"][at] == percents(cycle.draft.q_lp)[token.slot - 1]
            assert tokens["p"][at] == percents(cycle.verdict.p_lp_draft)[token.slot - 1]
    assert tokens["cycle"] == [token.cycle for token in trace.tokens]
    assert state["cycles"]["ms"] == [round(end, 1) for end in trace.ends_ms]


def test_the_own_token_shows_the_diffusion_views_chance_where_it_is_known(trace):
    known = catalogue.state("output", trace)["state"]["tokens"]["q"]
    at = 0
    for cycle in trace.cycles:
        at += cycle.verdict.n_commit
        ids = cycle.draft.q_top_ids[cycle.accepted] if cycle.accepted < cycle.draft.n_draft else ()
        assert (known[at] is not None) is (cycle.verdict.next_id in ids)


def test_ghosts_are_what_was_thrown_away(trace):
    ghosts = catalogue.state("output", trace)["state"]["cycles"]["ghosts"]
    for cycle, thrown in zip(trace.cycles, ghosts, strict=True):
        n = cycle.statuses().count("refused") + cycle.statuses().count("discarded")
        assert thrown == list(cycle.draft.draft_ids[cycle.accepted :][: min(n, 9)])
    perfect = Trace.of(synthetic.events(seed=3, tokens=90, sureness=1.0, stop="eos"))
    assert not any(catalogue.state("output", perfect)["state"]["cycles"]["ghosts"]), "nothing was refused"


# -- the lossless check


def said(trace):
    found = catalogue.state("neartie", trace)["facts"]["check"]
    return found, " ".join(found["say"])


def test_an_identical_run_has_counts_and_no_microscope(trace):
    found, text = said(trace)
    n = len(trace.tokens)
    assert found["tone"] == "good" and found["badge"] == f"identical {n}/{n}" and "lists" not in found
    assert f"All {n} tokens are equal." in text and "measurement, not a promise" in text


@pytest.mark.parametrize(("verdict", "tone"), [("near_tie", "warn"), ("mismatch", "bad")])
def test_a_parted_run_is_put_under_the_microscope(verdict, tone):
    run = Trace.of(parted.events(verdict=verdict))
    found, text = said(run)
    assert found["tone"] == tone and "The first 41 tokens are equal. As token 42 Orthrus wrote" in text
    assert ("a near tie (below 0.5)" in text) is (verdict == "near_tie")
    assert ("report it as a bug" in text) is (verdict == "mismatch")
    assert say("neartie.repeat") in text, "this run was in plain PyTorch"
    assert [len(each["rows"]) for each in found["lists"]] == [3, 3] and "gap" in found["lists"][0]["gap"]
    assert found["lists"][0]["rows"][0][0] == run.token_ids[41]
    assert found["lists"][1]["rows"][0][0] == run.ar_ids[41]
    shared, ((_, ours, more), (_, theirs, _)) = found["texts"]["shared"], found["texts"]["tails"]
    assert shared + ours in run.text and more and ours != theirs
    assert shared + theirs in run.data(run.ar_ids).decode()
    if verdict == "near_tie":
        assert check(run) == []


@pytest.mark.parametrize("name", ["neartie", "badges", "gaps", "race", "output", "record"])
@pytest.mark.parametrize("at", [0, 41, 89])
def test_a_parted_run_is_drawn_event_by_event_too(name, at):
    for partial, drawn in patched(name, Trace.of(parted.events(at=at))):
        assert drawn == catalogue.state(name, partial)
    assert json.loads(json.dumps(drawn))


def test_a_text_that_ends_where_the_other_goes_on():
    events = [replace(e, ids=e.ids[:1], t_ms=e.t_ms[:1], gap=e.gap[:1]) if isinstance(e, ArChunk) else e
              for e in parted.events(at=1, tokens=8) if not isinstance(e, ArChunk) or e.i0 == 0]  # fmt: skip
    found, text = said(Trace.of(events))
    assert "plain decoding nothing more" in text and found["texts"]["tails"][1][1] == ""


def test_without_the_rows_nothing_is_said_about_the_gap():
    bare = {"block_top3": (), "single_top3": (), "gap_block": None, "gap_single": None, "rows_compared": 0}
    events = [replace(e, **bare) if isinstance(e, Lossless) else e for e in parted.events()]
    found, text = said(Trace.of(events))
    assert "is not known" in text and "were not compared" in text and found["lists"][0]["rows"] == []


def test_rejection_claims_no_equal_tokens_and_one_lane_claims_nothing():
    events = synthetic.events(lanes=("orthrus",))
    assert said(Trace.of(events))[0]["badge"] == "not compared yet"
    start = events[0]
    params = replace(start.params, mode="sample", coupling="rejection", temperature=1.0, seed=3)
    assert isinstance(start, RunStart) and isinstance(params, Params)
    found, text = said(Trace.of([replace(start, params=params), *events[1:]]))
    assert found["badge"] == "equal in distribution" and "two draws of one distribution" in text


def test_a_real_lane_that_differs_is_explained(monkeypatch):
    from orthrus.config import DecodeConfig
    from orthrus.decoding.engine import run_both
    from tests.unit.decoding.test_compare import Nudged, compiled

    lm = compiled()
    monkeypatch.setattr(lm.model, "forward_ar", Nudged(lm.model, 5, 5.0))
    run = Trace.of(run_both(lm, "abc", DecodeConfig(20, detail=1, block_size=4)))
    found, text = said(run)
    assert found["tone"] == "bad" and f"As token {run.lossless.first_div + 1} Orthrus wrote" in text
    assert found["lists"][0]["rows"][0][0] != found["lists"][1]["rows"][0][0]
    assert re.search(r"In the block the two best were \d+\.\d{4} logits apart, alone \d+\.\d{4}: no near tie", text)


# -- race and scoreboard


def test_the_race_tells_both_clocks_and_a_lost_one_is_known_as_lost():
    won = catalogue.state("race", Trace.of(synthetic.events(seed=1)))["facts"]["run"]
    assert "The texts are the same." in won["result"] and not won["lost"] and won["clock"] == "ms"
    assert re.search(r"[\d.]+ ms against [\d.]+ ms .*, [\d.]+× ", won["result"])
    assert re.search(r"\d+ forward passes instead of \d+\.", won["why"])
    hard = catalogue.state("race", Trace.of(synthetic.events(seed=2, tokens=60, sureness=0.1)))["facts"]["run"]
    assert hard["lost"] and hard["clock"] == "passes" and re.search(r", 0\.\d+× ", hard["why"])
    assert re.search(r"\d+ forward passes against 60\.", hard["result"]), "more passes than tokens are not called fewer"
    alone = catalogue.state("race", Trace.of(synthetic.events(lanes=("orthrus",))))["facts"]["run"]
    assert not alone["lost"] and "not measured" in alone["result"]
    other = catalogue.state("race", Trace.of(parted.events()))["facts"]["run"]
    assert "the same" not in other["result"]


def test_bars_on_the_races_axis_are_the_cycles(trace):
    bars = catalogue.state("race", trace)["facts"]["cycles"]
    assert bars["ms"] == [round(end, 3) for end in trace.ends_ms] and bars["n"] == [v.n_commit for v in trace.verdicts]
    assert bars["passes"] == [3 + 2 * c for c in range(len(trace.verdicts))]


def test_a_drafter_that_does_not_fire_raises_an_alarm():
    weak = catalogue.state("board", Trace.of(synthetic.events(seed=2, tokens=40, sureness=0.02)))["state"]["values"]
    assert weak["alarm"].startswith("The drafter is not firing: 1.")
    assert not catalogue.state("board", Trace.of(synthetic.events(seed=1)))["state"]["values"].get("alarm")


def test_everything_a_slider_says_is_called_simulated():
    extra = catalogue.VIEWS["timeline"].skeleton()["extra"]
    assert all("imulated" in extra[name] for name in ("say", "unknown", "mark"))
    assert [each["key"] for each in extra["sliders"]] == ["draft", "verify"]


def test_a_run_is_called_by_the_beginning_of_its_prompt(trace):
    assert catalogue.state("statistics", trace)["facts"]["name"] == "“How many apples are left?”"
    short = statistics.called(_asking(trace, "x" * 100))
    assert len(short) == statistics.NAME_LENGTH + 2 and short.endswith("…”")
    assert statistics.called(_asking(trace, "two\n lines")) == "“two lines”"
    assert statistics.called(_asking(trace, None)) == "synthetic"


def _asking(trace, text):
    messages = () if text is None else (Message(role="user", content=text),)
    return replace(trace.start, prompt=replace(trace.start.prompt, messages=messages))
