"""Structured logging: one JSON object per line, with the run's id if there is one. Prompts and texts are never logged.

An error message may quote what a visitor typed, so of a refused value only the error's type is logged.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import datetime, timezone
from typing import Any

PLAIN = frozenset(vars(logging.makeLogRecord({})))  # standard record attributes; anything else is our own field
DEEP = 12  # traceback frames that are logged


class JsonLines(logging.Formatter):
    """Formatter: at, level, event, then the `extra` fields; an exception as its type and its frames."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "event": record.getMessage()}
        line |= {name: value for name, value in vars(record).items() if name not in PLAIN and name != "taskName"}
        if record.name.split(".")[0] not in ("orthrus", "viz", "app", "__main__"):
            line["from"] = record.name
        if record.exc_info and record.exc_info[1] is not None:
            line |= fault(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def fault(error: BaseException) -> dict[str, Any]:
    """An exception as log fields: type, text and frames. A ValueError's text may quote a visitor and is omitted."""
    places = traceback.extract_tb(error.__traceback__)[-DEEP:]
    record = {"error": type(error).__name__, "places": [f"{p.filename}:{p.lineno} {p.name}" for p in places]}
    return record if isinstance(error, ValueError) else record | {"text": str(error)[:400]}


def start(level: int = logging.INFO, stream: Any = None) -> None:
    """Write the log to standard error."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "httpx2", "httpcore"):  # gradio's own start-up checks
        logging.getLogger(chatty).setLevel(logging.WARNING)
