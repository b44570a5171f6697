"""The line before the workers: bounded, fair between visitors, and able to say who is where.

Each run has a round. A visitor's next run is a round later than the last one, and a newcomer's belongs to the round
that is being served: so nobody's second run comes before somebody's first, and who came first is served first within a
round. Every run served moves the round a little, so that a later round's turn comes however many newcomers there are.
Nothing here reads the wall clock, so a clock that jumps changes nothing.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable

from orthrus.server.limits import Limits, Rate, Refused

STEP = 0.05  # rounds a run served is worth at least: 20 newcomers may go before a run of the next round
MEMORY = 0.3  # weight of the newest run in the mean time of a run


class Ticket:
    """One run that waits or is served."""

    __slots__ = ("address", "round", "served", "visitor")

    def __init__(self, visitor: str, address: str, round: float) -> None:
        self.visitor, self.address, self.round = visitor, address, round
        self.served: float | None = None  # when it got the device


class FairQueue:
    """Who may use a worker, `at_once` runs at a time; safe between threads."""

    def __init__(
        self, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic, at_once: int = 1
    ) -> None:
        self._limits, self._clock, self._at_once = limits or Limits(), clock, at_once
        self._changed = threading.Condition()
        self._waiting: list[Ticket] = []
        self._serving: list[Ticket] = []
        self._round = 0.0  # being served
        self._rounds: dict[str, float] = {}  # of each visitor's last run
        self._mean: float | None = None  # seconds a run keeps the device
        self._closed = ""
        self._visitor = Rate(self._limits.runs_per_minute, "you", clock)
        self._address = Rate(self._limits.address_runs_per_minute, "visitors of your address", clock)

    def join(self, visitor: str, address: str = "") -> Ticket:
        """A place at the end. Raises Refused, with value and limit, where there is none for this visitor."""
        with self._changed:
            if self._closed:
                raise Refused("server-closing", self._closed)
            mine = sum(ticket.visitor == visitor for ticket in self._all())
            if mine >= self._limits.runs_per_visitor:
                most = self._limits.runs_per_visitor
                raise Refused("too-many-runs", f"you have {mine} runs waiting or running, {most} are allowed")
            near = sum(ticket.address == address for ticket in self._all()) if address else 0
            if near >= (most := self._limits.runs_per_address):
                raise Refused(
                    "too-many-runs", f"visitors of your address have {near} runs waiting or running, {most} are allowed"
                )
            if len(self._waiting) >= self._limits.waiting:
                raise Refused(
                    "queue-full",
                    f"{len(self._waiting)} runs are waiting, this server lets {self._limits.waiting} wait; "
                    "please try again in a minute, the recorded runs can be watched meanwhile",
                )
            if address:
                self._address.take(address)
            self._visitor.take(visitor)
            ticket = Ticket(visitor, address, max(self._round, self._rounds.get(visitor, -1.0) + 1))
            self._rounds[visitor] = ticket.round
            self._waiting.append(ticket)
            self._changed.notify_all()
            return ticket

    def take(self, ticket: Ticket, seconds: float) -> bool:
        """Wait up to `seconds` for the device; True once it belongs to this ticket."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._first() is ticket, seconds):
                return False
            self._waiting.remove(ticket)
            self._serving.append(ticket)
            ticket.served = self._clock()
            self._round = max(self._round + STEP, ticket.round)
            self._rounds = {visitor: last for visitor, last in self._rounds.items() if last + 1 > self._round}
            self._changed.notify_all()  # another worker may be free for the next
            return True

    def leave(self, ticket: Ticket) -> None:
        """The run is over, or was given up while it waited; more than once does no harm."""
        with self._changed:
            if ticket in self._serving and ticket.served is not None:
                took = self._clock() - ticket.served
                self._mean = took if self._mean is None else self._mean + MEMORY * (took - self._mean)
                self._serving.remove(ticket)
            elif ticket in self._waiting:
                self._waiting.remove(ticket)
            self._changed.notify_all()

    def place(self, ticket: Ticket) -> tuple[int, float | None]:
        """(1 for who is next, seconds until its turn or None where no run has been timed yet)."""
        with self._changed:
            order = self._order()
            ahead = order.index(ticket) if ticket in order else 0
            if self._mean is None:
                return ahead + 1, None
            return ahead + 1, self._seconds(ahead, self._mean)

    def counts(self) -> tuple[int, int]:
        """(waiting, running)."""
        with self._changed:
            return len(self._waiting), len(self._serving)

    def close(self, why: str) -> None:
        """Take nobody any more; those who wait stay until they leave."""
        with self._changed:
            self._closed = why

    def idle(self, seconds: float) -> bool:
        """Wait up to `seconds` until nobody waits and nobody is served."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._all(), seconds)

    def _seconds(self, ahead: int, mean: float) -> float:
        """Until a worker is free for who has `ahead` others ahead, if every run takes the mean time."""
        began = [ticket.served for ticket in self._serving if ticket.served is not None]
        free = [max(0.0, served + mean - self._clock()) for served in began]
        free += [0.0] * (self._at_once - len(free))
        heapq.heapify(free)
        for _ in range(ahead):  # each takes the worker that is free first
            heapq.heapreplace(free, free[0] + mean)
        return free[0]

    def _all(self) -> list[Ticket]:
        return [*self._waiting, *self._serving]

    def _first(self) -> Ticket | None:
        return self._order()[0] if self._waiting and len(self._serving) < self._at_once else None

    def _order(self) -> list[Ticket]:
        """Who waits, in the order of their turns; sorting keeps those of one round in the order they came."""
        return sorted(self._waiting, key=lambda ticket: ticket.round)
