"""Per-visitor limits and a sliding-window rate limiter."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from orthrus import checks
from orthrus.errors import OrthrusError

MINUTE = 60.0


class LimitExceeded(OrthrusError):
    """A request exceeds a limit of the shared page."""


def _limit(default: int, about: str, highest: int = 1_000_000) -> Any:
    return field(default=default, metadata={"about": about, "highest": highest})


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit of the page, with its default; each must be a whole number, 1 or more."""

    prompt_chars: int = _limit(4000, "characters of a prompt")
    new_tokens: int = _limit(2048, "new tokens of a run")
    run_seconds: int = _limit(120, "seconds a run may keep the device", 86_400)
    runs_per_visitor: int = _limit(2, "runs a visitor may have waiting or running")
    runs_per_address: int = _limit(24, "runs all visitors of one address may have waiting or running", 10_000)
    runs_per_minute: int = _limit(20, "runs a visitor may start within a minute")
    address_runs_per_minute: int = _limit(240, "the same for all visitors of one address together")
    waiting: int = _limit(48, "runs that may wait for the device", 10_000)
    classes: int = _limit(20, "classes that may be open", 1000)
    pupils: int = _limit(60, "pupils of a class", 1000)
    class_minutes: int = _limit(20, "minutes a class stays open without its teacher", 1440)
    drain_seconds: int = _limit(25, "seconds a run may go on when the server is asked to end", 3600)

    def __post_init__(self) -> None:
        for each in fields(self):
            value, highest = getattr(self, each.name), each.metadata["highest"]
            checks.whole(words(each.name), value, 1, highest)

    def check_prompt(self, prompt: str) -> None:
        """Raise LimitExceeded if the prompt has too many characters."""
        if len(prompt) > self.prompt_chars:
            raise LimitExceeded(
                "prompt-too-long",
                f"the prompt has {len(prompt)} characters, this page takes at most {self.prompt_chars}",
            )

    def check_tokens(self, wanted: int) -> None:
        """Raise LimitExceeded if the run asks for too many new tokens."""
        if wanted > self.new_tokens:
            raise LimitExceeded(
                "too-many-tokens", f"max new tokens is {wanted}, this page gives at most {self.new_tokens} a run"
            )


def words(name: str) -> str:
    return name.replace("_", " ")


class Rate:
    """Sliding-window rate limiter: a maximum of takes per minute and key. Thread-safe; idle keys are dropped."""

    def __init__(
        self,
        most: int,
        who: str,
        clock: Callable[[], float] = time.monotonic,
        did: str = "started",
        what: str = "runs",
    ) -> None:
        self._most, self._who, self._clock, self._did, self._what = most, who, clock, did, what
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()  # ordered by the last take
        self._lock = threading.Lock()

    def take(self, key: str) -> None:
        """Raise LimitExceeded if the key has used up its minute; a refused take is not counted."""
        with self._lock:
            now = self._clock()
            self._forget(now - MINUTE)
            times = self._taken.setdefault(key, deque())
            while times and times[0] <= now - MINUTE:
                times.popleft()
            if len(times) >= self._most:
                again = max(1, round(times[0] + MINUTE - now))
                raise LimitExceeded(
                    "too-many-runs",
                    f"{self._who} {self._did} {len(times)} {self._what} within a minute, {self._most} are allowed; "
                    f"the next can start in {again} s",
                )
            times.append(now)
            self._taken.move_to_end(key)

    def _forget(self, before: float) -> None:
        """Drop the keys whose last take is older, oldest first."""
        while self._taken and (times := next(iter(self._taken.values()))) is not None:
            if times and times[-1] > before:
                break
            self._taken.popitem(last=False)
