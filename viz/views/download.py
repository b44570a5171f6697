"""Download of the run: the recorded file comes with the last frame, so saving needs no further request."""

from __future__ import annotations

import base64
import re
from typing import Any

from orthrus.events import SCHEMA_VERSION, Done, Event, RunStart
from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, as_recorded, packed
from viz.patches import Change, put
from viz.views.provenance import source
from viz.views.scoreboard import ENTRIES, final

NAME = "record"
SLOTS = {  # columns of the table with one row per slot
    "cycle": "cycle", "slot": "slot", "status": "status", "guess": "guess", "q": "guess, diffusion view %",
    "own": "AR view's choice", "p": "guess, AR view %", "gap": "AR gap, logits", "q_H": "diffusion entropy, nats",
    "p_H": "AR entropy, nats",
}  # fmt: skip


def skeleton() -> dict[str, Any]:
    return {
        "kind": "record",
        "title": "Take this run with you",
        "hint": "Made in your browser, from what the page already has. Charts have their own picture and CSV below "
        "them.",
        "suffix": SUFFIX,
        "waiting": "The files are ready when the run has ended.",
        "slots": [[head, name] for name, head in SLOTS.items()],
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
    numbers = "".join(f"| {label} | {board[key]} |\n" for key, label, _ in ENTRIES if board.get(key))
    prompt = trace.start.prompt.messages[-1].content if trace.start and trace.start.prompt.messages else ""
    check = trace.lossless
    same = (
        f"{check.verdict.replace('_', ' ')}, {check.identical} of {check.n_compared} tokens"
        if check
        else "not compared"
    )
    where = provenance(trace.start) if trace.start else ""
    return (
        f"# A run of Orthrus\n\n**Prompt**\n\n{fenced(prompt)}\n**Text**\n\n{fenced(trace.text)}\n"
        f"| measured | |\n|--|--|\n{numbers}| Same text as plain decoding | {same} |\n\n{where}\n"
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
        f"Orthrus trace schema {SCHEMA_VERSION}; {model.id} ({model.revision[:12]}), {model.dtype}, {model.attn_impl}; "
        f"{host.device} ({host.kind}), torch {host.torch}; {start.recorded_at}"
    )
