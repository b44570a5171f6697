"""Status updates of a run for its visitor: sentences, and its position in the queue."""

from __future__ import annotations

from typing import NamedTuple


class Update(NamedTuple):
    """A message for the player and a status sentence, None if unchanged."""

    message: str | None
    status: str | None
    failed: bool = False
    code: str = ""  # of a failure
    waits: bool = False  # the run has not begun


class QueuePosition(NamedTuple):
    """A waiting run's position: 1 is next; seconds until its turn, None if no run was timed yet."""

    number: int
    seconds: float | None

    @property
    def words(self) -> str:
        where = "You are next in line" if self.number == 1 else f"You are number {self.number} in line"
        return where + ("." if self.seconds is None else f", about {max(1, round(self.seconds))} s.")


def sentence(text: str) -> str:
    """An error's text as a sentence."""
    text = text.strip() or "that did not work"
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
