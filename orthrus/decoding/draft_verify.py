"""The Orthrus lane: the draft-verify loop of speculative decoding, as a generator of events."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from orthrus.decoding.acceptance import Verification, accept_matching, by_choice, judge_for
from orthrus.decoding.cycle_records import Drafted, Verified, drafted_ids, judged_ids
from orthrus.decoding.prefill import ModelCache, prefill
from orthrus.decoding.request import Request, vocabulary
from orthrus.decoding.telemetry import Telemetry
from orthrus.decoding.timing import EVENTS_MS, LaneClock, Stopwatch
from orthrus.events import Done, Draft, Event, Prefill, Verdict


class DraftVerifyLane:
    """The state of one run; `_cycles` is the loop, the methods are its phases."""

    def __init__(self, request: Request) -> None:
        self.drafter = request.drafter()  # may time passes, so before the clock starts
        self.request, self.clock = request, LaneClock()
        self.model = request.lm.model
        self.sampler = request.sampler()
        self.eos = frozenset(request.lm.config.eos_token_ids)
        self.judge = judge_for(request.config, self.sampler, self.eos)
        self.by_choice = self.judge.func is by_choice
        self.telemetry = Telemetry(request, self.clock, self.sampler)
        self.cache = self._new_cache()
        self.window = torch.full((request.block,), request.lm.config.mask_token_id, device=self.model.device)
        self.verified = self.window.clone()  # anchor and proposals, the input of the verify pass
        self.token_ids: list[int] = []
        self.stop: str | None = None
        self.cycle = self.drafts = self.verifies = 0
        self.prefill_ms = self.decode_ms = 0.0

    def _new_cache(self) -> ModelCache:
        return self.model.new_cache(self.request.capacity)

    def events(self) -> Iterator[Event]:
        """Prefill, then a draft and a verdict per cycle, on the lane's own clock."""
        return self.clock.around(self._cycles())

    def _cycles(self) -> Iterator[Event]:
        yield from self._prefill()
        while self.stop is None:
            if self.request.cancelled():
                self.stop = "cancel"
                break
            found = self.drafter.find()
            plain = self.drafter.plain_steps() if self.by_choice and not found else 0
            yield from self._plain_steps(plain) if plain else self._drafted_cycle(found)

    def _drafted_cycle(self, found: list[int]) -> Iterator[Event]:
        began = self.clock.ms()
        rows = len(found) + 1 if found else self.drafter.rows()
        n_draft = min(rows, self._remaining(), self.cache.capacity - self.cache.length) - 1
        drafted = self._looked_up(found[:n_draft]) if found and n_draft else self._draft(n_draft, rows)
        yield from self._draft_event(drafted, began)
        if self.request.cancelled():
            self.stop = "cancel"
            return
        verified = self._verify(drafted)
        self._commit(drafted, verified, self.cache.length)
        yield from self._verdict_event(drafted, verified, began)

    def _plain_steps(self, most: int) -> Iterator[Event]:
        """Up to `most` AR steps for at most EVENTS_MS, then their events. The loop is as short as the AR lane's: after
        a pass has evicted the CPU caches every line of Python costs a microsecond."""
        clock, before = self.clock.ms, self.cache.length
        token = torch.tensor(self.token_ids[-1:], device=self.model.device)
        steps: list[tuple[Tensor, Tensor, int, float, float]] = []
        began = clock()
        judged, end = began, began + EVENTS_MS
        most = min(most, self._remaining(), self.cache.capacity - before)
        while len(steps) < most and judged < end:
            logits = self.model.forward_ar(token, self.cache)
            passed = clock()
            token = self.sampler.sample(logits, self.cache.length - 1)
            index = int(token.item())
            judged = clock()
            steps.append((logits, token, index, passed, judged))
            if self.drafter.wrote(index) or index in self.eos or self.request.cancelled():
                break
        with self.clock.paused():
            for logits, token, index, passed, judged in steps:
                drafted = Drafted(self.token_ids[-1], before, token[:0], [], None, 0.0)
                verification = Verification(
                    token, [index], accept_matching([], [index], self.eos, self._remaining()), None
                )
                verified = Verified(1, logits, verification, passed - began, judged - passed)
                before += 1
                self._append(drafted, verified, before)
                yield from self._draft_event(drafted, began)
                yield from self._verdict_event(drafted, verified, began, gap=0.0)
                began = judged

    def _remaining(self) -> int:
        return self.request.config.max_new_tokens - len(self.token_ids)

    def _prefill(self) -> Iterator[Event]:
        with Stopwatch(self.model.device) as watch:
            logits, first = self._read_prompt()
        self.prefill_ms = watch.ms
        if logits is None:
            self.stop = "cancel"
            return
        self.token_ids.append(first)
        self.drafter.wrote(first)
        self.stop = "eos" if first in self.eos else "length" if not self._remaining() else self._full(self.cache.length)
        fields = self.telemetry.prefill(logits)
        self.telemetry.rows(self.cache.length - 1, logits, 1)
        yield from self.request.pieces([first, *fields.get("p_top_ids", ())])
        yield self.request.stamp(Prefill, ms=round(watch.ms, 3), first_id=first, kv_len=self.cache.length, **fields)

    def _read_prompt(self) -> tuple[Tensor | None, int]:
        """The prompt's last row of logits, [1, vocab], and the token chosen from it; None if the run was stopped."""
        logits = prefill(self.request, self.cache)
        return logits, -1 if logits is None else int(self.sampler.sample(logits, self.cache.length - 1))

    def _draft(self, n_draft: int, block: int) -> Drafted:
        """One diffusion pass over anchor + masks; skipped if no proposal is eligible."""
        anchor, before = self.token_ids[-1], self.cache.length
        self.window[0] = anchor
        if not n_draft:
            return Drafted(anchor, before, self.window[:0], [], None, 0.0)
        with Stopwatch(self.model.device) as watch:
            rows = min(block, self.request.context - before)
            logits = self.model.forward_diffusion(self.window[:rows], self.cache, n_draft)
            ids = self.sampler.sample(logits, before)
            listed = ids.tolist()
            branches = self.drafter.branches(partial(self.sampler.contest, logits, before), listed)
        self.drafts += 1
        if branches is None:
            return Drafted(anchor, before, ids, listed, logits, watch.ms, pass_rows=rows)
        n = branches.chain
        return Drafted(anchor, before, ids[:n], listed[:n], logits[:n], watch.ms, branches, "tree", rows)

    def _looked_up(self, found: list[int]) -> Drafted:
        """A chain found in prompt or text: no pass is made."""
        self.window[0] = self.token_ids[-1]
        ids = torch.tensor(found, device=self.model.device)
        return Drafted(self.token_ids[-1], self.cache.length, ids, found, None, 0.0, None, "lookup")

    def _draft_event(self, drafted: Drafted, began: float) -> Iterator[Event]:
        with self.clock.paused():  # sending events is not decoding time
            detail, fields = self.telemetry.draft(drafted.logits, drafted.ids)
            fields |= drafted.fields()
            if drafted.listed:
                yield from self.request.pieces(drafted_ids(fields))
            yield self.request.stamp(Draft, detail=detail, cycle=self.cycle, t_start_ms=round(began, 3), **fields)

    def _verify(self, drafted: Drafted) -> Verified:
        """One AR pass over anchor + proposals, the acceptance rule and the cache crop."""
        before, remaining, branches = drafted.before, self._remaining(), drafted.branches
        block = self.window[:1]  # the anchor, which `_draft` has put there
        if branches is not None:
            block = torch.cat((block, drafted.ids, torch.tensor(branches.ids, dtype=torch.int64, device=block.device)))
        elif drafted.listed:
            block = torch.cat((block, drafted.ids), out=self.verified[: len(drafted.listed) + 1])
        more = {} if branches is None else {"branches": branches}
        with Stopwatch(self.model.device) as passed:
            logits = self._judged_rows(block, drafted)
        with Stopwatch(self.model.device) as judged:
            verification = self.judge(logits, drafted.logits, drafted.listed, before, remaining, **more)
            settled = verification.settled
            self.cache.crop(before + settled.kept - len(settled.path))
            if settled.path:
                self.cache.keep(settled.path)
        return Verified(drafted.rows, logits, verification, passed.ms, judged.ms)

    def _judged_rows(self, block: Tensor, drafted: Drafted) -> Tensor:
        """The verify pass: block [rows] -> the AR view's logits [rows, vocab]; the chain is in the cache."""
        if drafted.branches is None:
            return self.model.forward_ar(block, self.cache)
        return self.model.forward_tree(block, self.cache, drafted.branches.paths)

    def _commit(self, drafted: Drafted, verified: Verified, length: int) -> None:
        """As `_append`, and the drafter learns of the tokens."""
        for token in verified.verification.settled.tokens:
            self.drafter.wrote(token)
        self._append(drafted, verified, length)

    def _append(self, drafted: Drafted, verified: Verified, length: int) -> None:
        """Append the committed tokens to the text; the cache then holds `length` positions."""
        settled = verified.verification.settled
        self.token_ids.extend(settled.tokens)
        self.stop = settled.stop or self._full(length)
        self.verifies += 1
        ms = drafted.pass_ms + verified.pass_ms + verified.judge_ms
        rows = drafted.pass_rows, drafted.rows
        self.drafter.observe(drafted.shape, drafted.deepest, settled.n_accept + len(settled.path), rows, ms)

    def _verdict_event(
        self, drafted: Drafted, verified: Verified, began: float, gap: float | None = None
    ) -> Iterator[Event]:
        """`began`: the cycle's start on the lane's clock; `gap`: the device's idle time in it, if known."""
        verification, settled = verified.verification, verified.verification.settled
        passes = drafted.pass_ms + verified.pass_ms + verified.judge_ms
        gap = self._gap(began, passes) if gap is None else gap
        self.decode_ms += passes + gap
        with self.clock.paused():
            detail, fields = self.telemetry.verdict(verified.logits, verification, drafted.ids)
            self.telemetry.rows(drafted.before, verified.text_rows(), settled.kept)
            fields |= verified.fields(drafted)
            yield from self.request.pieces(judged_ids(fields))
            times = {"t_instr_ms": round(self.telemetry.cycle_ms, 3), "t_host_gap_ms": round(gap, 3)}
            yield self.request.stamp(Verdict, detail=detail, cycle=self.cycle, **times, **fields)
            self.telemetry.lower_detail(self.cycle, self.decode_ms)
            self.cycle += 1

    def _gap(self, began: float, passes: float) -> float:
        """Milliseconds of the cycle in which the device was idle."""
        return max(0.0, self.clock.ms() - began - passes)

    def _full(self, length: int) -> str | None:
        """End the run if the cache is full: the last token's keys would not fit."""
        return "capacity" if length >= self.request.context else None

    def done(self) -> Event:
        """The closing event; the text's hash and the totals."""
        return self.request.stamp(
            Done,
            stop=self.stop,
            n_tokens=len(self.token_ids),
            cycles=self.cycle,
            passes_draft=self.drafts,
            passes_verify=self.verifies,
            t_prefill=round(self.prefill_ms, 3),
            t_decode=round(self.decode_ms, 3),
            t_instr=round(self.telemetry.ms, 3),
            text_sha256=vocabulary(self.request.lm.tokenizer).sha256(self.token_ids),
        )
