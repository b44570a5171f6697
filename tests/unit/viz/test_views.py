"""Views: applying patches event by event is the view of the whole trace; patches are small, pure and plain data."""

import copy
import json
import threading
from types import SimpleNamespace

import pytest

from orthrus.config import DecodeConfig
from orthrus.decoding.engine import run_both
from orthrus.events import Glyph, Verdict
from orthrus.trace import Trace
from orthrus.trace.invariants import check
from orthrus.trace.metrics import measure
from tests import synthetic
from tests.refusals import refused
from viz import theme
from viz.patches import PHASES, Change, apply, merge, put, rows
from viz.player import frames as player
from viz.views import captions, catalogue
from viz.views.block import percents
from viz.views.words import quoted

RUNS = {
    "ordinary": {"seed": 1, "tokens": 150},
    "hard text": {"seed": 2, "tokens": 60, "sureness": 0.3},
    "perfect": {"seed": 3, "tokens": 90, "sureness": 1.0, "stop": "eos"},
    "ids only": {"seed": 4, "detail": -1},
    "no distributions": {"seed": 5, "detail": 0},
    "one lane": {"seed": 6, "lanes": ("orthrus",)},
    "cancelled": {"seed": 7, "cancel_after": 2},
    "block of one": {"seed": 8, "tokens": 12, "block": 1},
    "one token": {"seed": 9, "tokens": 1},
    "paced": {"seed": 10, "tokens": 70, "sureness": 0.8, "guesses": (5, 0, 1, 31, 0, 2)},
    "every length": {"seed": 11, "tokens": 260, "sureness": 0.9, "guesses": tuple(range(32))},
    "never a guess": {"seed": 12, "tokens": 6, "guesses": (0,)},
}
# bytes of one event's patch for one view, and of all views together, averaged over the cycles of an ordinary run
EVENT_BUDGET, CYCLE_BUDGET = 1400, 10_500
# the inspector: five alternatives of every slot, in each of the two views; the statistics: all of them, but only at
# cycles 1, 2, 4, 8, ...; the tour and the costs come once, with the end; so does the recorded file, which is as long
# as it is
OWN_BUDGET = {
    "inspector": 3000,
    "statistics": 2500,
    "tour": 2000,
    "catch": 2000,
    "words": float("inf"),
    "record": float("inf"),
}


def patched(name, trace):
    """A view's state and facts after each event."""
    skeleton = catalogue.VIEWS[name].skeleton()
    drawn = {"state": skeleton.get("state", {}), "facts": skeleton.get("facts", {})}
    partial = Trace()
    for event in trace.events:
        partial = partial.add(event)
        for change in catalogue.VIEWS[name].patch(event, partial):
            apply(drawn["state" if change.phase else "facts"], change)
        yield partial, copy.deepcopy(drawn)


@pytest.mark.parametrize("name", catalogue.VIEWS)
@pytest.mark.parametrize("run", RUNS)
def test_patches_event_by_event_are_the_view_of_the_trace_so_far(name, run):
    trace = Trace.of(synthetic.events(**RUNS[run]))
    for partial, drawn in patched(name, trace):
        assert drawn == catalogue.state(name, partial)
    assert json.loads(json.dumps(drawn)), "a view is plain data"


@pytest.mark.parametrize("name", catalogue.VIEWS)
def test_a_patch_is_pure_and_its_phase_is_a_stop_of_its_event(name):
    partial = Trace()
    for event in synthetic.events(sureness=0.8):
        partial = partial.add(event)
        first, second = (catalogue.VIEWS[name].patch(event, partial) for _ in range(2))
        assert first == second
        stops = {frame["p"] for frame in player.frames(event, partial) if "p" in frame}
        assert {change.phase for change in first} - {None} <= stops <= set(PHASES)


@pytest.mark.parametrize("name", catalogue.VIEWS)
def test_applying_a_patch_twice_does_no_harm(name):
    trace = Trace.of(synthetic.events(sureness=0.8))
    skeleton, partial = catalogue.VIEWS[name].skeleton(), Trace()
    drawn = {"state": skeleton.get("state", {}), "facts": skeleton.get("facts", {})}
    for event in trace.events:
        partial = partial.add(event)
        for change in catalogue.VIEWS[name].patch(event, partial):
            for _ in range(2):
                apply(drawn["state" if change.phase else "facts"], copy.deepcopy(change))
    assert drawn == catalogue.state(name, trace)


def test_patches_stay_within_their_byte_budget():
    trace = Trace.of(synthetic.events(seed=1, tokens=400, sureness=0.9, n_alt=8))
    for frame in player.tape(trace):
        per_view = {}
        for change in frame["x"]:
            per_view[change[0]] = per_view.get(change[0], 0) + len(player.dumps(change))
        assert all(size <= OWN_BUDGET.get(view, EVENT_BUDGET) for view, size in per_view.items()), per_view
    frames = [
        {**frame, "x": [change for change in frame["x"] if change[0] != "record"]} for frame in player.tape(trace)
    ]
    mean = len(player.dumps(frames)) / len(trace.verdicts)
    assert mean <= CYCLE_BUDGET, f"{mean:.0f} bytes a cycle"


def test_a_patch_does_not_grow_with_the_run():
    sizes = []
    partial = Trace()
    for event in synthetic.events(tokens=1500):
        partial = partial.add(event)
        if isinstance(event, Verdict):
            sizes.append(len(player.dumps(player.frames(event, partial))))
    early, late = sum(sizes[:20]) / 20, sum(sizes[-25:-5]) / 20
    assert late < 1.25 * early


def test_changes_do_what_they_say_and_nothing_else_is_a_change():
    state = {"a": 1, "d": {"x": 1}, "t": {"c": [1, 2, 3]}}
    for change in (put("a", 2), merge("d", {"y": 2}), rows("t", 2, {"c": [9, 8]})):
        apply(state, change)
    assert state == {"a": 2, "d": {"x": 1, "y": 2}, "t": {"c": [1, 2, 9, 8]}}
    with pytest.raises(ValueError, match="unknown change 'drop'"):
        apply(state, Change("drop", "a", None))


def test_a_view_that_does_not_exist_is_named():
    with refused("unknown-choice"):
        catalogue.state("ribbons", Trace())


# -- what single views say


@pytest.fixture(scope="module")
def trace():
    return Trace.of(synthetic.events(seed=1, tokens=150, sureness=0.85))


def stops(trace, phase):
    return [frame for frame in player.tape(trace) if frame.get("p") == phase]


def values(frame, view):
    return {change[2]: change[3] for change in frame["x"] if change[0] == view}


def test_the_ribbon_shows_all_guesses_at_once_and_never_calls_a_discarded_one_wrong(trace):
    for cycle, draft, verify in zip(trace.cycles, stops(trace, "draft"), stops(trace, "verify"), strict=True):
        block = values(draft, "ribbon")["block"]
        assert list(block["ids"]) == list(cycle.draft.draft_ids) and len(block["q"]) == cycle.draft.n_draft
        assert block["status"] == "a" + "p" * cycle.draft.n_draft
        status = values(verify, "ribbon")["block"]["status"]
        assert status.count("n") <= 1 and status[status.find("n") + 1 :].strip("d") == "" if "n" in status else True


def test_percent_shows_100_only_for_certainty():
    assert percents((0.0, -0.001, -0.693, -30.0)) == [100, 99, 50, 0]


def test_the_race_lets_tokens_land_when_their_cycle_was_done(trace):
    facts = catalogue.state("race", trace)["facts"]
    ours, ar = facts["orthrus"], facts["ar"]
    assert "".join(ours["text"]) == trace.text == "".join(ar["text"])
    assert ours["ms"] == sorted(ours["ms"]) and len(set(ours["ms"])) == 1 + len(trace.verdicts)
    assert ours["ms"][-1] == pytest.approx(measure(trace).total_ms, abs=1e-3)
    assert ar["ms"] == list(trace.ar_ms) and ar["passes"] == list(range(1, len(trace.ar_ids) + 1))
    assert ours["passes"][-1] == measure(trace).passes
    assert facts["run"]["limit"] == len(trace.tokens)


@pytest.mark.parametrize(
    ("kind", "nth", "stopped", "unjudged"),
    [("draft", 2, ["orthrus"], 1), ("verdict", 1, ["orthrus"], 0), ("ar_chunk", 1, ["ar"], 0), ("done", 1, [], 0)],
)
def test_a_lane_that_was_stopped_says_so_and_counts_every_pass_it_made(tiny, kind, nth, stopped, unjudged, monkeypatch):
    monkeypatch.setattr("orthrus.decoding.autoregressive.EVENTS_MS", 0.0)
    cancel, events = threading.Event(), []
    for event in run_both(tiny, "How many apples are left?", DecodeConfig(60), cancel):
        events.append(event)
        if [each.type for each in events].count(kind) == nth:
            cancel.set()
    trace = Trace.of(events)
    facts = catalogue.state("race", trace)["facts"]
    assert facts["run"]["stopped"] == stopped
    assert facts["run"]["passes"] == measure(trace).passes == facts["orthrus"]["passes"][-1] + unjudged


def test_the_staircase_begins_each_row_where_the_last_one_ended(trace):
    columns = catalogue.state("staircase", trace)["state"]["columns"]
    for c in range(len(columns["y"]) - 1):
        assert columns["anchor0"][c + 1] == columns["own0"][c], "the AR view's token is the next anchor"
    total = sum(columns["acceptedn"]) + sum(columns["ownn"])
    assert total == measure(trace).tokens - 1


def test_the_scoreboard_is_silent_about_what_was_not_measured():
    alone = catalogue.state("board", Trace.of(synthetic.events(lanes=("orthrus",))))
    assert alone["facts"]["values"]["speedup"] == "not measured"
    both = catalogue.state("board", Trace.of(synthetic.events()))
    assert both["facts"]["values"]["speedup"].endswith("×")


def test_badges_claim_only_what_was_computed(trace):
    drawn = catalogue.state("badges", trace)
    assert drawn["state"]["lossless"]["text"] == f"identical {len(trace.tokens)}/{len(trace.tokens)}"
    alone = catalogue.state("badges", Trace.of(synthetic.events(lanes=("orthrus",))))["state"]
    assert alone["lossless"]["tone"] == "quiet" and "not compared" in alone["lossless"]["text"]
    assert drawn["facts"]["source"]["text"] == "Live on test bench"


def test_the_badge_of_the_comparison_comes_with_the_end_of_the_race(trace):
    """Both texts are compared when both have been shown, not before anything has run."""
    before = catalogue.state("badges", Trace.of(list(trace.events)[:-1]))["state"]["lossless"]
    assert before["tone"] == "quiet" and "identical" not in before["text"]
    phases = [f.get("p") for f in player.tape(trace) for c in f["x"] if c[0] == "badges" and c[2] == "lossless"]
    assert phases == ["finish"]


def test_captions_never_promise_32_guesses_or_steps(trace):
    for frame in player.tape(trace):
        for say in map(captions.spoken, (values(frame, "captions").get("say") or {}).values()):
            assert "32 guess" not in say and "32 token" not in say and "denois" not in say
            assert say.endswith(".") and "None" not in say


def test_captions_for_every_kind_of_run():
    for run in RUNS.values():
        trace = Trace.of(synthetic.events(**run))
        for frame in player.tape(trace):
            if "p" in frame:
                assert all(values(frame, "captions")["say"].values())


def test_the_cache_strip_adds_up(trace):
    for verify, commit in zip(stops(trace, "verify"), stops(trace, "commit"), strict=True):
        during, after = (sum(n for _, n in values(f, "cache")["bar"]) for f in (verify, commit))
        assert during == after, "what is written is kept or cut off"
    memory = catalogue.state("memory", trace)["facts"]["columns"]
    assert [w - k for w, k in zip(memory["written"], memory["kept"], strict=True)] == memory["cropped"]
    assert sum(memory["cropped"]) == measure(trace).kv_cropped
    said = values(stops(trace, "commit")[-1], "cache")["lines"][1]
    assert f"So far {sum(memory['cropped'])} of {sum(memory['written'])} rows" in said
    assert memory["block"] == [cycle.draft.block * 512 / 1024 for cycle in trace.cycles] and memory["block"][0] == 16.0


def test_where_nothing_is_guessed_no_view_says_that_something_was():
    run = Trace.of(synthetic.events(**RUNS["paced"]))
    assert check(run) == []
    memory = catalogue.state("memory", run)["facts"]["columns"]
    for cycle, draft, verify, commit in zip(
        run.cycles, *(stops(run, phase) for phase in ("draft", "verify", "commit")), strict=True
    ):
        n, row = cycle.draft.n_draft, cycle.draft.cycle
        assert memory["block"][row] == (cycle.draft.block * 0.5 if n else 0)
        assert len(values(draft, "ribbon")["block"]["status"]) == 1 + n == len(values(verify, "ribbon")["block"]["ar"])
        assert dict(values(draft, "cache")["bar"])["temp"] == (1 + n if n else 0)
        if n:
            continue
        assert "makes no pass" in values(draft, "cache")["lines"][1]
        said = [values(frame, "captions")["say"]["plain"] for frame in (draft, verify, commit)]
        assert all(kind in (None, "own") for segments in said for _, kind in segments)
        assert captions.spoken(said[1]).startswith("The AR view writes one token by itself.")
        assert captions.spoken(said[2]).startswith("0 guesses and one token")
        assert values(verify, "inspector")["block"]["look"] == 0


def test_words_of_a_caption_are_about_slots_that_exist():
    for run in RUNS.values():
        trace = Trace.of(synthetic.events(**run))
        for phase in ("draft", "verify", "commit"):
            for cycle, frame in zip(trace.cycles, stops(trace, phase), strict=False):
                said = [piece for level in values(frame, "captions")["say"].values() for piece in level]
                judged = cycle.statuses() if phase != "draft" else ("anchor",) + ("pending",) * cycle.draft.n_draft
                for words, kind in said:
                    assert words and not set(words) & set("\x01\x02\x03"), said
                    assert kind in (None, "own", *judged) or (kind, phase) == ("discarded", "verify")


def test_a_token_of_control_signs_does_not_break_a_caption():
    assert captions.segments("a \x01own\x02“b”\x03 c") == [["a ", None], ["“b”", "own"], [" c", None]]
    assert captions.segments("") == [] and captions.segments("a") == [["a", None]]
    trace = SimpleNamespace(glyph=lambda index: Glyph(s="x\x01own\x02", b="00"))
    assert captions.segments(quoted(1, trace)) == [["“x␁own␂”", None]]


def test_every_status_has_its_own_letter_glyph_and_a_readable_colour():
    statuses = theme.STATUSES.values()
    assert len({s.code for s in statuses}) == len({s.glyph for s in statuses}) == len(theme.STATUSES)
    for mode, palette in theme.PALETTES.items():
        for status in statuses:
            assert contrast(palette[status.colour], palette["page"]) >= 3.0, (mode, status)
        for name in ("ink", "soft"):
            for background in ("page", "card"):
                assert contrast(palette[name], palette[background]) >= 4.5, (mode, name, background)


def contrast(one: str, two: str) -> float:
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)
