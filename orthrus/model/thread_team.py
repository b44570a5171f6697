"""The thread pool of a pass, whose size adapts to recent timings. Standard library only.

A second thread halves a pass on an idle machine but slows it down beside another busy process. So the number is not
fixed: each size is timed, and now and then a pass explores a size next to the best one.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Callable

EXPLORE = 512  # passes between two explorations of another size: four passes in 512 are 1 %
LOOK = 8  # passes per exploration: a helper wakes up in the first, and its core's cache fills until the sixth
BELIEF = 0.25  # smoothing weight of a slower timing; a faster one replaces the estimate at once


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
    """Chooses each pass's thread count: `size_for` before it, `observe` after. Similar row counts share timings."""

    def __init__(self, threads: int) -> None:
        self.sizes = team_sizes(threads)
        self._seconds: dict[int, dict[int, float]] = {}  # by rows (a power of two), then by size: seconds per row
        self._tried: dict[tuple[int, int], int] = {}  # passes by rows (a power of two) and size, up to LOOK
        self._passes, self._looked_at = 0, 0
        self._row: dict[int, tuple[int, int]] = {}  # by rows: the size of the last pass, and for how many passes

    def size_for(self, rows: int) -> int:
        if len(self.sizes) == 1:
            return 1
        seconds = self._seconds.setdefault(rows.bit_length(), {})
        for size in self.sizes:
            if self._tried.get((rows.bit_length(), size), 0) < LOOK:
                return size
        best = self.sizes.index(min(seconds, key=seconds.get))
        self._passes += 1
        turn, since = divmod(self._passes, EXPLORE)
        if since == 0 and len(self.sizes) > 1:
            self._looked_at = best + (1 if best == 0 or (turn % 2 and best + 1 < len(self.sizes)) else -1)
        looking = turn and since < LOOK and len(self.sizes) > 1
        return self.sizes[self._looked_at if looking else best]

    def observe(self, rows: int, size: int, seconds: float) -> None:
        if len(self.sizes) == 1:
            return
        estimates, spent = self._seconds.setdefault(rows.bit_length(), {}), seconds / rows
        last, in_a_row = self._row.get(rows.bit_length(), (size, 0))
        in_a_row = in_a_row + 1 if size == last else 1
        self._row[rows.bit_length()] = size, in_a_row
        tried = rows.bit_length(), size
        self._tried[tried] = min(LOOK, self._tried.get(tried, 0) + 1)
        old = estimates.get(size, spent)
        if spent <= old:
            estimates[size] = spent
        elif in_a_row > LOOK - 2:  # before that a helper may still be waking up
            estimates[size] = old + BELIEF * (min(spent, 2 * old) - old)


_CREWS: weakref.WeakSet[Crew] = weakref.WeakSet()


@atexit.register
def _send_home() -> None:
    """Stop the threads at exit: one that leaves compiled code while the interpreter ends would abort the process."""
    crews = list(_CREWS)
    for crew in crews:
        crew.dismiss()
    for thread in (thread for crew in crews for thread in crew.threads):
        thread.join(1.0)


class Crew:
    """Helper threads that sleep until a pass wants them.

    `join(me)` takes part in passes without Python's lock, and returns after waiting too long or when it is not needed;
    me is 1, 2, ... A pass never waits for a late helper.
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
        """Wake the sleeping helpers for the next pass."""
        if self._asleep:
            with self._ready:
                self._ready.notify_all()

    def dismiss(self) -> None:
        """Ask the threads to end."""
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
