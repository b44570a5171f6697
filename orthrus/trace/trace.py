"""The trace: an immutable fold of one run's events, with everything derived from them.

`Trace.add` shares storage with the trace it grew from, so a fold of n events costs O(n). Statuses, running totals
and rates are derived here and in `metrics`. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from orthrus.events import ArChunk, Done, Draft, Event, Glyph, Lossless, Piece, Prefill, Retired, RunStart, Verdict
from orthrus.events.detokenize import decoded
from orthrus.trace.append_only import AppendOnly
from orthrus.trace.totals import Sums, counted

NEXT_STATUS = {"correction": "correction", "bonus": "bonus", "resample": "resampled"}


class Token(NamedTuple):
    """One token of the text: who wrote it, in which cycle (-1: prefill) and from which slot (0: the AR view's own)."""

    id: int
    cycle: int
    slot: int
    status: str


class Cycle(NamedTuple):
    """One draft and, once it is known, its verdict."""

    draft: Draft
    verdict: Verdict | None

    @property
    def accepted(self) -> int:
        """Proposals accepted and appended to the text (an accepted EOS ends the count), branches included."""
        return accepted(self.verdict) if self.verdict else 0

    @property
    def on_chain(self) -> int:
        """How many of them stand on the chain."""
        return self.accepted - len(self.verdict.path or ()) if self.verdict else 0

    @property
    def accepted_ids(self) -> tuple[int, ...]:
        """Their ids: of the chain, then of the branches."""
        draft, path = self.draft, (self.verdict.path or ()) if self.verdict else ()
        return draft.draft_ids[: self.on_chain] + tuple((draft.branch_ids or ())[row - draft.block] for row in path)

    @property
    def appended(self) -> tuple[int, ...]:
        """The ids this cycle added to the text, in order."""
        if self.verdict is None:
            return ()
        own = () if self.verdict.next_id is None else (self.verdict.next_id,)
        return self.accepted_ids + own

    def statuses(self) -> tuple[str, ...]:
        """[block] anchor, then pending | accepted | refused | discarded; the slots after the cut were never judged."""
        n = self.draft.n_draft
        if self.verdict is None:
            return ("anchor", *["pending"] * n)
        accepted = self.on_chain
        refused = (self.verdict.next_id is not None or bool(self.verdict.path)) and accepted < n
        return ("anchor", *["accepted"] * accepted, *["refused"] * refused, *["discarded"] * (n - accepted - refused))

    @property
    def next_status(self) -> str | None:
        """correction | bonus | resampled, or None while there is no next token."""
        return NEXT_STATUS.get(self.verdict.next_kind) if self.verdict else None

    @property
    def ms(self) -> float:
        """Draft, verify, judge and host time; instruments are not part of a cycle's time."""
        v = self.verdict
        return self.draft.t_draft_ms + (v.t_verify_ms + v.t_judge_ms + v.t_host_gap_ms if v else 0.0)


def accepted(verdict: Verdict) -> int:
    return verdict.n_commit - (verdict.next_id is not None)


@dataclass(frozen=True, slots=True)
class Trace:
    """All events of one run so far, folded."""

    events: AppendOnly[Event] = field(default_factory=AppendOnly)
    start: RunStart | None = None
    prefill: Prefill | None = None
    lossless: Lossless | None = None
    done: Done | None = None
    drafts: AppendOnly[Draft] = field(default_factory=AppendOnly)
    verdicts: AppendOnly[Verdict] = field(default_factory=AppendOnly)
    ends_ms: AppendOnly[float] = field(
        default_factory=AppendOnly
    )  # lane time at the end of each judged cycle, prefill included
    tokens: AppendOnly[Token] = field(default_factory=AppendOnly)
    ar_ids: AppendOnly[int] = field(default_factory=AppendOnly)
    ar_ms: AppendOnly[float] = field(default_factory=AppendOnly)
    sums: Sums = field(default_factory=Sums)
    _glyphs: AppendOnly[tuple[int, Glyph]] = field(default_factory=AppendOnly)
    # id -> place in _glyphs; shared between versions, so only places below len(_glyphs) count
    _index: dict[int, int] | None = field(default=None, compare=False)

    @classmethod
    def of(cls, events: Iterable[Event]) -> Trace:
        trace = cls()
        for event in events:
            trace = trace.add(event)
        return trace

    def add(self, event: Event) -> Trace:
        """The trace with one more event; raises ValueError if the event cannot follow."""
        self._refuse_out_of_order(event)
        grown = replace(self, events=self.events.plus(event))
        if isinstance(event, RunStart):
            return replace(grown, start=event)
        if isinstance(event, Piece):
            return grown._with_glyphs(event)
        if isinstance(event, Prefill):
            first = Token(event.first_id, -1, 0, "first")
            return replace(grown, prefill=event, tokens=self.tokens.plus(first), sums=replace(self.sums, tokens=1))
        if isinstance(event, Draft):
            passes = self.sums.passes_draft + (event.pass_rows > 0)
            return replace(grown, drafts=self.drafts.plus(event), sums=replace(self.sums, passes_draft=passes))
        if isinstance(event, Verdict):
            return grown._with_verdict(event)
        if isinstance(event, ArChunk):
            return replace(grown, ar_ids=self.ar_ids.plus(*event.ids), ar_ms=self.ar_ms.plus(*event.t_ms))
        if isinstance(event, Lossless):
            return replace(grown, lossless=event)
        if isinstance(event, Done):
            return replace(grown, done=event)
        return grown

    def cycle(self, number: int) -> Cycle:
        return Cycle(self.drafts[number], self.verdicts[number] if number < len(self.verdicts) else None)

    @property
    def cycles(self) -> list[Cycle]:
        return [self.cycle(c) for c in range(len(self.drafts))]

    def glyph(self, index: int) -> Glyph:
        """How to show an id; its number if no piece event announced it."""
        place = (self._index or {}).get(index, len(self._glyphs))
        return self._glyphs[place][1] if place < len(self._glyphs) else Glyph(s=f"<{index}>", b="")

    def data(self, ids: Iterable[int]) -> bytes:
        return bytes.fromhex("".join(self.glyph(index).b for index in ids))

    @property
    def token_ids(self) -> tuple[int, ...]:
        """Generated ids of the Orthrus lane, from the first token on."""
        return tuple(token.id for token in self.tokens)

    @property
    def text(self) -> str:
        """The generated text; bytes of an unfinished last character are left out."""
        data = self.data(self.token_ids)
        return decoded(data) or data.decode("utf-8", errors="ignore")

    @property
    def block(self) -> int:
        return self.start.config.block if self.start else 0

    def _refuse_out_of_order(self, event: Event) -> None:
        if event.seq != len(self.events):
            raise ValueError(f"{event.type} has seq {event.seq}; the next event is number {len(self.events)}")
        if self.events and event.run != self.events[0].run:
            raise ValueError(f"{event.type} belongs to run {event.run}; this trace is of run {self.events[0].run}")
        if self.done is not None:
            raise ValueError(f"{event.type} comes after done, which is always the last event")
        if (self.start is None) is not isinstance(event, RunStart) and not isinstance(event, Retired):
            raise ValueError(f"{event.type} as event {event.seq}: a run begins with exactly one run_start")
        if isinstance(event, Prefill) and self.prefill is not None:
            raise ValueError("a second prefill in one run")
        if isinstance(event, Draft):
            if self.prefill is None or len(self.drafts) != len(self.verdicts):
                raise ValueError(f"draft of cycle {event.cycle} comes before the prefill or the last verdict")
            if event.cycle != len(self.drafts):
                raise ValueError(f"draft has cycle {event.cycle}; the next cycle is {len(self.drafts)}")
        if isinstance(event, Verdict):
            if event.cycle != len(self.drafts) - 1 or len(self.drafts) == len(self.verdicts):
                raise ValueError(f"verdict of cycle {event.cycle} has no draft to judge")
            if len(event.ar_ids) != self.drafts[-1].block:
                raise ValueError(
                    f"verdict has {len(event.ar_ids)} ar_ids; its draft's block is {self.drafts[-1].block}"
                )
        if isinstance(event, ArChunk) and event.i0 != len(self.ar_ids):
            raise ValueError(f"ar_chunk begins at token {event.i0}; the AR lane holds {len(self.ar_ids)}")

    def _with_glyphs(self, event: Piece) -> Trace:
        index = self._index
        if index is None or len(index) != len(self._glyphs):  # an older version grows a second branch
            index = {key: place for place, (key, _) in enumerate(self._glyphs)}
        fresh = [(key, glyph) for key, glyph in event.items.items() if key not in index]
        index.update((key, len(self._glyphs) + i) for i, (key, _) in enumerate(fresh))
        return replace(self, _glyphs=self._glyphs.plus(*fresh), _index=index)

    def _with_verdict(self, event: Verdict) -> Trace:
        cycle = Cycle(self.drafts[-1], event)
        accepted, n = cycle.accepted, cycle.draft.n_draft
        words = [Token(i, event.cycle, slot, "accepted") for slot, i in enumerate(cycle.accepted_ids, 1)]
        if event.next_id is not None:
            words.append(Token(event.next_id, event.cycle, 0, NEXT_STATUS.get(event.next_kind, "correction")))
        old, prefill_ms = self.sums, self.prefill.ms if self.prefill else 0.0
        sums = replace(
            old,
            tokens=old.tokens + event.n_commit,
            accepted=old.accepted + accepted,
            proposals=old.proposals + n,
            written=old.written + event.kv.written,
            kept=old.kept + event.kv.kept,
            ms_cycles=old.ms_cycles + cycle.ms,
            ms_instr=old.ms_instr + event.t_instr_ms,
            reached=counted(old.reached, accepted),
            offered=counted(old.offered, max((n, *cycle.draft.branch_depths))),
        )
        return replace(
            self,
            verdicts=self.verdicts.plus(event),
            ends_ms=self.ends_ms.plus(prefill_ms + sums.ms_cycles),
            tokens=self.tokens.plus(*words),
            sums=sums,
        )
