"""The threads that share a pass, and how many of them, chosen by what passes have cost lately. Standard library only.

A second thread halves a pass on a quiet machine and slows it down beside another busy process. So the number is not
decided once: each size is timed, and now and then a pass is spent on a size next to the best one.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Callable

EXPLORE = 64  # passes between two looks at another size: half a pass lost in 64 is 1 %
BELIEF = 0.25  # how much of a slower timing is believed; a faster one is believed at once


def available_cores() -> int:
    """Cores this process may run on."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


def team_sizes(threads: int) -> tuple[int, ...]:
    """1, 2, 4, ... and `threads`."""
    doubled = [1 << i for i in range(threads.bit_length()) if 1 << i < threads]
    return (*doubled, threads)


class TeamSize:
    """The team for each pass; `choose` before it, `saw` after it. Passes of like many rows share their timings."""

    def __init__(self, threads: int) -> None:
        self.sizes = team_sizes(threads)
        self._seconds: dict[int, dict[int, float]] = {}  # by rows (a power of two), then by size: seconds per row
        self._passes = 0

    def choose(self, rows: int) -> int:
        known = self._seconds.setdefault(rows.bit_length(), {})
        for size in self.sizes:
            if size not in known:
                return size
        best = self.sizes.index(min(known, key=known.get))
        self._passes += 1
        turn, looks = divmod(self._passes, EXPLORE)
        if looks == 0 and len(self.sizes) > 1:
            best += 1 if best == 0 or (turn % 2 and best + 1 < len(self.sizes)) else -1
        return self.sizes[best]

    def saw(self, rows: int, size: int, seconds: float) -> None:
        known, spent = self._seconds.setdefault(rows.bit_length(), {}), seconds / rows
        old = known.get(size, spent)
        known[size] = min(spent, old) if spent <= old else old + BELIEF * (min(spent, 2 * old) - old)

    def forget(self) -> None:
        """Timings of first passes count what only they pay for."""
        self._seconds.clear()


_CREWS: weakref.WeakSet[Crew] = weakref.WeakSet()


@atexit.register
def _send_home() -> None:
    """A thread that leaves compiled code while the interpreter ends is stopped by force, which aborts the process."""
    crews = list(_CREWS)
    for crew in crews:
        crew.dismiss()
    for thread in (thread for crew in crews for thread in crew.threads):
        thread.join(1.0)


class Crew:
    """Helper threads that sleep until a pass wants them.

    `join(me)` works along while passes begin, without Python's lock, and returns when it has waited too long or is not
    wanted; me is 1, 2, ... Nobody waits for a helper that is late.
    """

    def __init__(self, helpers: int, join: Callable[[int], None]) -> None:
        self._ready, self._over, self._asleep = threading.Condition(), False, 0
        self.threads = [
            threading.Thread(target=self._help, args=(me, join), daemon=True, name=f"pass-{me}")
            for me in range(1, helpers + 1)
        ]
        for thread in self.threads:
            thread.start()
        _CREWS.add(self)

    def wake(self) -> None:
        """Those who sleep look for a pass again."""
        if self._asleep:
            with self._ready:
                self._ready.notify_all()

    def dismiss(self) -> None:
        """The threads end once they have seen it."""
        self._over = True
        with self._ready:
            self._ready.notify_all()

    def _help(self, me: int, join: Callable[[int], None]) -> None:
        while not self._over:
            join(me)
            with self._ready:
                if not self._over:
                    self._asleep += 1
                    self._ready.wait()
                    self._asleep -= 1
