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

SOON, LATE = 32, 512  # passes until another size is looked at: soon after a change, then twice as long each time
LOOK = 8  # passes of a look: a helper wakes up in the first, and its core's cache fills until the sixth
HOPELESS = 3.0  # a pass of a look that takes so many times the best ends it
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
    """Chooses each pass's thread count: `size_for` before it, `observe` after. Similar row counts share timings."""

    def __init__(self, threads: int) -> None:
        self.sizes = team_sizes(threads)
        self._timings: dict[int, Timings] = {}  # by rows (a power of two)

    def size_for(self, rows: int) -> int:
        """Threads for a pass of `rows` rows."""
        if len(self.sizes) == 1:
            return 1
        return self._timings.setdefault(rows.bit_length(), Timings(self.sizes)).next_size()

    def observe(self, rows: int, size: int, seconds: float) -> None:
        """A pass of `rows` rows took `seconds` with `size` threads."""
        if len(self.sizes) > 1:
            self._timings.setdefault(rows.bit_length(), Timings(self.sizes)).observe(size, seconds / rows)


class Timings:
    """Seconds per row by size, and when to look at another size than the best."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self._sizes, self._seconds, self._tried = sizes, {}, dict.fromkeys(sizes, 0)
        self._last, self._in_a_row = 0, 0
        self._best, self._looked_at = 0, 0  # places in sizes
        self._wait, self._passes, self._turn = SOON, 0, 0

    def next_size(self) -> int:
        for size, tried in self._tried.items():
            if tried < LOOK:
                return size
        best = self._sizes.index(min(self._seconds, key=self._seconds.__getitem__))
        if best != self._best:
            self._best, self._wait, self._passes = best, SOON, 0
        self._passes += 1
        if self._passes > self._wait + LOOK:
            self._wait, self._passes = min(2 * self._wait, LATE), 1
        if self._passes == self._wait + 1:
            self._turn += 1
            more = best == 0 or (self._turn % 2 and best + 1 < len(self._sizes))
            self._looked_at = best + (1 if more else -1)
        return self._sizes[self._looked_at if self._passes > self._wait else best]

    def observe(self, size: int, seconds: float) -> None:
        self._in_a_row = self._in_a_row + 1 if size == self._last else 1
        self._last = size
        self._tried[size] = min(LOOK, self._tried[size] + 1)
        old = self._seconds.setdefault(size, seconds)
        if seconds <= old:
            self._seconds[size] = seconds
        elif self._in_a_row > LOOK - 2:  # before that a helper may still be coming in
            self._seconds[size] = old + BELIEF * (min(seconds, 2 * old) - old)
        if self._passes > self._wait and seconds > HOPELESS * min(self._seconds.values()):
            self._passes = self._wait + LOOK  # the look is over


_CREWS: weakref.WeakSet[Crew] = weakref.WeakSet()
_HELPERS: weakref.WeakSet[threading.Thread] = weakref.WeakSet()  # also of crews that are gone with their model


@atexit.register
def _send_home() -> None:
    """Stop the threads at exit: one that leaves compiled code while the interpreter ends would abort the process."""
    for crew in list(_CREWS):
        crew.dismiss()
    for thread in list(_HELPERS):
        thread.join(10.0)


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
        _HELPERS.update(self.threads)

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
