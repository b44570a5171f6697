"""Recorded runs: one JSON event per line, gzipped. A file's size is bounded, and each event is checked."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from orthrus.errors import OrthrusError
from orthrus.events import Event, RunStart, from_json, to_json
from orthrus.files import numbered_lines
from orthrus.trace import Trace

SUFFIX = ".jsonl.gz"
# A cycle with distributions of 8 alternatives is about 7 KiB, 2.4 compressed (measured on the recorded short story).
MAX_FILE_BYTES = 16 * 2**20
MAX_TEXT_BYTES = 64 * 2**20  # uncompressed
MAX_LINE_BYTES = 2 * 2**20
MAX_EVENTS = 100_000
# The schema nests four deep. From Python 3.12 on json.loads recurses 10,000 deep whatever the thread's stack size, and
# with a stack of 1 MiB the process crashes.
MAX_DEPTH = 100
BRACKETS, STRINGS = re.compile(r"[\[\]{}]"), re.compile(r'"(?:[^"\\]|\\.?)*(?:"|\Z)', re.DOTALL)
MAX_REPORT = 300  # characters of a refusal, which may quote the file


def save(trace: Trace, path: str | PathLike[str]) -> None:
    """Write a finished run; in the file its source is always 'recorded'."""
    if trace.done is None:
        raise OrthrusError("run-unfinished", "the run has no done event yet; only a finished run can be saved")
    Path(path).write_bytes(packed(trace))


def packed(trace: Trace) -> bytes:
    """The bytes of a recorded run's file."""
    lines = [
        json.dumps(to_json(as_recorded(event)), separators=(",", ":"), ensure_ascii=False) for event in trace.events
    ]
    # mtime 0: the same run gives the same file
    return gzip.compress("".join(line + "\n" for line in lines).encode(), mtime=0)


def as_recorded(event: Event) -> Event:
    if isinstance(event, RunStart) and event.source == "live":
        return replace(event, source="recorded")
    return event


def load(path: str | PathLike[str]) -> Trace:
    """Load a recorded run's trace; raises OrthrusError naming the line and the reason if the file is not one."""
    trace, name = Trace(), Path(path).name
    for number, event in _numbered(Path(path)):
        try:
            trace = trace.add(event)
        except ValueError as error:
            raise OrthrusError("trace-invalid", f"{name}, line {number}: {error}"[:MAX_REPORT]) from None
    if trace.done is None:
        raise OrthrusError("trace-incomplete", f"{name} ends without a done event; the recording is incomplete")
    return trace


def replay(path: str | PathLike[str]) -> Iterator[Event]:
    """The events of a recorded run in order, each checked against the schema."""
    return (event for _, event in _numbered(Path(path)))


def _numbered(path: Path) -> Iterator[tuple[int, Event]]:
    """(line number, event); blank lines and a byte-order mark are skipped."""
    name, size, count = path.name, path.stat().st_size, 0
    if size > MAX_FILE_BYTES:
        raise OrthrusError("file-too-large", f"{name} has {size:,} bytes; a trace may have {MAX_FILE_BYTES:,}")
    for number, line in _lines(path):
        try:
            event = event_of(line)
        except ValueError as error:
            report = f"{name} is not a trace: line {number}: {error}"[:MAX_REPORT]
            raise OrthrusError("trace-invalid", report) from None
        count += 1
        if count > MAX_EVENTS:
            raise OrthrusError(
                "file-too-large", f"{name} has more events than the {MAX_EVENTS:,} that a trace may have"
            )
        yield number, event
    if not count:
        raise OrthrusError("trace-incomplete", f"{name} is empty; a trace has at least a run_start and a done event")


def _too_deep(line: str) -> bool:
    """Nested beyond MAX_DEPTH? Brackets in strings do not count; few brackets cannot be deep."""
    if line.count("[") + line.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in BRACKETS.findall(STRINGS.sub("", line)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def event_of(line: str) -> Event:
    """One line of a trace -> its event, or ValueError. Nesting deeper than the schema's is refused before parsing."""
    if _too_deep(line):
        raise OrthrusError("trace-invalid", "it is nested too deeply")
    try:
        return from_json(json.loads(line, parse_constant=_no_constant, object_pairs_hook=_no_duplicates))
    except json.JSONDecodeError as error:
        raise OrthrusError("trace-invalid", f"it is not JSON: {error.msg}, column {error.colno}") from None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with gzip.open(path, "rb") as file:
            yield from numbered_lines(file, path.name, MAX_LINE_BYTES, MAX_TEXT_BYTES)
    except (OSError, zlib.error, EOFError) as error:  # BadGzipFile is an OSError
        raise OrthrusError("trace-invalid", f"{path.name} is not a gzipped trace: {error}") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise OrthrusError("trace-invalid", "an object has the same key twice")
    return members


def _no_constant(name: str) -> Any:
    raise OrthrusError("trace-invalid", f"{name} is not a number a trace may hold")
