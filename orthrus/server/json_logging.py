"""The server's log: one JSON object a line, with the run's id where there is one. Prompts and texts never go in.

What a visitor typed can stand in the sentence of a refusal, so of a refused value only its kind is written.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import datetime, timezone
from typing import Any

PLAIN = frozenset(vars(logging.makeLogRecord({})))  # what every record has; anything else is a fact of ours
DEEP = 12  # places of a traceback that are written


class JsonLines(logging.Formatter):
    """at, level, event, then the facts given as `extra`; an exception as its kind and its places."""

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
    """An exception for the operator: kind, text and places. A ValueError's text may quote a visitor and is left out."""
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
