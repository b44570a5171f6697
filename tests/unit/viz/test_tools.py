"""Inspector, quiz, tour and the captions' third level: what they say is what the trace says."""

import re
from dataclasses import replace

import pytest

from orthrus.events import Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from tests import synthetic
from viz.format import number, times
from viz.language import say
from viz.patches import apply
from viz.player import frames
from viz.views import captions, catalogue, inspector, quiz


@pytest.fixture(scope="module")
def trace():
    return Trace.of(synthetic.events(seed=1, tokens=150, sureness=0.85))


@pytest.fixture(scope="module")
def ending():
    """Perfect blocks; the text ends inside the last one."""
    return Trace.of(synthetic.events(seed=3, tokens=90, sureness=1.0, stop="eos"))


def judged(view, trace):
    """(cycle, verdict, the view's block once the verdict is there)."""
    state, partial = {"block": None}, Trace()
    for event in trace.events:
        partial = partial.add(event)
        for change in view.patch(event, partial):
            apply(state, change)
        if isinstance(event, Verdict):
            yield partial.cycle(event.cycle), event, dict(state["block"])


# -- inspector


def test_the_inspector_holds_both_views_lists_for_every_slot(trace):
    for cycle, verdict, block in judged(inspector, trace):
        n = cycle.draft.n_draft
        assert list(block["ids"]) == list(cycle.draft.draft_ids) and list(block["own"]) == list(verdict.ar_ids[:n])
        for name, ids, lps in (
            ("q_top", cycle.draft.q_top_ids, cycle.draft.q_top_lp),
            ("p_top", verdict.p_top_ids[:n], verdict.p_top_lp[:n]),
        ):
            assert [tuple(row) for row in block[name]] == [row[: inspector.SHOWN] for row in ids]
            assert [len(row) for row in block[name + "p"]] == [min(len(row), inspector.SHOWN) for row in lps]
        assert len(block["gap"]) == len(block["overlap"]) == len(block["rank_p"]) == n


def test_the_inspector_looks_at_the_cut_once_it_is_known(trace, ending):
    for cycle, _, block in [*judged(inspector, trace), *judged(inspector, ending)]:
        statuses = cycle.statuses()
        where = statuses.index("refused") if "refused" in statuses else block["look"]
        assert block["look"] == where < len(statuses)
        assert block["status"] == catalogue.block.codes(statuses)


def test_what_was_never_judged_is_told_apart_from_what_came_after_the_end(ending, trace):
    assert [block["unjudged"] for _, _, block in judged(inspector, ending)][-1] == "ended"
    assert {block["unjudged"] for _, _, block in judged(inspector, trace)} == {"discarded"}
    for name in ("discarded", "ended"):
        said = {status: say(f"inspector.sentence.{status}") for status in inspector.SENTENCES}
        assert "wrong" not in said[name] and "refused" in said["discarded"]


@pytest.mark.parametrize("detail", [-1, 0])
def test_without_alternatives_the_inspector_has_no_lists(detail):
    for _, _, block in judged(inspector, Trace.of(synthetic.events(seed=4, detail=detail))):
        assert "q_top" not in block and "p_top" not in block and ("q" in block) is (detail == 0)


def test_tenths_of_a_percent_are_rounded_down():
    assert inspector.tenths((0.0, -0.001, -0.693, -30.0)) == [1000, 999, 500, 0]


# -- quiz


def test_the_quiz_keeps_the_answer_until_the_verdict(trace):
    for frame in frames.tape(trace):
        found = {change[2]: change[3] for change in frame["x"] if change[0] == "quiz"}
        if frame.get("p") == "draft":
            assert set(found["block"]) == {"n"}
        elif frame.get("p") == "verify":
            assert set(found["block"]) - {"why"} == {"cut", "kept", "outcome"}


def test_the_right_answer_is_the_first_refused_slot(trace, ending):
    for cycle, _, block in [*judged(quiz, trace), *judged(quiz, ending)]:
        statuses, n = cycle.statuses(), cycle.draft.n_draft
        first = statuses.index("refused") if "refused" in statuses else None
        if block["outcome"] == "refused":
            assert block["cut"] == [first, first]
            own, guess = block["why"]
            assert own == cycle.verdict.ar_ids[first - 1] != guess == cycle.draft.draft_ids[first - 1]
        else:
            assert first is None and block["cut"][1] == n + 1 and block["kept"] == cycle.accepted
    assert {block["outcome"] for _, _, block in judged(quiz, ending)} == {"all", "ended"}


# -- captions


def test_a_run_of_indentation_is_told(trace):
    for cycle, verdict, _ in judged(quiz, trace):
        partial = trace
        said = captions._verify(cycle, verdict, partial)[0]
        blanks = [i for i in cycle.draft.draft_ids[: cycle.accepted] if "\n" in (trace.glyph(i).s or "")]
        assert ("only line ends and indentation" in said) is (len(blanks) >= captions.BLANKS)
    cycle, verdict, _ = next(each for each in judged(quiz, trace) if each[0].accepted > 3)
    blank = next(token.id for token in trace.tokens if (trace.glyph(token.id).s or "x").strip() == "")
    spaces = cycle._replace(draft=replace(cycle.draft, draft_ids=(blank,) * cycle.draft.n_draft))
    assert f"{cycle.accepted} of those kept are only line ends" in captions._verify(spaces, verdict, trace)[0]


# -- tour


def test_every_number_of_the_tour_is_the_runs_own(trace):
    beats = catalogue.state("tour", trace)["facts"]["beats"]
    metrics = measure(trace)
    texts = {beat["key"]: beat["text"] + beat.get("after", "") for beat in beats}
    assert list(texts) == ["race", "draft", "verify", "commit", "quiz", "whole", "time"]
    shown = trace.cycle(beats[1]["cycle"])
    assert f"slot {shown.statuses().index('refused')}" in texts["verify"]
    assert texts["commit"].startswith(f"{shown.accepted} guess") and str(shown.verdict.kv.cropped) in texts["commit"]
    assert f"{metrics.passes} forward passes instead of {metrics.tokens}" in texts["whole"]
    assert times(metrics.speedup) in texts["time"] and number(metrics.tokens_per_cycle / 2) in texts["time"]
    assert f"all {len(trace.tokens)} tokens are the same" in texts["race"]
    assert beats[4]["cycle"] > beats[1]["cycle"], "the question is about a block that has not been shown"
    assert 50 <= sum(beat["s"] for beat in beats) <= 70
    shown = [(beat["show"], beat["cycle"], beat["key"]) for beat in beats]
    assert len({str(picture) for picture in shown}) == len(shown), "no two beats show the same picture"


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({"lanes": ("orthrus",)}, "Plain decoding was not measured in this run."),
        ({"sureness": 1.0, "stop": "eos"}, "all 100 tokens are the same"),
        ({"cancel_after": 2}, "Plain decoding was not measured"),
    ],
)
def test_the_tour_claims_only_what_was_measured(run, said):
    beats = catalogue.state("tour", Trace.of(synthetic.events(**run)))["facts"]["beats"]
    assert said in next(beat["after"] for beat in beats if beat["key"] == "race")


def test_no_cycle_no_tour():
    assert catalogue.state("tour", Trace.of(synthetic.events(tokens=1)))["facts"]["beats"] == []


def test_every_beat_is_about_views_and_stops_that_exist(trace, ending):
    for run in (trace, ending):
        stops = {(frame["c"], frame["p"]) for frame in frames.tape(run) if "p" in frame}
        for beat in catalogue.state("tour", run)["facts"]["beats"]:
            assert set(beat["show"]) <= set(catalogue.VIEWS)
            if beat["cycle"] is not None:
                assert (beat["cycle"], "draft" if beat["key"] == "quiz" else beat["key"]) in stops


# -- captions


def by_level(changes):
    return {level: captions.spoken(segments) for level, segments in changes[0].value.items()}


def said(trace):
    """(kind of block, what the verify caption says at every level) of each cycle."""
    partial = Trace()
    for event in trace.events:
        partial = partial.add(event)
        if isinstance(event, Verdict):
            cycle = partial.cycle(event.cycle)
            yield captions.kind_of(cycle, event), by_level(captions.patch(event, partial)), cycle


def test_every_kind_of_block_has_its_own_words():
    found = {}
    for seed, sureness, stop in ((1, 0.3, "length"), (2, 0.85, "length"), (3, 1.0, "eos")):
        for kind, levels, _ in said(Trace.of(synthetic.events(seed=seed, tokens=150, sureness=sureness, stop=stop))):
            found.setdefault(kind, levels)
    assert set(found) >= {"perfect", "ended", "first", "early", "cut"}
    assert "perfect block" in found["perfect"]["plain"] and "the text ends" in found["ended"]["plain"]
    assert "very first" in found["first"]["plain"] and "so k = 0." in found["first"]["math"]
    assert "early stop" in found["early"]["plain"]
    assert "close call" in found["first"]["plain"], "the synthetic gap of slot 1 is 0"


def test_the_rule_is_filled_with_the_verdicts_numbers(trace):
    for kind, levels, cycle in said(trace):
        if kind == "cut":
            assert f"Equal for i ≤ {cycle.verdict.n_accept}" in levels["math"]
            assert levels["math"].endswith(f"so k = {cycle.verdict.n_accept}.")
    metrics = measure(trace)
    finish = by_level(captions.patch(trace.done, trace))["math"]
    assert f"{metrics.tokens} / (1 + {trace.done.passes_draft} + {trace.done.passes_verify})" in finish


def test_a_guess_refused_by_chance_is_not_called_a_disagreement(trace):
    """Rejection sampling may refuse even the AR view's own first choice."""
    partial = Trace()
    for event in trace.events:
        if isinstance(event, Verdict) and event.next_kind == "correction":
            n, k = len(event.ar_ids) - 1, event.n_accept
            toss = {"accept_p": (1.0,) * k + (0.25,) * (n - k), "u": (0.1,) * k + (0.75,)}
            event = replace(event, next_kind="resample", **toss)
            verify = by_level(captions.patch(event, partial.add(event)))
            block = inspector.patch(event, partial.add(event))[0].value
            assert "close call" not in verify["plain"] and "gap" not in verify["technical"]
            assert block["refused"] == "tossed" and block["u"][k] > block["accept"][k]
        partial = partial.add(event)


def test_no_template_leaves_a_brace_open(trace, ending):
    for run in (trace, ending):
        for frame in frames.tape(run):
            for change in frame["x"]:
                if change[0] == "captions" and change[2] == "say":
                    assert all(
                        not re.search(r"\{\w*\}|None|nan", text) for text in map(captions.spoken, change[3].values())
                    )
