"""What if the diffusion view had guessed another token? The AR view of the page's model judges the changed block."""

from __future__ import annotations

from typing import Any

from orthrus.events import Draft, Event, RunStart, Verdict
from orthrus.trace import Trace
from viz.language import say
from viz.patches import Change, merge, put
from viz.views.inspector import NAME as SOURCE

NAME = "whatif"
WORDS = (
    "title",
    "hint",
    "slot",
    "token",
    "judge",
    "before",
    "after",
    "kept",
    "ended",
    "asked",
    "note",
    "apart",
    "sampled",
)
OFF = ("file", "prompt", "draft", "later", "bytes")  # why nothing can be changed


def skeleton() -> dict[str, Any]:
    return {
        "kind": "whatif",
        "source": SOURCE,
        "end": say("words.end"),
        **{word: say(f"whatif.{word}") for word in WORDS},
        "off": {why: say(f"whatif.off.{why}") for why in OFF},
        "state": {"stop": None},
        "facts": {"run": {}},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart):
        single = len(event.prompt.messages) == 1
        prompt = event.prompt.messages[0].content if single else None
        return [merge("run", {"prompt": prompt, "sampled": event.params.mode == "sample"})]
    if isinstance(event, Draft):
        return [put("stop", [event.cycle], "draft")]
    if isinstance(event, Verdict):  # the cycle, guesses kept, the AR view's own token, and 1 if no text can hold them
        kept = trace.cycle(event.cycle).on_chain
        halves = [1] if _halves(event.cycle, trace) else []
        return [put("stop", [event.cycle, kept, event.next_id, *halves], "verify")]
    return []


def _halves(cycle: int, trace: Trace) -> bool:
    """Whether a guess of the block is only a part of a character, which no text can hold."""
    return any(trace.glyph(i).s is None and trace.glyph(i).b for i in trace.cycle(cycle).draft.draft_ids)
