"""Trace invariants: each violation is one sentence, beginning with the invariant's number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from orthrus.events import ArChunk, Draft, Prefill, Verdict
from orthrus.trace import Cycle, Trace

CLOCK_SLACK_MS = 1.0  # times are rounded to 0.001 ms, a few per event


def check(trace: Trace) -> list[str]:
    """The violated invariants of a trace, finished or not; an empty list if all hold."""
    cycles = trace.cycles
    problems = [problem for cycle in cycles for problem in _cycle(trace, cycle)]
    problems += _positions(trace, cycles)
    problems += _texts(trace, cycles)
    problems += _clocks(trace)
    problems += _lanes(trace)
    return problems


def same_ids(first: Trace, second: Trace) -> list[str]:
    """(vii) Two runs of one prompt that differ only in detail have the same ids in every draft and verdict."""
    problems = []
    if first.token_ids != second.token_ids:
        problems.append(f"(vii) the texts differ: {len(first.tokens)} and {len(second.tokens)} tokens")
    for a, b in zip(first.cycles, second.cycles, strict=False):
        judged_a, judged_b = (c.verdict.ar_ids if c.verdict else None for c in (a, b))
        if a.draft.draft_ids != b.draft.draft_ids or judged_a != judged_b:
            problems.append(
                f"(vii) cycle {a.draft.cycle} has other ids at detail {a.draft.detail} and {b.draft.detail}"
            )
    return problems


def _cycle(trace: Trace, cycle: Cycle) -> Iterator[str]:
    """(i), (iii), (viii) and the agreement of stop and next token, within one cycle."""
    draft, verdict = cycle.draft, cycle.verdict
    name = f"cycle {draft.cycle}"
    if len(draft.draft_ids) != draft.n_draft or draft.block != draft.n_draft + 1:
        yield f"(viii) {name}: {len(draft.draft_ids)} draft_ids, n_draft {draft.n_draft}, block {draft.block}"
    if verdict is None:
        return
    if len(verdict.ar_ids) != draft.block:
        yield f"(viii) {name}: {len(verdict.ar_ids)} ar_ids in a block of {draft.block}"
        return
    if _by_comparison(trace):
        yield from _walk(name, draft, verdict)
    yield from _lane(name, draft, verdict)
    proposals = (*draft.draft_ids[: verdict.n_accept], *cycle.accepted_ids[cycle.on_chain :])
    ends = next((k for k, i in enumerate(proposals, 1) if i in _eos(trace)), None)
    expected = len(proposals) if ends is None else ends
    if cycle.accepted != expected or (verdict.next_id is None) is (ends is None):
        more = "no next token" if verdict.next_id is None else "a next token"
        yield f"(ii) {name}: {cycle.accepted} accepted proposals appended and {more}; {expected} were to be appended"
    last = verdict.path[-1] if verdict.path else verdict.n_accept
    full = last >= draft.n_draft and last not in (draft.branch_parents or ())
    if verdict.next_kind != "none" and (verdict.next_kind == "bonus") is not full:
        yield f"(i) {name}: {verdict.n_accept} of {draft.n_draft} accepted, but next_kind is {verdict.next_kind}"
    kv, rows = verdict.kv, 1 + cycle.accepted
    least = draft.block + len(draft.branch_ids or ())
    if kv.before != draft.pos0 or kv.kept != rows or kv.cropped != kv.written - kv.kept or kv.written < least:
        want = f"before {draft.pos0}, kept {rows}, written at least {least} and cropped written - kept"
        yield f"(iii) {name}: kv is {kv.before}, {kv.kept}, {kv.written}, {kv.cropped}; it must be {want}"


def _positions(trace: Trace, cycles: list[Cycle]) -> Iterator[str]:
    """(iii) Each block begins where the last one's kept rows end, with the last token as its anchor."""
    pos0 = trace.prefill.kv_len if trace.prefill else 0
    if trace.start and trace.prefill and pos0 != len(trace.start.prompt.ids):
        yield f"(iii) the prefill fills {pos0} rows; the prompt has {len(trace.start.prompt.ids)} ids"
    anchor, lane = trace.prefill.first_id if trace.prefill else None, None
    for cycle in cycles:
        draft = cycle.draft
        if draft.pos0 != pos0:
            yield f"(iii) cycle {draft.cycle}: pos0 is {draft.pos0}; the cache holds {pos0} rows"
        if draft.anchor_id != anchor:
            yield f"(ii) cycle {draft.cycle}: the anchor is {draft.anchor_id}; the last token was {anchor}"
        if draft.n_draft and (draft.drafted_rows == 0) is (lane is None):
            yield f"(iii) cycle {draft.cycle}: {draft.pass_rows} rows drafted; the last verdict's lane is {lane}"
        if cycle.verdict:
            pos0, anchor, lane = draft.pos0 + cycle.verdict.kv.kept, cycle.verdict.next_id, cycle.verdict.lane


def _texts(trace: Trace, cycles: list[Cycle]) -> Iterator[str]:
    """(ii), (iv), (v): what was appended, how much of it, and its bytes."""
    eos = _eos(trace)
    for number, token in enumerate(trace.tokens):
        last = number == len(trace.tokens) - 1
        if token.id in eos and not last:
            yield f"(ii) token {number} is EOS, but {len(trace.tokens) - 1 - number} more follow"
    for cycle in cycles:
        ends = bool(cycle.verdict and cycle.appended and cycle.appended[-1] in eos)
        if cycle.verdict and ends is not (cycle.verdict.stop == "eos"):
            yield f"(ii) cycle {cycle.draft.cycle}: stop is {cycle.verdict.stop}, but the text ends in EOS: {ends}"
    done = trace.done
    if done is None or trace.prefill is None:
        return
    if eos and bool(trace.tokens and trace.tokens[-1].id in eos) is not (done.stop == "eos"):
        yield f"(ii) the run stops by {done.stop}, its last token is {trace.tokens[-1].id}"
    if any(cycle.verdict is None for cycle in cycles) and done.stop != "cancel":
        yield f"(ii) the last draft has no verdict, but the run stops by {done.stop}"
    committed = sum(cycle.verdict.n_commit for cycle in cycles if cycle.verdict)
    if done.n_tokens != 1 + committed:
        yield f"(iv) done says {done.n_tokens} tokens; the first and {committed} committed ones make {1 + committed}"
    if done.cycles != len(trace.verdicts):
        yield f"(iv) done says {done.cycles} cycles; the trace has {len(trace.verdicts)}"
    digest = hashlib.sha256(trace.data(trace.token_ids)).hexdigest()
    if digest != done.text_sha256:
        yield f"(v) the pieces hash to {digest[:12]}, done says {done.text_sha256[:12]}"


def _clocks(trace: Trace) -> Iterator[str]:
    """(vi) The measured times of both lanes fit into the time since the run began, because lanes never overlap."""
    measured, ar_ms, last_t = 0.0, 0.0, 0.0
    for event in trace.events:
        if event.t < last_t:
            yield f"(vi) event {event.seq} has t {event.t}, before {last_t}"
        last_t = event.t
        if isinstance(event, Prefill):
            measured += event.ms
        elif isinstance(event, Draft):
            measured += event.t_draft_ms
        elif isinstance(event, Verdict):
            measured += event.t_verify_ms + event.t_judge_ms + event.t_instr_ms + event.t_host_gap_ms
        elif isinstance(event, ArChunk) and event.ids:
            if list(event.t_ms) != sorted(event.t_ms) or event.t_ms[0] < ar_ms:
                yield f"(vi) ar_chunk at token {event.i0}: completion times fall"
            ar_ms = event.t_ms[-1]
        if measured + ar_ms > event.t + CLOCK_SLACK_MS:
            yield f"(vi) event {event.seq} ({event.type}): {measured + ar_ms:.1f} ms measured within {event.t:.1f} ms"
            return


def _lanes(trace: Trace) -> Iterator[str]:
    """(ix) Greedy, and sampling with coupled noise: both lanes wrote the same tokens; `lossless` reports it."""
    ar, own = tuple(trace.ar_ids), trace.token_ids
    if not ar or trace.prefill is None:
        return
    n = min(len(ar), len(own))
    differing = next((i for i in range(n) if ar[i] != own[i]), None)
    if differing is None and trace.lossless and len(ar) != len(own):
        differing = n  # compared as finished texts, and one goes on where the other ends
    verdict = trace.lossless.verdict if trace.lossless else None
    if _by_comparison(trace) and differing is not None and verdict != "near_tie":
        ends = [lane[differing] if differing < len(lane) else "missing" for lane in (own, ar)]
        yield f"(ix) token {differing} is {ends[0]} in the Orthrus lane and {ends[1]} in the AR lane"
    if trace.lossless:
        agreeing = n if differing is None else differing
        if trace.lossless.first_div != differing or trace.lossless.identical != agreeing:
            claim = f"{trace.lossless.identical} identical, first divergence {trace.lossless.first_div}"
            yield f"(ix) lossless says {claim}; the lanes agree for {agreeing} tokens"
        same = differing is None and trace.lossless.n_compared == n
        if (verdict == "identical") is not same:
            lengths = f"{len(own)} and {len(ar)}"
            yield f"(ix) lossless calls {trace.lossless.n_compared} tokens {verdict}; {agreeing} agree of {lengths}"


def _eos(trace: Trace) -> frozenset[int]:
    return frozenset(trace.start.config.eos_ids) if trace.start else frozenset()


def _by_comparison(trace: Trace) -> bool:
    """Acceptance means equality with the AR view's choice (greedy and gumbel), so the text is the AR text."""
    return trace.start is None or trace.start.params.coupling != "rejection"


def _lane(name: str, draft: Draft, verdict: Verdict) -> Iterator[str]:
    """(i) A lane has drafted the next block if it stood at the cut and its first guess is the next token."""
    lanes, guesses = draft.lanes or (), verdict.lane_ids or ()
    if len(lanes) != len(guesses):
        yield f"(viii) {name}: {len(guesses)} lane_ids of {len(lanes)} lanes"
        return
    guess = dict(zip(lanes, guesses, strict=True)).get(verdict.n_accept)
    hit = guess is not None and guess == verdict.next_id
    if (verdict.lane is not None) is not hit:
        yield f"(i) {name}: lane is {verdict.lane}, cut and next token were guessed by a lane: {hit}"


def _walk(name: str, draft: Draft, verdict: Verdict) -> Iterator[str]:
    """(i) Along the chain and then along the branches, as far as the AR view's own choices lead and no further."""
    pairs = zip(draft.draft_ids, verdict.ar_ids, strict=False)
    run = next((i for i, (guess, own) in enumerate(pairs) if guess != own), draft.n_draft)
    if verdict.n_accept != run:
        yield f"(i) {name}: n_accept is {verdict.n_accept}, the proposals agree with the AR view for {run}"
        return
    choices = (*verdict.ar_ids, *(verdict.branch_ar_ids or ()))
    if len(choices) != draft.block + len(draft.branch_ids or ()):
        count = len(draft.branch_ids or ())
        yield f"(viii) {name}: {len(choices)} choices for {draft.block} slots and {count} branches"
        return
    row, walked = run, list[int]()
    for number, (token, parent) in enumerate(
        zip(draft.branch_ids or (), draft.branch_parents or (), strict=True), draft.block
    ):
        if parent == row and token == choices[row]:
            walked, row = [*walked, number], number
    path = list(verdict.path or ())
    if path != walked[: len(path)] or (path != walked and verdict.next_id is not None):
        yield f"(i) {name}: the path is {path}, the AR view's choices lead along {walked}"
    elif verdict.next_id is not None and verdict.next_id != choices[row]:
        yield f"(i) {name}: next_id is {verdict.next_id}, the AR view's choice there is {choices[row]}"
