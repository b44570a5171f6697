"""From the logits of a verify pass to what is committed: the rule a run was asked for, chosen once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any, NamedTuple

from torch import Tensor

from orthrus.acceptance import Settlement, Toss, close, settle, toss
from orthrus.config import DecodeConfig
from orthrus.instrument import lps
from orthrus.model.argmax import greedy, refuse_non_finite
from orthrus.sampling import ACCEPTANCE, NEXT, Chooser, Sampled, uniforms


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
    choices = greedy(logits)
    refuse_non_finite(logits, choices)
    p = chooser.scores(logits).softmax(-1).cpu()
    q = p[:0] if drafted is None else chooser.scores(drafted).softmax(-1).cpu()
    u, u_next = uniforms(chooser.seed, position, len(proposals) + 1, (ACCEPTANCE, NEXT))
    tossed = toss(p, q, proposals, u[:-1], u_next)
    settled = close(proposals, tossed.n_accept, tossed.next_id, "resample", eos, remaining)
    return Ruling(choices, choices.tolist(), settled, tossed)


def coin_fields(toss: Toss | None, detail: int, n_alt: int) -> dict[str, Any]:
    """The verdict event's optional fields under rejection; the residual is there where a proposal was refused."""
    if toss is None or detail < 0:
        return {}
    fields = {"p_f": lps(toss.p_f.log()), "accept_p": _coins(toss.accept_p), "u": [round(u, 6) for u in toss.u]}
    if detail >= 1 and toss.residual is not None:
        top = toss.residual.topk(min(n_alt, len(toss.residual)))
        fields |= {
            "residual_top_ids": top.indices.tolist(),
            "residual_top_p": _coins(top.values),
            "residual_mass": min(1.0, round(toss.residual_mass, 6)),
        }
    return fields


def _coins(values: Tensor) -> list:
    """Probabilities with six decimals, 0 .. 1: what a view compares with u."""
    return values.clamp(0.0, 1.0).round(decimals=6).tolist()
