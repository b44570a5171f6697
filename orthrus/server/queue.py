"""A bounded queue for the workers, fair between visitors; reports each waiter's position and ETA.

Each run has a round. A visitor's next run is one round later than the last, and a newcomer's run joins the round that
is being served: so no second run comes before another visitor's first, and within a round it is first come, first
served. Every run served advances the round a little, so that newcomers cannot starve a later round. Only monotonic
time is used, so a jump of the wall clock changes nothing.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable

from orthrus.server.limits import LimitExceeded, Limits, Rate

STEP = 0.05  # rounds that each served run advances: at most 20 newcomers go before a run of the next round
MEMORY = 0.3  # weight of the newest run in the moving average of run times


class Ticket:
    """One run that is waiting or being served."""

    __slots__ = ("address", "round", "served", "visitor")

    def __init__(self, visitor: str, address: str, round: float) -> None:
        self.visitor, self.address, self.round = visitor, address, round
        self.served: float | None = None  # when it got a worker


class FairQueue:
    """A fair queue that admits `at_once` runs at a time; thread-safe."""

    def __init__(
        self, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic, at_once: int = 1
    ) -> None:
        self._limits, self._clock, self._at_once = limits or Limits(), clock, at_once
        self._changed = threading.Condition()
        self._waiting: list[Ticket] = []
        self._serving: list[Ticket] = []
        self._round = 0.0  # the round being served
        self._rounds: dict[str, float] = {}  # the round of each visitor's last run
        self._mean: float | None = None  # average seconds a run keeps a worker
        self._closed = ""
        self._visitor = Rate(self._limits.runs_per_minute, "you", clock)
        self._address = Rate(self._limits.address_runs_per_minute, "visitors of your address", clock)

    def join(self, visitor: str, address: str = "") -> Ticket:
        """Join the queue. Raises LimitExceeded, naming the limit, if it is full or the visitor has too many runs."""
        with self._changed:
            if self._closed:
                raise LimitExceeded("server-closing", self._closed)
            mine = sum(ticket.visitor == visitor for ticket in self._all())
            if mine >= self._limits.runs_per_visitor:
                most = self._limits.runs_per_visitor
                raise LimitExceeded("too-many-runs", f"you have {mine} runs waiting or running, {most} are allowed")
            near = sum(ticket.address == address for ticket in self._all()) if address else 0
            if near >= (most := self._limits.runs_per_address):
                raise LimitExceeded(
                    "too-many-runs", f"visitors of your address have {near} runs waiting or running, {most} are allowed"
                )
            if len(self._waiting) >= self._limits.waiting:
                raise LimitExceeded(
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
        """Wait up to `seconds` for a worker; True once this ticket has one."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._first() is ticket, seconds):
                return False
            self._waiting.remove(ticket)
            self._serving.append(ticket)
            ticket.served = self._clock()
            self._round = max(self._round + STEP, ticket.round)
            self._rounds = {visitor: last for visitor, last in self._rounds.items() if last + 1 > self._round}
            self._changed.notify_all()  # another worker may be free for the next ticket
            return True

    def leave(self, ticket: Ticket) -> None:
        """Leave the queue after the run, or while waiting. Idempotent."""
        with self._changed:
            if ticket in self._serving and ticket.served is not None:
                took = self._clock() - ticket.served
                self._mean = took if self._mean is None else self._mean + MEMORY * (took - self._mean)
                self._serving.remove(ticket)
            elif ticket in self._waiting:
                self._waiting.remove(ticket)
            self._changed.notify_all()

    def place(self, ticket: Ticket) -> tuple[int, float | None]:
        """(position, 1 being next; seconds until its turn, or None if no run has been timed yet)."""
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
        """Accept no more runs; those waiting stay until they leave."""
        with self._changed:
            self._closed = why

    def idle(self, seconds: float) -> bool:
        """Wait up to `seconds` until no run is waiting or being served."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._all(), seconds)

    def _seconds(self, ahead: int, mean: float) -> float:
        """Seconds until a worker is free for a run with `ahead` others ahead, if every run takes the average time."""
        began = [ticket.served for ticket in self._serving if ticket.served is not None]
        free = [max(0.0, served + mean - self._clock()) for served in began]
        free += [0.0] * (self._at_once - len(free))
        heapq.heapify(free)
        for _ in range(ahead):  # each takes the first free worker
            heapq.heapreplace(free, free[0] + mean)
        return free[0]

    def _all(self) -> list[Ticket]:
        return [*self._waiting, *self._serving]

    def _first(self) -> Ticket | None:
        return self._order()[0] if self._waiting and len(self._serving) < self._at_once else None

    def _order(self) -> list[Ticket]:
        """Waiting tickets in order of their turns; the stable sort keeps arrival order within a round."""
        return sorted(self._waiting, key=lambda ticket: ticket.round)
