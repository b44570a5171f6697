"""What the browser adds to the views by itself: simulated times, compared runs, pointing words, a window on a text."""

import pytest

from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from tests import synthetic
from tests.unit.viz.test_player import node
from viz.player import frames
from viz.views import catalogue, statistics

SOURCES = ("table.js", "exports.js", "simulate.js", "compare.js", "worded.js", "written.js", "filter.js", "ribbon.js",
           "clock.js", "race.js", "tour.js", "ruler.js", "guess.js")  # fmt: skip
STUB = "global.document = {querySelectorAll: () => [], scripts: []};"


@pytest.fixture(scope="module")
def trace():
    return Trace.of(synthetic.events(seed=1, tokens=150, sureness=0.85))


def scripted(body: str, **data):
    more = "\n".join((frames.STATIC / name).read_text(encoding="utf-8") for name in SOURCES)
    return node(STUB + "(0, eval)(input.more);" + body, more=more, **data)


def simulated(run, **factors):
    facts = catalogue.state("timeline", run)["facts"]
    body = "console.log(JSON.stringify(O.simulated(input.facts, input.factors)));"
    return facts, scripted(body, facts=facts, factors={"draft": 1, "verify": 1, **factors})


def test_a_simulation_that_changes_nothing_gives_what_was_measured(trace):
    facts, found = simulated(trace)
    assert found["columns"]["draft"] == facts["columns"]["draft"]
    assert found["need"] == pytest.approx(facts["columns"]["line"][0], abs=0.01)
    assert found["times"] == pytest.approx(measure(trace).speedup, rel=1e-3)
    assert f"{found['won']} of {found['n']} cycles beat plain decoding" in facts["note"]


def test_a_slower_pass_moves_the_line_and_the_speed_as_the_times_say(trace):
    facts, found = simulated(trace, draft=3.0, verify=0.5)
    metrics = measure(trace)
    times = [3 * c.draft.t_draft_ms + 0.5 * c.verdict.t_verify_ms + c.verdict.t_judge_ms + c.verdict.t_host_gap_ms
             for c in trace.cycles]  # fmt: skip
    alone = (trace.ar_ms[-1] - trace.ar_ms[0]) / (len(trace.ar_ms) - 1)
    need = sum(times) / len(times) / alone
    assert found["need"] == pytest.approx(need, rel=1e-3) and found["columns"]["line"] == [found["need"]] * 2
    assert found["won"] == sum(v.n_commit > need for v in trace.verdicts) != len(trace.verdicts)
    assert found["times"] == pytest.approx(metrics.ar_total_ms / (trace.prefill.ms + sum(times)), rel=1e-3)
    assert found["columns"]["verify"] == [0.5 * c.verdict.t_verify_ms for c in trace.cycles]
    assert facts["columns"]["verify"] == [c.verdict.t_verify_ms for c in trace.cycles], "the measured times stay"


def test_without_a_second_lane_no_break_even_is_made_up():
    _, found = simulated(Trace.of(synthetic.events(lanes=("orthrus",))), draft=2.0)
    assert found["need"] is None and found["times"] is None and found["won"] is None


def test_everything_a_slider_says_is_called_simulated():
    extra = catalogue.VIEWS["timeline"].skeleton()["extra"]
    assert all("imulated" in extra[name] for name in ("say", "unknown", "mark"))
    assert [each["key"] for each in extra["sliders"]] == ["draft", "verify"]


@pytest.mark.parametrize("variant", range(5))
def test_kept_runs_come_with_their_own_numbers_in_picture_and_table(trace, variant):
    spec = catalogue.VIEWS["statistics"].skeleton()["variants"][variant]
    runs = [Trace.of(synthetic.events(seed=seed, tokens=80, sureness=0.6)) for seed in (5, 6)]
    facts = [catalogue.state("statistics", run)["facts"] for run in (trace, *runs)]
    kept = [{"name": f"<b>{i}</b>", "columns": each["columns"]} for i, each in enumerate(facts[1:])]
    body = """
    const {columns, spec, kept, looks} = input;
    const found = O.compared({columns, data: spec.data, table: spec.table, note: "", mark: ""}, spec, kept, looks);
    console.log(JSON.stringify({...found, csv: O.csv("about", found.table, found.columns)}));
    """
    looks = statistics.COMPARED["looks"]
    found = scripted(body, columns=facts[0]["columns"], spec=spec, kept=kept, looks=looks)
    lines = found["data"][len(spec["data"]) :]
    assert len(lines) == 2 and all(line["name"].startswith("&#60;b") for line in lines), "a prompt is no HTML"
    for line, other in zip(lines, facts[1:], strict=True):
        for axis, name in (("x", spec["compare"]["x"]), ("y", spec["compare"]["y"])):
            assert found["columns"][line[axis][1:]] == other["columns"][name[1:]]
    assert len(found["table"]) == 3 * len(spec["table"]) and "<b>1</b>" in found["csv"]
    heads = [head for head, _ in found["table"]]
    assert len(set(heads)) == len(heads)


def test_the_text_under_the_staircase_stands_at_its_positions(trace):
    found = catalogue.state("staircase", trace)["state"]["columns"]
    spec = catalogue.VIEWS["staircase"].skeleton()["ruler"]
    body = """
    const {from, sizes, low, high} = input;
    const scale = 600 / (high - low);
    console.log(JSON.stringify(O.rulerPlaces(from, sizes, (at) => scale * (at - low), 600)));
    """
    given = {"from": found[spec["from"]], "sizes": [found[name] for name in spec["sizes"]]}
    low, high = found["pos"][0] + 0.5, found["pos"][-1] + trace.verdicts[-1].n_commit + 0.5
    places = scripted(body, low=low, high=high, **given)
    for place, verdict in zip(places, trace.verdicts, strict=True):
        assert place[1] == pytest.approx(verdict.n_commit * 600 / (high - low))
    assert places[0][0] == 0 and sum(width for _, width in places) == pytest.approx(600), "no gap, no overlap"
    runs = scripted("console.log(JSON.stringify(O.rulerRuns(input.places)));", places=places)
    assert [i for first, last in runs for i in range(first, last + 1)] == list(range(len(places))), "every text once"
    wide = [places[last][0] + places[last][1] - places[first][0] for first, last in runs]
    assert all(width >= 100 for width in wide[:-1])
    middle = scripted(body, low=found["pos"][2], high=found["pos"][3], **given)
    assert middle[0] is None and middle[-1] is None, "what is out of sight is left out"


def test_tables_of_block_and_race_say_what_the_views_show(trace):
    cycle = next(c for c in trace.cycles if "refused" in c.statuses())
    stops = [f for f in frames.tape(trace) if f.get("c") == cycle.draft.cycle and f["p"] in ("draft", "verify")]
    block, drafted = {}, None
    for stop in stops:
        for view, _, key, value, _ in stop["x"]:
            if (view, key) == ("ribbon", "block"):
                block |= value
        drafted = drafted or dict(block)
    body = """
    const player = {settings: input.settings, word: (id) => "w" + id};
    console.log(JSON.stringify(input.blocks.map((block) => O.blockColumns(block, player))));
    """
    before, after = scripted(body, blocks=[drafted, block], settings=frames.drawing())
    n = cycle.draft.n_draft
    assert before["own"] == [None] * (n + 1) and before["guess"][1:] == [f"w{i}" for i in cycle.draft.draft_ids]
    assert after["own"][1:] == [f"w{i}" for i in cycle.verdict.ar_ids[:n]] and after["p"][0] is None
    facts = catalogue.state("race", trace)["facts"]
    half = facts["cycles"]["ms"][2]
    body = "console.log(JSON.stringify(O.raceColumns(input.facts, 'ms', input.clock)));"
    found = scripted(body, facts=facts, clock=half)
    assert found["cycle"] == [1, 2, 3] and found["ar_ms"] == [ms for ms in facts["ar"]["ms"] if ms <= half]
    assert {name for name, _ in catalogue.VIEWS["race"].skeleton()["table"]} and found["n"] == facts["cycles"]["n"][:3]


def test_on_the_clock_of_passes_a_lane_has_made_as_many_as_the_other(trace):
    race, stops = catalogue.state("race", trace)["facts"], [f for f in frames.tape(trace) if "p" in f]
    moments, clock = [], 0.0
    for stop in stops:
        clock += stop["ms"]
        moments.append({"clock": clock, "phase": stop["p"], "share": 1})
    last = {**moments[-1], "clock": clock}
    half = {**last, "share": 0.5}
    body = "console.log(JSON.stringify(input.moments.map((now) => O.raceAt(input.race, input.key, now))));"
    found = scripted(body, race=race, key="passes", moments=[{"clock": 0, "phase": "prefill", "share": 0}, *moments])
    made = {"prefill": 1, "draft": 1, "verify": 0, "commit": 1}  # a verify pass counts once its tokens are committed
    want = [0]
    for moment in moments[:-1]:
        want.append(want[-1] + made[moment["phase"]])
    assert [int(at) for at in found] == [*want, len(trace.ar_ids)] and want[-1] == measure(trace).passes
    between = scripted(body, race=race, key="passes", moments=[half])[0]
    assert between == pytest.approx((want[-1] + len(trace.ar_ids)) / 2)
    assert scripted(body, race=race, key="ms", moments=[half])[0] == pytest.approx(clock)


def test_the_race_on_passes_is_shown_in_the_time_of_all_passes(trace):
    body = (
        "console.log(JSON.stringify(input.lags.map((lag) => O.raceMs({stops: input.stops, race: {lag: () => lag}}))));"
    )
    stops = [{"t0": 0, "ms": 40}, {"t0": 40, "ms": 10}]
    assert scripted(body, stops=stops, lags=[None, 0, 9]) == [50, 40, 400]


@pytest.mark.parametrize(
    ("guess", "truth", "said"),
    [
        (0, 5.0, ""),
        (5, None, ""),
        (5, 5.3, "Spot on: you said 5, it wrote 5.3 tokens a cycle."),
        (9, 5.3, "Too hopeful: you said 9, it wrote 5.3 tokens a cycle."),
        (2.5, 5.3, "Too careful: you said 2.5, it wrote 5.3 tokens a cycle."),
    ],
)
def test_a_guess_is_answered_by_what_was_measured(guess, truth, said):
    body = "console.log(JSON.stringify(O.guessed(input.guess, input.truth)));"
    assert scripted(body, guess=guess, truth=truth) == said


def test_the_answer_is_the_runs_own_count(trace):
    stops = [frame for frame in frames.tape(trace) if "p" in frame]
    found = scripted("console.log(JSON.stringify([O.perCycle(input.stops), O.perCycle([])]));", stops=stops)
    assert found == [pytest.approx(measure(trace).tokens_per_cycle), None]


def test_a_run_is_called_by_the_beginning_of_its_prompt(trace):
    assert catalogue.state("statistics", trace)["facts"]["name"] == "“How many apples are left?”"
    short = statistics.called(_asking(trace, "x" * 100))
    assert len(short) == statistics.NAME_LENGTH + 2 and short.endswith("…”")
    assert statistics.called(_asking(trace, "two\n lines")) == "“two lines”"
    assert statistics.called(_asking(trace, None)) == "synthetic"


def _asking(trace, text):
    from dataclasses import replace

    from orthrus.events import Message

    messages = () if text is None else (Message(role="user", content=text),)
    return replace(trace.start, prompt=replace(trace.start.prompt, messages=messages))


def test_words_are_cut_out_of_a_caption_once_and_without_overlap():
    text = "It agrees with 2 guesses, then it wants “2” instead of “2 guesses”. The 9 guesses after that are left."
    words = [
        ["2 guesses", "accepted"],
        ["“2”", "own"],
        ["“2 guesses”", "refused"],
        ["9 guesses after that", "discarded"],
    ]
    body = "console.log(JSON.stringify(O.cutWords(input.text, input.words)));"
    pieces = scripted(body, text=text, words=[*words, ["not there", "own"]])
    assert "".join(piece for piece, _ in pieces) == text
    assert [(piece, kind) for piece, kind in pieces if kind] == [tuple(word) for word in words]
    assert scripted(body, text="plain", words=[]) == [["plain", None]]


def test_filters_leave_what_sampling_would():
    body = "console.log(JSON.stringify(input.asked.map(([list, how]) => O.refiltered(list, how))));"
    plain = {"temperature": 1, "k": 5, "p": 1}
    asked = [
        [[500, 300, 100, 50, 25], plain],
        [[500, 300, 100, 50, 25], {**plain, "k": 2}],
        [[500, 300, 100, 50, 25], {**plain, "p": 0.7}],
        [[500, 300, 100, 50, 25], {**plain, "p": 0.05}],
        [[640, 160, 90, 70, 40], {**plain, "temperature": 2}],
        [[400, 100, 0, 0, 0], {**plain, "temperature": 0.5, "k": 2}],
    ]
    same, two, nucleus, one, warm, cold = scripted(body, asked=asked)
    assert same == [500, 300, 100, 50, 25], "the rest keeps its share"
    assert two == nucleus == [625, 375, None, None, None]
    assert one == [1000, None, None, None, None], "the best one always stays"
    roots = [value**0.5 for value in (640, 160, 90, 70, 40)]
    assert warm == [round(1000 * root / sum(roots)) for root in roots]
    assert cold == [round(1000 * 16 / 17), round(1000 / 17), None, None, None]


def test_a_long_text_keeps_its_end_on_the_page():
    body = "console.log(JSON.stringify(input.asked.map(([n, pinned]) => O.windowFrom(n, pinned))));"
    asked = [[10, None], [2000, None], [2001, None], [2500, None], [2501, None], [9000, None], [9000, 0], [900, 7000]]
    found = scripted(body, asked=asked)
    assert found == [0, 0, 500, 500, 1000, 7000, 0, 0]
    assert all(n - at <= 2000 for (n, pinned), at in zip(asked, found, strict=True) if pinned is None)
