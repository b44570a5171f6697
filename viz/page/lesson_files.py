"""The lessons that the page offers: those whose runs are there, each as a file beside the recorded runs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, load
from viz.page import player_files
from viz.player import frames, lessons

log = logging.getLogger(__name__)


class LessonFile(NamedTuple):
    """A lesson in the list (`O.LessonName`), and its text for the player."""

    name: str
    path: Path
    text: str
    draw: Callable[[], str]  # the same text in the current language

    def listed(self) -> dict[str, str | float]:
        file = player_files.address(player_files.run_file(self.text))
        lesson = spoken(self.path)
        return {"name": self.name, "title": lesson.title, "minutes": lesson.minutes, "file": file}


def lesson_files(traces: Path, read: Callable[[Path], Trace] = load) -> list[LessonFile]:
    """The lessons of the folder lessons/ beside the recorded runs; an invalid one is logged and left out.

    `read` reads a recorded run, so that a caller who has read it already need not do so again.
    """
    found = []
    for name, path in lessons.files(traces.parent / "lessons"):
        try:
            text = filled(name, path, traces, read)
        except (ValueError, OSError) as error:
            log.warning("left out of the lessons: %s", error)
        else:
            draw = partial(filled, name, path, traces, load)
            found.append(LessonFile(name, path, text, draw))
    return found


def filled(name: str, path: Path, traces: Path, read: Callable[[Path], Trace]) -> str:
    """A lesson's text for the player; raises OrthrusError or OSError."""
    return frames.dumps(lessons.filled(name, spoken(path), lambda run: read(traces / f"{run}{SUFFIX}")))


def spoken(path: Path) -> lessons.Lesson:
    """The lesson in the current language; in English if there is no such file, or none that can be read."""
    if (own := lessons.spoken(path)) != path:
        try:
            return lessons.read(own)
        except (ValueError, OSError) as error:
            log.warning("said in English: %s", error)
    return lessons.read(path)
