"""What if the diffusion view had guessed another token? The AR view of the page's model judges the changed block."""

from __future__ import annotations

from typing import Any

from orthrus.events import Draft, Event, RunStart, Verdict
from orthrus.trace import Trace
from viz.language import say
from viz.patches import Change, merge, put
from viz.views.inspector import NAME as SOURCE

NAME = "whatif"


def skeleton() -> dict[str, Any]:
    return {
        "kind": "whatif",
        "title": "What if the guess were another?",
        "hint": "Change one guess of this block and let the AR view judge the block again, greedily, in one forward "
        "pass. The run itself stays as it was.",
        "source": SOURCE,
        "end": say("words.end"),
        "slot": "Slot",
        "token": "Token or text",
        "judge": "Judge again",
        "before": "In the run",
        "after": "With your change",
        "kept": "{k} of {n} guesses kept, then {own}.",
        "ended": "{k} of {n} guesses kept, and there the text ends.",
        "asked": "The model is judging …",
        "note": "Judged by the model of this page ({engine}).",
        "apart": "As text your block reads as {n} tokens, in the run it had {m}.",
        "sampled": "The run was sampled, this verdict is greedy: they may differ without any change.",
        "off": {
            "file": "Off in a saved page: it needs the model, and a file asks no server.",
            "prompt": "Off for this run: its prompt is a conversation, and only a single question can be judged again.",
            "draft": "There is no guess to change in this cycle.",
            "later": "The AR view judges in the next phase. Then a guess can be changed.",
            "bytes": "Off for this block: it has parts of characters, which cannot be typed as text.",
        },
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
