"""How many threads share a pass: learnt from what passes cost, and helpers that are never waited for."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from orthrus.model.thread_team import LATE, LOOK, SOON, Crew, TeamSize, available_cores, team_sizes
from tests.running import ROOT


@pytest.mark.parametrize("sizes", ((1,), (1, 2), (1, 2, 3), (1, 2, 4, 8), (1, 2, 4, 8, 12)))
def test_sizes(sizes):
    assert team_sizes(sizes[-1]) == sizes


def played(team: TeamSize, passes: int, cost, rows: int = 1) -> list[int]:
    chosen = []
    for _ in range(passes):
        chosen.append(team.size_for(rows))
        team.observe(rows, chosen[-1], cost(chosen[-1]))
    return chosen


def test_the_quicker_size_is_taken_and_the_other_looked_at_now_and_then():
    team = TeamSize(2)
    chosen = played(team, 2 * LOOK + 10 * LATE, lambda size: 2e-4 / size)
    assert chosen[: 2 * LOOK] == [1] * LOOK + [2] * LOOK
    waits = [SOON * 2**i for i in range(4)]  # then LATE
    assert chosen.count(1) == LOOK * (1 + len(waits) + (10 * LATE - sum(waits) - 4 * LOOK) // (LATE + LOOK))


def test_company_makes_one_thread_the_choice_and_its_end_undoes_that():
    team = TeamSize(2)
    played(team, 100, lambda size: 2e-4 / size)
    crowded = played(team, LATE, lambda size: 2e-4 if size == 1 else 40e-4)
    assert crowded[-400:].count(1) >= 400 - LOOK
    assert played(team, 4 * LATE, lambda size: 2e-4 / size)[-LATE:].count(2) >= LATE - LOOK


def test_a_helper_that_takes_some_passes_to_come_in_is_waited_for():
    team, since = TeamSize(2), 0

    def cost(size: int) -> float:
        nonlocal since
        since = since + 1 if size == 2 else 0
        return 2e-4 if size == 1 else 3e-4 if since < 6 else 1e-4

    assert played(team, 118, cost)[-50:].count(2) == 50
    played(team, LATE, lambda size: 2e-4 if size == 1 else 4e-3)
    assert played(team, 2 * LATE, cost)[-100:].count(2) >= 100 - LOOK


def test_a_machine_that_is_quiet_again_is_noticed_soon():
    team = TeamSize(2)
    played(team, 100, lambda size: 2e-4 / size)
    assert played(team, 20, lambda size: 2e-4 if size == 1 else 8e-4)[-1] == 1
    assert played(team, SOON + 2 * LOOK, lambda size: 2e-4 / size)[-1] == 2


def test_a_look_at_a_hopeless_size_costs_one_pass():
    team = TeamSize(2)
    played(team, 100, lambda size: 2e-4 if size == 1 else 40e-4)
    assert played(team, LATE, lambda size: 2e-4 if size == 1 else 40e-4).count(2) <= 5


def test_one_slow_pass_changes_nothing():
    team = TeamSize(2)
    played(team, 50, lambda size: 2e-4 / size)
    team.observe(1, 2, 1.0)
    assert played(team, 40, lambda size: 2e-4 / size).count(2) >= 39


def test_passes_of_other_sizes_are_judged_apart():
    team = TeamSize(2)
    played(team, 60, lambda size: 2e-4 * size)
    assert played(team, 40, lambda size: 8e-3 / size, rows=32).count(2) >= 40 - LOOK
    assert played(team, 20, lambda size: 2e-4 * size).count(1) >= 19


def test_helpers_sleep_until_they_are_woken_and_end_when_dismissed():
    joined, release = threading.Semaphore(0), threading.Event()

    def join(me: int) -> None:
        joined.release()

    crew = Crew(2, join)
    threads = [t for t in threading.enumerate() if t.name in ("pass-1", "pass-2")]
    for _ in range(2):
        assert joined.acquire(timeout=5)
    time.sleep(0.05)
    assert not joined.acquire(blocking=False), "asleep, not looking again and again"
    crew.wake()
    assert joined.acquire(timeout=5)
    crew.dismiss()
    release.set()
    for thread in threads[-2:]:
        thread.join(5)
        assert not thread.is_alive()


def test_cores_are_those_this_process_may_use():
    assert 1 <= available_cores() <= 4096


def test_a_process_ends_well_right_behind_a_model_that_is_gone():
    """Its helpers may still be in compiled code: whoever leaves that while the interpreter ends aborts the process."""
    code = (
        "import torch; from tests.tiny import compiled_model\n"
        "m = compiled_model(threads=2).model; c = m.new_cache(64)\n"
        "for _ in range(20): m.forward_ar(torch.zeros(1, dtype=torch.int64), c)\n"
        "del m"
    )
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
