"""Download of the run: the recorded file comes with the last frame, so saving needs no further request."""

from __future__ import annotations

import base64
import re
from typing import Any

from orthrus.events import SCHEMA_VERSION, Done, Event, RunStart
from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, as_recorded, packed
from viz.language import say
from viz.patches import Change, put
from viz.views.provenance import source
from viz.views.scoreboard import entries, final

NAME = "record"
SLOTS = ("cycle", "slot", "status", "guess", "q", "own", "p", "gap", "q_H", "p_H")  # of the table of all slots


def skeleton() -> dict[str, Any]:
    return {
        "kind": "record",
        "title": say("record.title"),
        "hint": say("record.hint"),
        "suffix": SUFFIX,
        "waiting": say("record.waiting"),
        "slots": [[say(f"slots.{name}"), name] for name in SLOTS],
        "facts": {"run": {"name": "orthrus", "about": ""}, "trace": None, "summary": "", "later": []},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart):
        later = [["badges", "set", "source", source(as_recorded(event)), 0]]
        return [put("run", {"name": file_name(event), "about": provenance(event)}), put("later", later)]
    if isinstance(event, Done):
        file = base64.b64encode(packed(trace)).decode("ascii")
        return [put("trace", file), put("summary", summary(trace))]
    return []


def summary(trace: Trace) -> str:
    """The run as Markdown: the prompt, the text, the measured numbers and their provenance."""
    board = final(trace)
    numbers = "".join(f"| {label} | {board[key]} |\n" for key, label, _ in entries() if board.get(key))
    prompt = trace.start.prompt.messages[-1].content if trace.start and trace.start.prompt.messages else ""
    check = trace.lossless
    same = say("record.uncompared")
    if check:
        verdict = say(f"record.verdict.{check.verdict}")
        same = say("record.same", verdict=verdict, same=check.identical, n=check.n_compared)
    where = provenance(trace.start) if trace.start else ""
    return (
        f"# {say('record.heading')}\n\n**{say('record.prompt')}**\n\n{fenced(prompt)}\n"
        f"**{say('record.text')}**\n\n{fenced(trace.text)}\n"
        f"| {say('record.measured')} | |\n|--|--|\n{numbers}| {say('record.same-text')} | {same} |\n\n{where}\n"
    )


def fenced(text: str) -> str:
    """Any text as a Markdown block: the fence is longer than every run of backticks inside."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text.rstrip()}\n{fence}\n"


def file_name(start: RunStart) -> str:
    """A file name from the run and its date, with characters that every file system allows."""
    day = re.sub(r"[^0-9T]", "", start.recorded_at)[:15]
    return re.sub(r"[^A-Za-z0-9.-]+", "-", f"orthrus-{day}-{start.run[:12]}")


def provenance(start: RunStart) -> str:
    """The provenance of the numbers in one line, for every exported table and picture."""
    model, host = start.model, start.host
    return (
        f"{say('record.schema', version=SCHEMA_VERSION)}; {model.id} ({model.revision[:12]}), {model.dtype}, "
        f"{model.attn_impl}; {host.device} ({host.kind}), torch {host.torch}; {start.recorded_at}"
    )
