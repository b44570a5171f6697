"""One pass per cycle: the verify pass drafts on at the slots where the text is likeliest to be cut.

A lane at slot j predicts the tokens behind slot j (`orthrus.model.lanes`). Its first guess is of the position that the
AR view's own token takes if the text is cut at j. If both agree there, the lane's further guesses follow that token:
they are the next draft, one slot shorter than a block's, and no draft pass is made.
"""

from __future__ import annotations

from itertools import accumulate
from operator import mul

import torch
from torch import Tensor

from orthrus.decoding.cycle_records import Drafted, Verified
from orthrus.decoding.draft_verify import DraftVerifyLane
from orthrus.decoding.request import Request
from orthrus.decoding.timing import Stopwatch
from orthrus.model.lanes import forward_with_lanes

LANES = 4  # of a pass; the cut is among the 1 / 2 / 4 / 8 likeliest in 33 / 54 / 79 / 93 % of the cycles


class OnePassLane(DraftVerifyLane):
    """The state of one run, with the guesses of the last verify pass's lanes."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self._guesses: Tensor | None = None  # [lanes, block - 1, vocab]
        self._ready: Tensor | None = None  # [slots, vocab] of the next draft, from the lane that hit

    def _draft(self, n_draft: int, block: int) -> Drafted:
        """The lane's draft if one hit, else a draft pass; then the slots where the next lanes stand."""
        ready, self._ready = self._ready, None
        drafted = super()._draft(n_draft, block) if ready is None or not n_draft else self._drafted(ready[:n_draft])
        if not drafted.listed:
            return drafted
        assert drafted.logits is not None, "a pass or a lane has drafted"
        scores = self.sampler.contest(drafted.logits, drafted.before).float().log_softmax(-1)
        log_q = scores.gather(1, drafted.ids[:, None])[:, 0]
        free = self.request.context - drafted.before - block + 1 if block > 2 else 0  # lanes that fit and bring a guess
        lanes = likeliest_cuts(log_q.exp().tolist(), drafted.pass_rows > 0, free)
        return drafted._replace(shape="one-pass", lanes=lanes)

    def _drafted(self, logits: Tensor) -> Drafted:
        """A chain of the guesses that the last verify pass made, logits [n_draft, vocab]."""
        anchor, before = self.token_ids[-1], self.cache.length
        self.window[0] = anchor
        with Stopwatch(self.model.device) as watch:
            ids = self.sampler.sample(logits, before)
            listed = ids.tolist()
        return Drafted(anchor, before, ids, listed, logits, watch.ms)

    def _judged_rows(self, block: Tensor, drafted: Drafted) -> Tensor:
        self._guesses = None
        if not drafted.lanes:
            return super()._judged_rows(block, drafted)
        logits, self._guesses = forward_with_lanes(self.model, block, self.cache, drafted.lanes, self.request.block)
        return logits

    def _verify(self, drafted: Drafted) -> Verified:
        verified = super()._verify(drafted)
        if self._guesses is None:
            return verified
        lanes, settled = drafted.lanes, verified.verification.settled
        depths = torch.tensor(lanes, device=self.model.device)
        ids = tuple(self.sampler.sample(self._guesses[:, 0], drafted.before, depths).tolist())
        if (settled.n_accept, settled.next_id) not in zip(lanes, ids, strict=True):
            return verified._replace(lane_ids=ids)
        self._ready = self._guesses[lanes.index(settled.n_accept), 1:]
        return verified._replace(lane_ids=ids, lane=settled.n_accept)


def likeliest_cuts(chances: list[float], first_known: bool, free: int, most: int = LANES) -> tuple[int, ...]:
    """The slots, rising, at which a chain is likeliest to be cut, if its proposals stand with these chances.

    At most `most` of the first `free` slots; slot i is a cut behind i accepted proposals. With `first_known` slot 0 is
    left out: a draft pass has made this guess already, and a cut there says that it is wrong.
    """
    reached = [1.0, *accumulate(chances, mul)]
    cuts = [here - there for here, there in zip(reached, [*reached[1:], 0.0], strict=True)][: max(0, free)]
    slots = sorted(range(int(first_known), len(cuts)), key=lambda slot: -cuts[slot])
    return tuple(sorted(slots[:most]))
