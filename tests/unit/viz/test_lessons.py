"""Lessons: every moment is one of a recorded run, every number is the run's, every field is checked."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from orthrus.trace.files import SUFFIX, load
from tests.refusals import refused
from viz.export import lesson as lesson_file
from viz.language import speaking
from viz.page.lesson_files import lesson_files
from viz.player import lessons, qr
from viz.player.lesson_numbers import CYCLE, RUN
from viz.views import catalogue

ASSETS = Path(__file__).parents[3] / "assets"
FILES = dict(lessons.files(ASSETS / "lessons"))
SPOKEN = sorted((ASSETS / "lessons").glob("*/*.json"))
STEP = {"title": "A", "minutes": 1, "trace": "07-adding-up", "caption": "c", "say": "s", "phase": "verify", "cycle": 1}
LESSON = {"title": "L", "goal": "g", "before": "b", "needs": "n", "steps": [STEP]}


@cache
def run(name):
    return load(ASSETS / "traces" / f"{name}{SUFFIX}")


def made(tmp_path, lesson):
    path = tmp_path / "made.json"
    path.write_text(json.dumps(lesson), encoding="utf-8")
    return lessons.filled("made", lessons.read(path), run)


@pytest.mark.parametrize("name", FILES)
def test_a_lesson_leads_through_moments_of_recorded_runs(name):
    lesson = lessons.read(FILES[name])
    assert lesson.minutes == {"ten-minutes": 10, "twenty-minutes": 20}[name]
    for step, told in zip(lesson.steps, lessons.filled(name, lesson, run)["steps"], strict=True):
        trace = run(step.trace)
        assert step.cycle <= len(trace.verdicts) and set(step.show) <= catalogue.VIEWS.keys() and step.show
        assert "{" not in json.dumps([told[each] for each in lessons.TEXTS] + told["choices"])
        if step.choices:
            assert told["choices"].count(told["answer"]) == 1 and len(set(told["choices"])) >= 2
        if step.reveal not in ("", "finish"):
            assert (step.phase, step.reveal) == ("draft", "verify"), "a prediction is asked before its verdict"
    assert sum("Exit ticket" in step.title for step in lesson.steps) == 3
    rights = [step.choices.index(step.answer) for step in lesson.steps if step.choices]
    assert len(set(rights)) > 1, "the right answer is not always in one place"


@pytest.mark.parametrize("name", FILES)
def test_no_number_is_written_by_hand(name):
    """What is measured is a {name}, what belongs to the method is a word."""
    for step in lessons.read(FILES[name]).steps:
        for text in (*(getattr(step, each) for each in lessons.TEXTS), *step.choices):
            assert not re.search(r"\d", lessons.GAP.sub("", text)), text


def test_the_numbers_are_those_of_the_run():
    trace = run("03-equation")
    step = next(s for s in lessons.read(FILES["ten-minutes"]).steps if s.title == "Commit")
    cycle = trace.cycle(step.cycle - 1)
    told = next(
        s for s in lessons.filled("t", lessons.read(FILES["ten-minutes"]), run)["steps"] if s["title"] == "Commit"
    )
    own = trace.glyph(cycle.verdict.next_id).s
    assert told["caption"].startswith(f"{cycle.accepted} guesses kept, and “{own}”")
    assert f"{cycle.verdict.n_commit} tokens in two passes" in told["caption"]
    assert cycle.verdict.n_commit == cycle.accepted + 1


def test_the_toss_of_the_lesson_refused_its_guess():
    steps = {s.title: s for s in lessons.read(FILES["twenty-minutes"]).steps}
    for title in ("The coin toss", "Exit ticket two"):
        cycle = run(steps[title].trace).cycle(steps[title].cycle - 1)
        assert cycle.verdict.u[cycle.on_chain] >= cycle.verdict.accept_p[cycle.on_chain]
        assert len(cycle.verdict.u) == cycle.on_chain + 1
    tie = run(steps["A near tie"].trace).cycle(steps["A near tie"].cycle - 1)
    assert tie.verdict.p_gap[tie.on_chain] < 0.05
    milder = next(s for s in lessons.read(FILES["ten-minutes"]).steps if s.title == "A milder judge")
    cycle = run(milder.trace).cycle(milder.cycle - 1)
    assert cycle.draft.draft_ids[cycle.on_chain] == cycle.verdict.p_top_ids[cycle.on_chain][1], "the second choice"


@pytest.mark.parametrize("trace", ["03-equation", "12-story-by-coin-toss"])
def test_every_name_stands_for_something(tmp_path, trace):
    only_sampled = {"chance", "toss"}
    names = [*RUN, *(name for name in CYCLE if name not in only_sampled or "coin" in trace)]
    caption = " ".join(f"{{{name}}}" for name in names) + " {tokens of 06-copying}"
    told = made(tmp_path, LESSON | {"steps": [STEP | {"trace": trace, "caption": caption}]})["steps"][0]["caption"]
    assert "{" not in told and told.endswith(f" {len(run('06-copying').token_ids)}")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": ""}, "lesson-invalid"),
        ({"phase": "draft", "cycle": None}, "wrong-type"),
        ({"cycle": 0}, "out-of-range"),
        ({"phase": "finish"}, "lesson-invalid"),
        ({"phase": "nap"}, "unknown-choice"),
        ({"reveal": "nap"}, "unknown-choice"),
        ({"hint": "nap"}, "unknown-choice"),
        ({"show": ["nowhere"]}, "unknown-choice"),
        ({"show": "race"}, "wrong-type"),
        ({"minutes": "1"}, "wrong-type"),
        ({"question": "?"}, "lesson-invalid"),
        ({"question": "?", "answer": "a", "choices": ["b", "c"]}, "lesson-invalid"),
        ({"colour": "red"}, "lesson-invalid"),
        ({"cycle": 99}, "lesson-moment"),
        ({"caption": "{nothing}"}, "lesson-number"),
        ({"caption": "{toss}"}, "lesson-number"),  # a greedy run has none
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(tmp_path, change, code):
    with refused(code) as why:
        made(tmp_path, LESSON | {"steps": [STEP, STEP | change]})
    assert "step 2" in str(why.value)


@pytest.mark.parametrize("lesson", [[], {"title": "x"}, LESSON | {"more": 1}, LESSON | {"steps": [1]}])
def test_a_file_of_another_form_is_refused(tmp_path, lesson):
    with refused("lesson-invalid"):
        made(tmp_path, lesson)


def test_the_page_leaves_out_what_it_cannot_show(tmp_path, caplog):
    (tmp_path / "traces").mkdir()
    (tmp_path / "lessons").mkdir()
    for name, text in (("good", json.dumps(LESSON)), ("broken", "{"), ("lost", json.dumps(LESSON))):
        (tmp_path / "lessons" / f"{name}.json").write_text(text, encoding="utf-8")
    assert lesson_files(tmp_path / "traces") == [] and len(caplog.records) == 3, "no run is there"
    recorded = ASSETS / "traces" / f"{STEP['trace']}{SUFFIX}"
    (tmp_path / "traces" / recorded.name).write_bytes(recorded.read_bytes())
    assert [each.name for each in lesson_files(tmp_path / "traces")] == ["good", "lost"]


def test_a_lesson_is_told_in_the_language_that_it_is_written_in(tmp_path):
    (tmp_path / "traces").mkdir()
    recorded = ASSETS / "traces" / f"{STEP['trace']}{SUFFIX}"
    (tmp_path / "traces" / recorded.name).write_bytes(recorded.read_bytes())
    for folder, title in (("lessons", "Look"), ("lessons/nl", "Kijk"), ("lessons/de", "")):
        (tmp_path / folder).mkdir()
        lesson = json.dumps(LESSON | {"title": title} if title else {"title": "broken"})
        (tmp_path / folder / "good.json").write_text(lesson, encoding="utf-8")
    (found,) = lesson_files(tmp_path / "traces")
    for spoken, title in (("en", "Look"), ("nl", "Kijk"), ("de", "Look"), ("es", "Look")):
        with speaking(spoken):
            assert found.listed()["title"] == json.loads(found.draw())["title"] == title


@pytest.mark.parametrize("path", SPOKEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_translated_lesson_has_the_same_moments_and_numbers(path):
    same = ("minutes", "trace", "phase", "cycle", "show", "reveal", "hint")
    ours, theirs = lessons.read(FILES[path.stem]), lessons.read(path)
    for our, their in zip(ours.steps, theirs.steps, strict=True):
        assert [getattr(our, name) for name in same] == [getattr(their, name) for name in same], their.title
        for name in lessons.TEXTS:
            said, told = getattr(our, name), getattr(their, name)
            assert bool(said) == bool(told), (their.title, name)
            assert sorted(lessons.GAP.findall(said)) == sorted(lessons.GAP.findall(told)), told
            assert not re.search(r"\d", lessons.GAP.sub("", told)), told
        assert len(our.choices) == len(set(their.choices)) == len(their.choices), their.title
        if our.choices:
            assert our.choices.index(our.answer) == their.choices.index(their.answer), their.title
    with speaking(path.parent.name):
        assert lessons.filled(path.stem, theirs, run)


def test_the_file_for_a_stick_holds_every_run_and_every_code():
    lesson = lessons.read(FILES["ten-minutes"])
    shown = {step.trace: run(step.trace) for step in lesson.steps}
    held = lesson_file.held(lessons.filled("ten-minutes", lesson, run), shown, "https://example.org/")
    assert held["tapes"].keys() == shown.keys() and len(held["codes"]) == len(lesson.steps)
    assert held["codes"]["#lesson=ten-minutes&step=3"] == qr.rows("https://example.org/#lesson=ten-minutes&step=3")
    assert lesson_file.held(held["lesson"], {}, "")["codes"] == {}
    with refused("unknown-choice"):
        lesson_file.page("none", ASSETS)


def test_a_code_is_square_and_bounded():
    rows = qr.rows("https://example.org/#lesson=ten-minutes&step=3")
    assert {len(row) for row in rows} == {len(rows)} and set("".join(rows)) == {"0", "1"}
    assert rows[0].startswith("11111110") and qr.rows("") == [] == qr.rows("x" * 1001)
