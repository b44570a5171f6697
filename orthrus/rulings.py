"""From the logits of a verify pass to what is committed: the rule a run was asked for, chosen once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import NamedTuple

from torch import Tensor

from orthrus.acceptance import Settlement, Toss, close, settle, toss
from orthrus.config import DecodeConfig
from orthrus.sampling import ACCEPTANCE, NEXT, Chooser, Sampled, greedy, uniforms


class Ruling(NamedTuple):
    """What the AR view said about one block."""

    choices: Tensor  # [block] int64: its own choice after each slot
    listed: list[int]
    settled: Settlement
    toss: Toss | None  # rejection's coins


Judge = Callable[[Tensor, Tensor | None, list[int], int, int], Ruling]


def judge_for(config: DecodeConfig, chooser: Chooser, eos: Collection[int]) -> Judge:
    """The run's rule: judge(verify logits [n + 1, vocab], draft logits [n, vocab], proposals, position, remaining).

    `position` is where the anchor stands.
    """
    rejection = isinstance(chooser, Sampled) and config.coupling == "rejection"
    return partial(by_rejection if rejection else by_choice, chooser, eos)


def by_choice(
    chooser: Chooser,
    eos: Collection[int],
    logits: Tensor,
    drafted: Tensor | None,
    proposals: list[int],
    position: int,
    remaining: int,
) -> Ruling:
    """Greedy and gumbel: a proposal stands iff the AR view chooses the same at its place."""
    choices = chooser.choose(logits, position)
    listed = choices.tolist()
    return Ruling(choices, listed, settle(proposals, listed, eos, remaining), None)


def by_rejection(
    chooser: Sampled,
    eos: Collection[int],
    logits: Tensor,
    drafted: Tensor | None,
    proposals: list[int],
    position: int,
    remaining: int,
) -> Ruling:
    """The paper's rule; `choices` is the AR view's argmax, which decides nothing."""
    p = chooser.scores(logits).softmax(-1).cpu()
    q = p[:0] if drafted is None else chooser.scores(drafted).softmax(-1).cpu()
    count = len(proposals) + 1
    coins = [uniforms(chooser.seed, position, count, purpose) for purpose in (ACCEPTANCE, NEXT)]
    tossed = toss(p, q, proposals, coins[0][:-1], coins[1])
    settled = close(proposals, tossed.n_accept, tossed.next_id, "resample", eos, remaining)
    choices = greedy(logits)
    return Ruling(choices, choices.tolist(), settled, tossed)
