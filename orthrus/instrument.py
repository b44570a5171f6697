"""What is read off the logits for the eye: log-probabilities, entropies, alternatives. Never changes an id.

Every function takes logits of a finished pass and returns plain Python values for the events.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from orthrus.events import LOG_PROB_FLOOR
from orthrus.sampling import Chooser, Sampled

RANK_LIMIT = 999


def lps(values: Tensor) -> list:
    """Log-probs as the schema writes them: 3 decimals, -30 .. 0."""
    return values.clamp(LOG_PROB_FLOOR, 0.0).double().round(decimals=3).tolist()


def _floats(values: Tensor) -> list:
    return values.double().round(decimals=3).tolist()


def _pick(log_p: Tensor, ids: Tensor) -> Tensor:
    return log_p.gather(1, ids[:, None]).squeeze(1)


def gaps(logits: Tensor) -> Tensor:
    """[rows, vocab] -> [rows] float32, top-1 logit minus top-2."""
    top = logits.topk(2, dim=-1).values.float()
    return top[:, 0] - top[:, 1]


class Distribution(NamedTuple):
    """One pass's distributions, kept from the draft to the verdict of a cycle; p and the likeliest from detail 1 on."""

    log_p: Tensor  # [rows, vocab] float32
    p: Tensor | None = None  # [rows, vocab] float32
    likeliest: torch.return_types.topk | None = None  # values and indices [rows, max(2, alternatives)]


def _gaps_behind(d: Distribution, choices: Tensor, own: Tensor, chooser: Chooser) -> Tensor:
    """`gaps` of a pass, asked last; sorting would take 90 microseconds, a second look for the largest takes 15."""
    if d.likeliest is not None:
        return d.likeliest.values[:, 0] - d.likeliest.values[:, 1]
    if isinstance(chooser, Sampled):  # what was chosen need not be the largest
        return gaps(d.log_p)
    return own - d.log_p.scatter_(1, choices[:, None], -math.inf).amax(-1)


def of_logits(logits: Tensor, detail: int, n_alt: int) -> Distribution:
    log_p = logits.log_softmax(-1, dtype=torch.float32)
    if detail < 1:
        return Distribution(log_p)
    p = logits.softmax(-1, dtype=torch.float32)
    return Distribution(log_p, p, log_p.topk(min(max(2, n_alt), log_p.shape[-1]), dim=-1))


def alternatives(d: Distribution, count: int, prefix: str) -> dict[str, Any]:
    """Entropies and the `count` likeliest ids with their log-probs, as `<prefix>_H`, `_top_ids`, `_top_lp`."""
    return {
        f"{prefix}_H": _floats((d.p * d.log_p).sum(-1).neg_().clamp_(min=0.0)),
        f"{prefix}_top_ids": d.likeliest.indices[:, :count].tolist(),
        f"{prefix}_top_lp": lps(d.likeliest.values[:, :count]),
    }


def draft_fields(
    logits: Tensor, ids: Tensor, detail: int, n_alt: int, chooser: Chooser
) -> tuple[dict[str, Any], Distribution | None]:
    """The draft event's optional fields; logits [N, vocab], ids [N]."""
    if detail < 0:
        return {}, None
    q = of_logits(logits, detail, n_alt)
    fields = {"q_lp": lps(_pick(q.log_p, ids))}
    if isinstance(chooser, Sampled):
        fields["q_f"] = lps(_pick(chooser.scores(logits).log_softmax(-1), ids))
    if detail >= 1:
        fields |= alternatives(q, n_alt, "q")
    return fields, q


def verdict_fields(
    logits: Tensor,
    choices: Tensor,
    proposals: Tensor,
    q: Distribution | None,
    detail: int,
    n_alt: int,
    chooser: Chooser,
) -> dict[str, Any]:
    """The verdict event's optional fields; logits [block, vocab], choices [block], proposals [N], q of the N rows."""
    if detail < 0:
        return {}
    p = of_logits(logits, detail, n_alt)
    n = len(proposals)
    own = _pick(p.log_p, choices)
    fields = {
        "p_lp_draft": lps(_pick(p.log_p[:n], proposals)),
        "p_lp_ar": lps(own),
        "p_gap": _floats(_gaps_behind(p, choices, own, chooser)),
    }
    if detail >= 1:
        fields |= alternatives(p, n_alt, "p")
        fields |= {
            "rank_p_of_draft": _ranks(p, proposals),
            "rank_q_of_ar": _ranks(q, choices[:n]) if n else [],
            "overlap": _floats(torch.minimum(p.p[:n], q.p).sum(-1).clamp(max=1.0)) if n else [],
        }
    return fields


def _ranks(d: Distribution, ids: Tensor) -> list[int]:
    """How many ids are strictly likelier, or as likely with a lower number (the argmax's own order); -1 beyond 999.

    ids [n], of d's first n rows. What is likelier than the last of the listed has its rank from the list; only the
    other rows are counted out: 30 microseconds instead of 150 a call, twice a cycle of 4 milliseconds.
    """
    n, asked = len(ids), ids[:, None]
    listed, numbers = d.likeliest.values[:n], d.likeliest.indices[:n]
    own = d.log_p[:n].gather(1, asked)
    ranks = _ahead(listed, numbers, own, asked)
    beyond = (own <= listed[:, -1:]).squeeze(1).nonzero().squeeze(1)
    if len(beyond):
        every = torch.arange(d.log_p.shape[1], device=ids.device)
        ranks[beyond] = _ahead(d.log_p[beyond], every, own[beyond], asked[beyond])
    return torch.where(ranks > RANK_LIMIT, -1, ranks).tolist()


def _ahead(log_p: Tensor, ids: Tensor, own: Tensor, asked: Tensor) -> Tensor:
    """How many of the candidates `ids` [rows, n] with `log_p` [rows, n] come before `asked` [rows, 1] with `own`."""
    return ((log_p > own) | ((log_p == own) & (ids < asked))).sum(-1)


def prefill_fields(logits: Tensor, detail: int, n_alt: int) -> dict[str, Any]:
    """The prefill event's optional fields from its last row, logits [1, vocab]."""
    if detail < 1:
        return {}
    return {name: values[0] for name, values in alternatives(of_logits(logits, detail, n_alt), n_alt, "p").items()}


class RowLog:
    """Fingerprints of the logit rows a lane committed, by absolute position of the row's input token.

    Two rows have equal fingerprints iff their bits are equal, up to hash collisions (64 bits); keeping 8 bytes and
    the top three instead of the row makes whole runs comparable at any vocabulary. The top three are of the scores
    that decided: logits, or in sampling filtered logits with their noise.
    """

    def __init__(self) -> None:
        self.fingerprints: dict[int, int] = {}
        self.top3: dict[int, tuple[tuple[int, float], ...]] = {}

    def add(self, position: int, logits: Tensor, chooser: Chooser) -> None:
        """Rows [rows, vocab] whose input tokens stand at position, position + 1, ..."""
        top = chooser.contest(logits, position).topk(3, dim=-1)
        for i, (mark, ids, values) in enumerate(
            zip(_fingerprint(logits), top.indices.tolist(), top.values.float().tolist(), strict=True)
        ):
            self.fingerprints[position + i] = mark
            self.top3[position + i] = tuple(zip(ids, values, strict=True))


def _fingerprint(logits: Tensor) -> list[int]:
    """A wrapping int64 polynomial of the rows' bits, [rows, vocab] -> rows integers."""
    bits = logits.contiguous().view(torch.int32 if logits.element_size() == 4 else torch.int16).long()
    odd = 2 * torch.arange(bits.shape[1], device=bits.device) + 1
    weights = odd * odd * 0x5DEECE66D  # odd multipliers: a single changed element always changes the sum
    return (bits * weights).sum(-1).tolist()
