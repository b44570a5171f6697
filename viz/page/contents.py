"""What the page has to show before anything runs: recorded runs and lessons, as lists and as files for the player."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from orthrus.corpus import DOMAINS, domain_module
from orthrus.trace.files import SUFFIX, load
from viz.language import say
from viz.page import player_files
from viz.page.lesson_files import lesson_files
from viz.page.recordings import Recording, listed, measured_on, recordings
from viz.player import frames

Files = dict[str, tuple[Recording, Path]]


def prompts() -> dict[str, tuple[str, ...]]:
    """The prompts that are offered for each domain."""
    return {domain: domain_module(domain).PRESETS for domain in DOMAINS}


class Contents:
    """The recorded runs of a folder, those of its folder learning/, and the lessons that need no other runs."""

    def __init__(self, folder: Path) -> None:
        read_once = lru_cache(maxsize=None)(load)  # lessons are of recorded runs
        self.gallery, self.learning = list(recordings(folder, read_once)), list(recordings(folder / "learning"))
        self.lessons = lesson_files(folder, read_once)
        places = {folder: self.gallery, folder / "learning": self.learning}
        self.files: Files = {r.name: (r, place / f"{r.name}{SUFFIX}") for place, runs in places.items() for r in runs}
        draws: dict[str, Callable[[], str]] = {
            r.message: partial(_drawn, r.name, path) for r, path in self.files.values()
        }
        draws |= {each.text: each.draw for each in self.lessons}
        self.runs = {player_files.run_file(text): text for text in draws}  # in English, by file name
        self.draws = dict(zip(self.runs, draws.values(), strict=True))

    def described(self) -> dict[str, Any]:
        """What the document tells its scripts: how to draw, and the lists of recorded runs and of lessons."""
        texts = prompts()
        runs = listed(self.gallery, "", texts) + listed(self.learning, say("runs.learning"), texts)
        names = {"plotly": player_files.PLOTLY, "bundle": player_files.BUNDLE}
        return {
            "settings": frames.settings(),
            "options": {name: player_files.address(file) for name, file in names.items()},
            "runs": runs,
            "lessons": [each.listed() for each in self.lessons],
            "about": measured_on([*self.gallery, *self.learning]),
        }


def _drawn(name: str, path: Path) -> str:
    """A recorded run's message in the current language."""
    return frames.dumps(frames.whole(load(path), name))
