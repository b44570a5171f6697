"""Reading the ring from the host's side while the device goes on writing.

A record carries its sequence number in its first and in its last word. It counts as read only when both are right
before it is copied out, and both still are behind that. A copy to host memory goes through a record from one end to the
other: from whichever end it comes, the far one says that it has passed, the near one that the next has not begun.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kernels import records
from kernels.records import Record

PATIENCE_S = 5.0  # a record that has not appeared so long after its mark was passed never will


def take(ring: Any, cycle: int) -> Record | None:
    """The record of a cycle from [slots, words] int32 in host memory, or None while it is not whole there."""
    row = ring[cycle % len(ring)]
    if not _is_whole(row, cycle):
        return None
    copied = row.tolist()
    return records.parse_record(copied, cycle) if _is_whole(row, cycle) else None


def _is_whole(row: Any, cycle: int) -> bool:
    return int(row[records.SEQUENCE]) == int(row[-1]) == cycle + 1


def wait_for(ring: Any, cycle: int, clock: Callable[[], float] = time.monotonic) -> Record:
    """The record of a cycle whose mark has been passed; raises RuntimeError where it does not appear."""
    until = clock() + PATIENCE_S
    while (record := take(ring, cycle)) is None:
        if clock() > until:
            raise RuntimeError(f"the device has passed cycle {cycle}, but its record did not arrive in host memory")
        time.sleep(1e-5)
    return record
