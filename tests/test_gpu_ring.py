"""The reader of the ring against a device that writes while it reads: a record is read whole or not at all."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings, strategies

from kernels import records
from orthrus.gpu import ring as ring_module
from orthrus.gpu.ring import take, wait_for

SLOTS, BLOCK = 4, 3


def words_of(cycle: int) -> list[int]:
    """A record of which every word is another one in every cycle."""
    header = [cycle + 1, *(100 * cycle + i for i in range(1, records.RECORD_STOP)), cycle % len(records.STOPS)]
    return [*header, *(1000 * cycle + i for i in range(2 * BLOCK)), cycle + 1]


class Row:
    """A row of host memory. Before each word that is read, the device writes as many as the schedule says."""

    def __init__(self, words, writes, schedule):
        self.words, self.writes, self.schedule = words, iter(writes), iter(schedule)

    def __getitem__(self, index):
        for place, value in itertools.islice(self.writes, next(self.schedule, 0)):
            self.words[place] = value
        return self.words[index]

    def tolist(self):
        return [self[i] for i in range(len(self.words))]


def copies(cycles, directions):
    """The words that the device's copies write, one by one."""
    for cycle, backwards in zip(cycles, directions, strict=True):
        words = list(enumerate(words_of(cycle)))
        yield from reversed(words) if backwards else words


@settings(max_examples=400)
@given(
    strategies.integers(0, 3),
    strategies.lists(strategies.booleans(), min_size=4, max_size=4),
    strategies.lists(strategies.integers(0, 9), max_size=60),
)
def test_a_record_is_read_whole_or_not_at_all(begun, directions, schedule):
    """The row goes through cycles 2, 6, 10, ... of one ring; cycle 6 is asked for until the copies end."""
    cycles = [2, 6, 6, 10]
    writes = list(copies(cycles, directions))
    row = Row([0] * len(words_of(0)), writes, [begun * 5, *schedule])
    ring = [None] * SLOTS
    ring[6 % SLOTS] = row
    for _ in range(4):
        record = take(ring, 6)
        assert record is None or record == records.parse_record(words_of(6), 6)


@given(strategies.booleans(), strategies.integers(0, len(words_of(0))))
def test_it_is_read_exactly_when_it_is_all_there(backwards, count):
    words = words_of(2)
    for place, value in itertools.islice(copies([6], [backwards]), count):
        words[place] = value
    ring = torch.tensor([words_of(4), words_of(5), words, words_of(7)], dtype=torch.int32)
    assert (take(ring, 6) is not None) == (count == len(words))
    assert take(ring, 5).block == (5000, 5001, 5002) and take(ring, 9) is None


def test_checking_one_end_only_is_caught():
    """The control: a copy from the front overtakes a reader that looks at the first word before, the last behind."""

    def careless(row):
        if row[0] != 7:
            return None
        copied = row.tolist()
        return copied if copied[0] == copied[-1] == 7 else None

    size, caught = len(words_of(0)), 0
    for stall in range(1, size):
        for gone in range(2, size - stall):
            schedule = [stall, *[0] * gone, size]
            caught += careless(Row(words_of(2), copies([6], [False]), schedule)) not in (None, words_of(6))
            assert take([None, None, Row(words_of(2), copies([6], [False]), schedule), None], 6) is None
    assert caught


def test_a_record_that_never_comes_is_said(monkeypatch):
    now = iter(range(100))
    monkeypatch.setattr(ring_module.time, "sleep", lambda _: None)
    with pytest.raises(RuntimeError, match="passed cycle 3, but its record did not arrive"):
        wait_for(records.make_ring(SLOTS, BLOCK), 3, clock=lambda: next(now))
