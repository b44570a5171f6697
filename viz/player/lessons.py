"""Lessons: steps through recorded runs, written as JSON files; docs/class.md says how to write one.

A file names moments of runs. The numbers in its texts are {names}: they are read off the run, so none can be wrong.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from orthrus import checks
from orthrus.errors import OrthrusError
from orthrus.trace import Trace
from viz import language
from viz.player.lesson_numbers import number_of
from viz.views import catalogue, quiz

PHASES = ("prefill", "draft", "verify", "commit", "finish")
GAP = re.compile(r"\{(\w+)(?: of ([\w-]+))?\}")
TEXTS = ("caption", "say", "question", "answer", "note")


@dataclass(frozen=True, slots=True)
class Step:
    """One moment on the screen. `cycle` counts from 1; `reveal` is the phase that the answer moves to.

    A question with a `reveal` behind its `phase` is a prediction: until the answer the verdict is covered. `hint` is
    one of the quiz's.
    """

    title: str
    minutes: float
    trace: str
    caption: str  # what the class reads
    say: str  # what the teacher says
    phase: str = "finish"
    cycle: int = 0
    show: tuple[str, ...] = ()  # views, the most important first
    question: str = ""
    choices: tuple[str, ...] = ()
    answer: str = ""  # one of the choices, if there are any
    reveal: str = ""
    hint: str = "none"
    note: str = ""  # why it is so, for the teacher

    def __post_init__(self) -> None:
        for name in ("title", "trace", "caption", "say"):
            if not getattr(self, name):
                raise OrthrusError("lesson-invalid", f"{name} is empty")
        checks.one_of("phase", self.phase, PHASES)
        checks.one_of("reveal", self.reveal, ("", *PHASES))
        checks.one_of("hint", self.hint, tuple(quiz.HINTS))
        for view in self.show:
            checks.one_of("show", view, tuple(catalogue.VIEWS))
        if (self.cycle > 0) != (self.phase in ("draft", "verify", "commit")):
            raise OrthrusError("lesson-invalid", f"phase {self.phase} and cycle {self.cycle} do not fit")
        if bool(self.question) != bool(self.answer):
            raise OrthrusError("lesson-invalid", "a question needs an answer, and an answer a question")
        if self.choices and self.answer not in self.choices:
            raise OrthrusError("lesson-invalid", f"the answer {checks.say(self.answer)} is not one of the choices")


@dataclass(frozen=True, slots=True)
class Lesson:
    title: str
    goal: str
    before: str  # what the class must know already
    needs: str  # what the teacher prepares
    steps: tuple[Step, ...]

    @property
    def minutes(self) -> float:
        return sum(step.minutes for step in self.steps)


def _read(kind: type, value: Any, place: str) -> Any:
    """A dataclass from a JSON object: no field unknown, none missing, each of its type."""
    if not isinstance(value, dict):
        raise OrthrusError("lesson-invalid", f"{place} is {checks.say(value)}, it must be an object")
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if odd := [name for name in value if name not in fields]:
        raise OrthrusError("lesson-invalid", f"{place} has {checks.say(odd[0])}; it may have {', '.join(fields)}")
    for name, field in fields.items():
        if name not in value and field.default is dataclasses.MISSING:
            raise OrthrusError("lesson-invalid", f"{place} lacks {name}")
    try:
        return kind(**{name: _typed(fields[name].type, name, each, place) for name, each in value.items()})
    except OrthrusError as error:
        said = str(error)
        raise OrthrusError(error.code, said if said.startswith(place) else f"{place}: {said}") from None


def _typed(kind: str, name: str, value: Any, place: str) -> Any:
    if kind == "str":
        return checks.text(name, value)
    if kind == "float":
        return checks.number(name, value)
    if kind == "int":
        return checks.whole(name, value, 1)
    if not isinstance(value, list):
        raise OrthrusError("wrong-type", f"{name} is {checks.say(value)}, it must be a list")
    if kind == "tuple[Step, ...]":
        return tuple(_read(Step, step, f"{place}, step {number}") for number, step in enumerate(value, start=1))
    return tuple(checks.text(name, each) for each in value)


def read(path: Path) -> Lesson:
    """A lesson's file; raises OrthrusError that names the file, the step and the field."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise OrthrusError("lesson-invalid", f"{path.name} is no JSON: {error}") from None
    return _read(Lesson, value, path.name)


def filled(name: str, lesson: Lesson, load: Callable[[str], Trace]) -> dict[str, Any]:
    """What the player is given (`O.Lesson` in viz/static/views/types.d.ts): every {number} replaced.

    `load(trace)` gives a recorded run and raises OrthrusError if there is none. Raises `lesson-moment` for a cycle
    that the run does not have, `lesson-number` for a name that stands for nothing at this moment.
    """
    loaded = lru_cache(maxsize=None)(load)

    def step_of(number: int, step: Step) -> dict[str, Any]:
        trace, place = loaded(step.trace), f"{name}, step {number}"
        if step.cycle > len(trace.verdicts):
            raise OrthrusError(
                "lesson-moment", f"{place}: {step.trace} has {len(trace.verdicts)} cycles, not {step.cycle}"
            )

        def fill(text: str) -> str:
            return GAP.sub(lambda gap: number_of(gap[1], loaded(gap[2]) if gap[2] else trace, step.cycle, place), text)

        given = dataclasses.asdict(step) | {each: fill(getattr(step, each)) for each in TEXTS}
        return given | {"choices": [fill(choice) for choice in step.choices], "show": list(step.show)}

    steps = [step_of(number, step) for number, step in enumerate(lesson.steps, start=1)]
    about = {each: getattr(lesson, each) for each in ("title", "minutes", "goal", "before", "needs")}
    return {"name": name, **about, "steps": steps}


def spoken(path: Path) -> Path:
    """The file of a lesson in the current language: in a folder of its name beside English, if there is one."""
    own = path.parent / language.current() / path.name
    return own if own.is_file() else path


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """(name in an address, file) of a folder's lessons, by name."""
    for path in sorted(folder.glob("*.json")):
        yield path.stem, path
