"""The named API: each public method is one typed endpoint and one MCP tool.

Types and docstrings here are published as the endpoints' own. A method raises OrthrusError, with code and sentence, for
a caller's error or a failure of the server.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from orthrus import checks
from orthrus.errors import OrthrusError
from orthrus.events import to_json
from orthrus.server.run import Run
from orthrus.server.run_manager import RunManager
from orthrus.server.updates import QueuePosition, Update, sentence
from orthrus.trace import Trace
from orthrus.trace.files import load
from viz.language import say
from viz.page.answers import compared, explained, raced
from viz.page.form import read
from viz.page.recordings import Recording
from viz.page.stream import place

ALIVE_S = 5.0  # seconds between heartbeats of a silent stream; a server can close a handler only when it yields
Answer = Callable[..., dict[str, Any]]


class Visitor(NamedTuple):
    session: str
    address: str


class Endpoints:
    """The endpoints; `recordings` maps each card to its file, `verify` judges one block, `attend` looks into one."""

    def __init__(
        self, manager: RunManager, verify: Answer, attend: Answer, recordings: Mapping[str, tuple[Recording, Path]]
    ) -> None:
        self._manager, self._verify, self._attend, self._recordings = manager, verify, attend, recordings

    def decode_events(
        self,
        visitor: Visitor,
        prompt: str,
        max_new_tokens: int = 128,
        temperature: float = 0.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 1,
        coupling: str = "gumbel",
        block_size: int | None = None,
        engine: str = "auto",
        detail: int = 0,
        compare: bool = False,
        draft: str = "chain",
    ) -> Iterator[dict]:
        """Decode a prompt and stream the events of the run, one object each: run_start, piece, prefill, draft,
        verdict, done. Before the first, objects of type waiting give the position in the queue and the seconds to wait.

        Args:
            prompt: what to answer.
            max_new_tokens: most tokens of the answer.
            temperature: 0 is greedy; above it tokens are drawn.
            top_k: draw from this many tokens; null for all.
            top_p: draw from this much probability; null for all.
            seed: decides every draw.
            coupling: gumbel writes the text of plain sampling with this seed; rejection equals it in distribution.
            block_size: anchor and guesses of a draft; null for the model's own.
            engine: auto, numba, triton or torch (plain PyTorch).
            detail: -1 ids and timings, 0 also log-probabilities, 1 also alternatives.
            compare: also decode one token per pass, and compare (ar_chunk and lossless events).
            draft: chain, tree, lookup, one-pass or auto.
        """
        entered: dict[str, Any] = {"max_new_tokens": max_new_tokens, "temperature": temperature}
        entered |= {
            "top_k": top_k,
            "top_p": top_p,
            "seed": seed,
            "coupling": coupling,
            "block_size": block_size,
            "engine": engine,
            "draft": draft,
        }
        prepare = lambda: read(prompt, entered, self._manager.limits, compare, detail=checks.numeral("detail", detail))  # noqa: E731

        def work(model: Any, request: Any, run: Run) -> Iterator[dict]:
            for event, _ in self._manager.follow(request, run):
                yield to_json(event)

        yield from self._items(visitor, prepare, work)

    def lossless_check(
        self,
        visitor: Visitor,
        prompt: str,
        max_new_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 1,
        engine: str = "auto",
        draft: str = "chain",
    ) -> dict:
        """Decode a prompt with Orthrus and token by token, and compare: the verdict, both counts, the speed-up.

        Args:
            prompt: what to answer.
            max_new_tokens: most tokens of the answer.
            temperature: 0 is greedy; above it tokens are drawn, with the same noise in both.
            seed: decides every draw.
            engine: auto, numba, triton or torch (plain PyTorch).
            draft: chain, tree, lookup, one-pass or auto.
        """
        entered = {"max_new_tokens": max_new_tokens, "temperature": temperature, "seed": seed, "engine": engine}
        entered |= {"draft": draft}
        prepare = lambda: read(prompt, entered, self._manager.limits, detail=-1)  # noqa: E731

        def work(model: Any, request: Any, run: Run) -> Iterator[dict]:
            trace = Trace()
            for _, grown in self._manager.follow(request, run):
                trace = grown
            if trace.lossless is None:
                raise OrthrusError("run-ended", f"the check was stopped: {run.why or 'the run was ended'}")
            yield compared(trace)

        return self._last(visitor, prepare, work)

    def race_drafters(
        self,
        visitor: Visitor,
        prompt: str,
        max_new_tokens: int = 128,
        temperature: float = 0.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 1,
        coupling: str = "gumbel",
        engine: str = "auto",
    ) -> Iterator[dict]:
        """Decode a prompt token by token and then with every drafter, each alone: what each computed, kept and took.

        Objects of type measuring say which one runs; the last one, of type race, has a lane for each.

        Args:
            prompt: what to answer.
            max_new_tokens: most tokens of the answer.
            temperature: 0 is greedy; above it tokens are drawn, with the same noise in every lane.
            top_k: draw from this many tokens; null for all.
            top_p: draw from this much probability; null for all.
            seed: decides every draw.
            coupling: gumbel writes the text of plain sampling with this seed; rejection refuses some drafters.
            engine: auto, numba, triton or torch (plain PyTorch).
        """
        entered: dict[str, Any] = {"max_new_tokens": max_new_tokens, "temperature": temperature, "top_k": top_k}
        entered |= {"top_p": top_p, "seed": seed, "coupling": coupling, "engine": engine}
        prepare = lambda: read(prompt, entered, self._manager.limits, both=False, detail=-1)  # noqa: E731
        yield from self._items(visitor, prepare, lambda model, request, run: raced(self._manager, request, run))

    def verify_block(
        self, visitor: Visitor, prompt: str, proposal: str, written: str = "", engine: str = "auto"
    ) -> dict:
        """Let the AR view judge text you propose as the next block of its answer: what it accepts, what it wants.

        Args:
            prompt: the question.
            proposal: the text proposed to come next; at most one block of tokens.
            written: the part of the answer that is written already.
            engine: auto, numba, triton or torch (plain PyTorch).
        """

        def prepare() -> str:
            for name, text in (("prompt", prompt), ("written text", written), ("proposal", proposal)):
                self._manager.limits.check_prompt(checks.text(name, text))
            return read(prompt, {"engine": engine, "max_new_tokens": 1}, self._manager.limits).engine

        def work(model: Any, engine: str, run: Run) -> Iterator[dict]:
            yield self._verify(model, prompt, written, proposal, engine)

        return self._last(visitor, prepare, work)

    def attention_shares(
        self,
        visitor: Visitor,
        before: list[int],
        prompt_tokens: int,
        block: list[int],
        draft_rows: int | None = None,
    ) -> dict:
        """Where both views look in one cycle: per layer and slot the shares of attention on the first token, the rest
        of the prompt, the written text, the anchor, the slots to the left, the slot itself, those to the right.

        Both passes are computed again in plain PyTorch. Each row is the mean over the heads and sums to 1.

        Args:
            before: the token ids of the prompt and the text before the block; at most 4096.
            prompt_tokens: how many of them are the prompt.
            block: the token ids of the anchor and the guesses; at most one block.
            draft_rows: rows of the draft pass; 0 for none, null for the model's block size.
        """

        def work(model: Any, given: tuple, run: Run) -> Iterator[dict]:
            yield self._attend(model, *given)

        return self._last(visitor, lambda: (before, prompt_tokens, block, draft_rows), work)

    def list_recordings(self) -> list[dict]:
        """The recorded runs of this page: name, title, one line of measured facts, where they were measured, prompt."""
        shown = ("name", "title", "facts", "origin", "prompt")
        return [{name: getattr(card, name) for name in shown} for card, _ in self._recordings.values()]

    def explain_cycle(self, recording: str, cycle: int = 0) -> dict:
        """One cycle of a recorded run: its slots, their outcomes, and the page's captions.

        Args:
            recording: a name from list_recordings.
            cycle: 0 is the first.
        """
        if checks.text("recording", recording) not in self._recordings:
            names = ", ".join(self._recordings) or "none"
            raise OrthrusError("unknown-recording", f"there is no recording {recording!r:.60}; there are: {names}")
        cycle = checks.whole("cycle", checks.numeral("cycle", cycle), 0)
        trace = load(self._recordings[recording][1])
        if cycle >= len(trace.verdicts):
            raise OrthrusError(
                "out-of-range", f"cycle is {cycle}, this recording has cycles 0 to {len(trace.verdicts) - 1}"
            )
        return {"recording": recording} | explained(trace, cycle)

    def _items(self, visitor: Visitor, prepare: Callable[[], Any], work: Callable) -> Iterator[dict]:
        """The run's items; an error ends them with OrthrusError."""
        run = Run(visitor.session, visitor.address)
        with self._manager.in_thread(run, prepare, work) as out:
            while True:
                try:
                    item = out.get(timeout=ALIVE_S)
                except queue.Empty:
                    item = Update(None, say("live.at-work"))
                if item is None:
                    return
                if isinstance(item, Update) and item.failed:
                    raise OrthrusError(item.code, item.status or "")
                if isinstance(item, QueuePosition):
                    yield {"type": "waiting", "number": item.number, "seconds": item.seconds, "words": place(item)}
                elif isinstance(item, Update):
                    yield {"type": "waiting", "number": None, "seconds": None, "words": sentence(item.status or "")}
                else:
                    yield item

    def _last(self, visitor: Visitor, prepare: Callable[[], Any], work: Callable) -> dict:
        items = [item for item in self._items(visitor, prepare, work) if item.get("type") != "waiting"]
        if not items:
            raise OrthrusError("run-ended", "The run was ended before it began.")
        return items[-1]
