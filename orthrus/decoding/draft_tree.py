"""Draft trees: branches beside the drafted chain, taken best first from the diffusion view's distributions.

One diffusion pass gives a distribution for each slot, whatever will stand in the slots before it. So a path of tokens
has the product of its tokens' probabilities, and the most expected tokens for n rows have the n likeliest paths. A path
is never likelier than the one it continues, so they form a tree (best first, as in Yen 1971 for k paths).

What followed the last tokens of a path earlier, in prompt or text, is a second opinion: it has a share of the chance.

Rows of a verify pass: 0 the anchor, 1 .. chain the first choices of each slot, then the branches, parents first.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import NamedTuple

from torch import Tensor

Path = tuple[int, ...]  # tokens behind the anchor
ALTERNATIVES = 8  # tokens of a slot that may stand in a tree: the right one is among them in 83 % of the cuts
SAID = 0.15  # the chance of what followed the same tokens earlier, as long as a text has not shown how good it is


@dataclass(frozen=True)
class Branches:
    """The nodes of a draft tree beside its chain of `chain` proposals."""

    chain: int
    ids: tuple[int, ...] = ()
    parents: tuple[int, ...] = ()  # row of each node's parent

    @cached_property
    def paths(self) -> tuple[tuple[int, ...], ...]:
        """The rows from depth 1 down to each branch, itself included; a node's depth is the length."""
        found: list[tuple[int, ...]] = []
        for row, parent in enumerate(self.parents, self.chain + 1):
            above = tuple(range(1, parent + 1)) if parent <= self.chain else found[parent - self.chain - 1]
            found.append((*above, row))
        return tuple(found)

    @cached_property
    def deepest(self) -> int:
        """Length of the longest path."""
        return max((self.chain, *map(len, self.paths)))

    @property
    def depths(self) -> list[int]:
        """How far each row of the pass lies behind the anchor."""
        return [*range(self.chain + 1), *map(len, self.paths)]

    def walk(self, row: int, choices: Sequence[int]) -> list[int]:
        """The branch rows below `row` that the AR view's own choices lead along; choices [rows]."""
        found: list[int] = []
        for number, (token, parent) in enumerate(zip(self.ids, self.parents, strict=True), self.chain + 1):
            if parent == row and token == choices[row]:
                found.append(number)
                row = number
        return found

    def is_leaf(self, row: int) -> bool:
        """Whether no proposal follows this row."""
        return row >= self.chain and row not in self.parents


def nothing_said(path: Path) -> None:
    """For a text whose earlier tokens nobody looks up."""


def branches_of(
    scores: Tensor,
    chain: Sequence[int],
    most: int,
    keep: Callable[[Sequence[float]], int],
    said: Callable[[Path], int | None] = nothing_said,
    share: float = SAID,
) -> Branches:
    """The likeliest paths along and beside the chain; `keep` says how many of at most `most`, given their chances.

    scores [slots, vocab], the logits that decide each slot; chain [slots], the first choices; said(path) the token that
    followed the path's end earlier, in prompt or text, whose chance is `share`. The chain of the result may be shorter
    than the one given, never empty.
    """
    width = min(ALTERNATIVES, scores.shape[-1])
    log_q, ids = scores.float().log_softmax(-1).topk(width, dim=-1)
    listed, tokens = log_q.tolist(), ids.tolist()
    for slot, first in enumerate(chain):  # of equal scores topk may take another one than argmax
        if tokens[slot][0] != first and first in tokens[slot]:
            place = tokens[slot].index(first)
            tokens[slot][0], tokens[slot][place] = first, tokens[slot][0]
    growth = _Growth(listed, tokens, said, share)
    while growth.waiting and len(growth.nodes) < most:
        growth.take()
    nodes = growth.nodes[: max(1, keep(growth.chances))]
    if (chain[0], -1) not in nodes:  # what was said before may be likelier
        nodes.append((chain[0], -1))
    return _numbered(nodes, chain)


class _Candidate(NamedTuple):
    """A node that may be taken next; compared by its cost, then by the order of entry."""

    cost: float
    order: int
    parent: int
    above: float  # the parent's log chance
    share: float  # log of what the draft has a say in; what was said before has the rest
    rank: int  # among the slot's alternatives; -1 if it was said before
    token: int
    path: Path  # from the root to the parent


class _Growth:
    """A tree that takes its nodes best first: (token, parent node), and their chances, falling."""

    def __init__(
        self, log_q: list[list[float]], ids: list[list[int]], said: Callable[[Path], int | None], share: float
    ) -> None:
        """log_q, ids [slots, alternatives], the first choice first."""
        self.log_q, self.ids, self.said, self.of_said = log_q, ids, said, share
        self.nodes: list[tuple[int, int]] = []
        self.chances: list[float] = []
        self.waiting: list[_Candidate] = []
        self._order = count()
        self._taken: set[tuple[int, int]] = set()
        self._open(-1, 0.0, ())

    def take(self) -> None:
        """Take the likeliest candidate. What may follow it, and the next alternative to it, become candidates."""
        best = heapq.heappop(self.waiting)
        if best.rank >= 0:
            self._offer(best.parent, best.above, best.share, best.rank + 1, best.path)
        if (best.parent, best.token) in self._taken:
            return  # the draft's word and the earlier text's were the same
        self._taken.add((best.parent, best.token))
        self.nodes.append((best.token, best.parent))
        self.chances.append(math.exp(-best.cost))
        self._open(len(self.nodes) - 1, -best.cost, (*best.path, best.token))

    def _open(self, parent: int, above: float, path: Path) -> None:
        slot = len(path)
        if slot == len(self.ids):
            return
        token = self.said(path)
        self._offer(parent, above, math.log(1 - self.of_said) if token is not None else 0.0, 0, path)
        if token is not None:
            ids = self.ids[slot]
            chance = self.of_said + (1 - self.of_said) * (
                math.exp(self.log_q[slot][ids.index(token)]) if token in ids else 0.0
            )
            cost = -above - math.log(chance)
            heapq.heappush(self.waiting, _Candidate(cost, next(self._order), parent, above, 0.0, -1, token, path))

    def _offer(self, parent: int, above: float, share: float, rank: int, path: Path) -> None:
        ids, log_q = self.ids[len(path)], self.log_q[len(path)]
        if rank < len(ids):
            cost = -above - share - log_q[rank]
            candidate = _Candidate(cost, next(self._order), parent, above, share, rank, ids[rank], path)
            heapq.heappush(self.waiting, candidate)


def _numbered(nodes: list[tuple[int, int]], chain: Sequence[int]) -> Branches:
    """Nodes (token, parent node) in the order they were taken -> the chain's length and the branches behind it."""
    rows: dict[int, int] = {-1: 0}  # node -> row
    for number, (token, parent) in enumerate(nodes):
        row = rows.get(parent, len(chain))
        if row < len(chain) and token == chain[row]:
            rows[number] = row + 1
    length, ids, parents = len(rows) - 1, [], []
    for number, (token, parent) in enumerate(nodes):
        if number not in rows:
            ids.append(token)
            parents.append(rows[parent])
            rows[number] = length + len(ids)
    return Branches(length, tuple(ids), tuple(parents))
