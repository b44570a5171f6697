"""The line: bounded, fair between visitors, and right about who is where."""

import threading
import time

from orthrus.server.limits import Limits
from orthrus.server.queue import FairQueue
from tests.refusals import refused

LIMITS = Limits(waiting=4, runs_per_visitor=3, runs_per_minute=50, address_runs_per_minute=60)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def served(line, tickets):
    """Serve everybody who waits; the order in which they were."""
    order = []
    while line.counts()[0]:
        order.append(next(ticket for ticket in tickets if ticket not in order and line.take(ticket, 0)))
        line.leave(order[-1])
    return [ticket.visitor for ticket in order]


def test_who_comes_first_is_served_first():
    line = FairQueue(LIMITS)
    assert served(line, [line.join(visitor) for visitor in "abcd"]) == list("abcd")


def test_a_second_run_waits_behind_everybody_s_first():
    line = FairQueue(LIMITS)
    tickets = [line.join(visitor) for visitor in "aaab"]
    assert served(line, tickets) == list("abaa")


def test_the_run_under_way_counts_as_a_first():
    line = FairQueue(LIMITS)
    first = line.join("a")
    assert line.take(first, 0)
    again, other = line.join("a"), line.join("b")
    assert line.place(again)[0] == 2 and line.place(other)[0] == 1
    line.leave(first)
    assert line.place(other)[0] == 1, "a had its turn"


def test_newcomers_cannot_keep_a_second_run_waiting_for_ever():
    line = FairQueue(Limits(waiting=4, runs_per_minute=50))
    first, second = line.join("a"), line.join("a")
    assert line.take(first, 0)
    line.leave(first)
    for number in range(100):
        ticket = line.join(f"new {number}")
        if line.take(second, 0):
            break
        assert line.take(ticket, 0)
        line.leave(ticket)
    assert 15 <= number <= 20 and second.served is not None
    line.leave(second)
    assert len(line._rounds) < 30, "visitors who are gone are forgotten"


def test_only_one_has_the_device():
    line = FairQueue(LIMITS)
    first, second = line.join("a"), line.join("b")
    assert not line.take(second, 0) and line.take(first, 0) and not line.take(second, 0)
    line.leave(first)
    line.leave(first)
    assert line.take(second, 0) and line.counts() == (0, 1)


def test_the_limits_name_value_and_limit():
    line = FairQueue(LIMITS)
    assert line.take(line.join("first"), 0)
    for _ in range(3):
        line.join("a")
    with refused("too-many-runs"):
        line.join("a")
    line.join("b")
    with refused("queue-full"):
        line.join("c")
    assert line.counts() == (4, 1), "who is refused takes no place"


def test_an_address_has_a_rate_of_its_own():
    line = FairQueue(Limits(address_runs_per_minute=2, runs_per_address=9))
    for visitor in "ab":
        line.leave(line.join(visitor, "10.0.0.1"))
    with refused("too-many-runs"):
        line.join("c", "10.0.0.1")
    line.join("c", "10.0.0.2")


def test_an_address_has_a_share_of_the_line():
    line = FairQueue(Limits(runs_per_address=2))
    for visitor in "ab":
        line.join(visitor, "10.0.0.1")
    with refused("too-many-runs"):
        line.join("c", "10.0.0.1")
    line.join("c", "10.0.0.2")


def test_the_estimate_is_what_runs_took():
    clock = Clock()
    line = FairQueue(LIMITS, clock)
    first, second, third = (line.join(visitor) for visitor in "abc")
    assert line.place(second) == (2, None), "nothing was timed yet"
    assert line.take(first, 0)
    clock.now += 10
    line.leave(first)
    assert line.place(second) == (1, 0.0) and line.place(third) == (2, 10.0)
    assert line.take(second, 0)
    clock.now += 4
    assert line.place(third) == (1, 6.0)
    clock.now += 60
    assert line.place(third) == (1, 0.0), "a run that takes longer gives no negative time"


def test_a_clock_that_jumps_changes_nothing(monkeypatch):
    line = FairQueue(LIMITS)
    first, second = line.join("a"), line.join("b")
    assert line.take(first, 0)
    for jump in (-86_400.0, 86_400.0):
        moved = time.time() + jump
        monkeypatch.setattr(time, "time", lambda moved=moved: moved)
        line.leave(line.join("c"))
        assert line.place(second)[0] == 1
    line.leave(first)
    assert line.place(second)[1] < 60 and line.take(second, 0)


def test_a_closed_line_takes_nobody_and_empties():
    line = FairQueue(LIMITS)
    ticket = line.join("a")
    line.close("the server is being restarted")
    with refused("server-closing"):
        line.join("b")
    assert not line.idle(0.01)
    threading.Timer(0.05, line.leave, [ticket]).start()
    assert line.idle(10)


def test_many_threads_get_their_turn_and_never_two_at_once():
    line, inside, most, lock = FairQueue(Limits(waiting=40, runs_per_minute=50)), [], [], threading.Lock()

    def visit(name):
        ticket = line.join(name)
        assert line.take(ticket, 30)
        with lock:
            inside.append(name)
            most.append(len(inside))
        time.sleep(0.001)
        with lock:
            inside.remove(name)
        line.leave(ticket)

    threads = [threading.Thread(target=visit, args=(str(n),)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [1] * 30 and line.counts() == (0, 0)


def test_several_are_served_at_once_and_the_estimate_knows():
    clock = Clock()
    line = FairQueue(Limits(waiting=9, runs_per_minute=50), clock, at_once=2)
    first, second, *rest = [line.join(visitor) for visitor in "abcdef"]
    assert line.take(first, 0) and line.take(second, 0) and not line.take(rest[0], 0)
    assert line.counts() == (4, 2) and line.place(rest[0]) == (1, None)
    clock.now = 10.0
    line.leave(first)  # a run takes 10 s
    assert line.take(rest[0], 0)
    clock.now = 14.0  # b is over its time, c has 6 s left
    assert [line.place(ticket) for ticket in rest[1:]] == [(1, 0.0), (2, 6.0), (3, 10.0)]
    line.leave(second)
    assert line.take(rest[1], 0) and line.counts() == (2, 2)


def test_a_second_free_worker_is_taken_by_who_is_already_waiting():
    line, taken = FairQueue(LIMITS, at_once=2), []
    tickets = [line.join(visitor) for visitor in "ab"]
    threads = [threading.Thread(target=lambda t=t: taken.append(line.take(t, 5))) for t in reversed(tickets)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert taken == [True, True] and time.monotonic() - began < 2
