"""Console output and exit codes: control characters are escaped, and an error is one line.

Standard library only.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from orthrus.errors import OrthrusError

USAGE, INTERRUPTED, CLOSED_PIPE = 2, 130, 141  # exit codes; the last two are 128 + SIGINT and SIGPIPE
LONGEST = 2000  # characters of an error's line
# Control characters except tab and line feed, marks that reverse text direction, lone surrogates.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Escape what a terminal would interpret, as \\x1b."""
    return _OBEYED.sub(lambda match: _spelled(ord(match[0])), text)


def _spelled(code: int) -> str:
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def as_json(value: Any) -> str:
    """One line of JSON for standard output, limited to characters of its encoding."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") in ("utf8", "utf16", "utf32")
    text = json.dumps(value, ensure_ascii=not unicode)
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def note(line: str) -> None:
    """A line on standard error."""
    print(printable(line), file=sys.stderr, flush=True)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are exceptions, code `usage`."""

    def error(self, message: str) -> NoReturn:
        raise OrthrusError("usage", f"{message} (`{self.prog} --help` lists what there is)")


def count(text: str) -> int:
    """Option type: a whole number, 1 or more."""
    return _whole(text, 1)


def natural(text: str) -> int:
    """Option type: a whole number, 0 or more."""
    return _whole(text, 0)


def _whole(text: str, low: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= low):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} must be a whole number, {low} or more")
    return int(text)


def real(text: str) -> float:
    """Option type: a finite number, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} must be a number, 0 or more")
    return value


def run_command(body: Callable[[], int], alone: bool = True) -> int:
    """Run a command and return its exit code: the body's own, 2 for an error, 130 for Ctrl-C, 141 for a closed pipe.

    `alone`: the process runs nothing else, so Ctrl-C may end it at any point.
    """
    if alone:
        signal.signal(signal.SIGINT, _stop_at_once)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a console that lacks a character gets its number
    try:
        code = body()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as `head` does
        _forget_output()
        return CLOSED_PIPE
    except KeyboardInterrupt:
        note("stopped")
        return INTERRUPTED
    except (ValueError, OSError) as error:
        note(f"error: {' '.join(str(error).split())[:LONGEST]}")
        return USAGE
    return code


def _stop_at_once(*_: Any) -> None:
    """Exit at once on Ctrl-C: a KeyboardInterrupt inside a library's import ends in a traceback or in abort()."""
    os.write(2, b"stopped\n")
    os._exit(INTERRUPTED)


def _forget_output() -> None:
    """Discard buffered output, or Python reports an error when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


def standard_input() -> str:
    """All of standard input as text; OrthrusError `not-utf-8` for anything else."""
    data = sys.stdin.buffer.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise OrthrusError("not-utf-8", f"standard input, line {line} is not UTF-8: {error.reason}") from None
