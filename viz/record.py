"""The run itself, for taking along: the recorded file travels with the last frame, so the page saves it unasked."""

from __future__ import annotations

import base64
import re
from typing import Any

from orthrus.events import SCHEMA_VERSION, Done, Event, RunStart
from orthrus.recording import SUFFIX, as_recorded, packed
from orthrus.trace import Trace
from viz import badges
from viz.changes import Change, put

NAME = "record"


def skeleton() -> dict[str, Any]:
    return {
        "kind": "record",
        "title": "Take this run with you",
        "hint": "Made in your browser, from what the page already has. Charts have their own picture and CSV below "
        "them.",
        "suffix": SUFFIX,
        "waiting": "The files are ready when the run has ended.",
        "facts": {"run": {"name": "orthrus", "about": ""}, "trace": None, "later": []},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart):
        later = [["badges", "set", "source", badges.source(as_recorded(event)), 0]]
        return [put("run", {"name": file_name(event), "about": provenance(event)}), put("later", later)]
    if isinstance(event, Done):
        return [put("trace", base64.b64encode(packed(trace)).decode("ascii"))]
    return []


def file_name(start: RunStart) -> str:
    """A name for files: the run and when it was recorded; nothing in it that a file system minds."""
    day = re.sub(r"[^0-9T]", "", start.recorded_at)[:15]
    return re.sub(r"[^A-Za-z0-9.-]+", "-", f"orthrus-{day}-{start.run[:12]}")


def provenance(start: RunStart) -> str:
    """Where numbers come from, in one line: it goes into every table and picture that leaves the page."""
    model, host = start.model, start.host
    return (
        f"Orthrus trace schema {SCHEMA_VERSION}; {model.id} ({model.revision[:12]}), {model.dtype}, {model.mode} mode; "
        f"{host.device} ({host.kind}), torch {host.torch}; {start.recorded_at}"
    )
