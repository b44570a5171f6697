"""Draft trees: branches beside the drafted chain, taken best first from the diffusion view's distributions.

One diffusion pass gives a distribution for each slot, whatever will stand in the slots before it. So a path of tokens
has the product of its tokens' probabilities, and the most expected tokens for n rows have the n likeliest paths. A path
is never likelier than the one it continues, so they form a tree (best first, as in Yen 1971 for k paths).

Rows of a verify pass: 0 the anchor, 1 .. chain the first choices of each slot, then the branches, parents first.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

ALTERNATIVES = 8  # tokens of a slot that may stand in a tree: the right one is among them in 83 % of the cuts


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


def branches_of(scores: Tensor, chain: Sequence[int], most: int, keep: Callable[[Sequence[float]], int]) -> Branches:
    """The likeliest paths along and beside the chain; `keep` says how many of at most `most`, given their chances.

    scores [slots, vocab], the logits that decide each slot; chain [slots], the first choices. The chain of the result
    may be shorter than the one given, never empty.
    """
    width = min(ALTERNATIVES, scores.shape[-1])
    log_q, ids = scores.float().log_softmax(-1).topk(width, dim=-1)
    listed, tokens = log_q.tolist(), ids.tolist()
    for slot, first in enumerate(chain):  # of equal scores topk may take another one than argmax
        if tokens[slot][0] != first and first in tokens[slot]:
            place = tokens[slot].index(first)
            tokens[slot][0], tokens[slot][place] = first, tokens[slot][0]
    nodes, chances = _best_first(listed, most)
    return _numbered(nodes[: max(1, keep(chances))], tokens)


def _best_first(log_q: list[list[float]], most: int) -> tuple[list[tuple[int, int, int]], list[float]]:
    """The `most` likeliest nodes (depth, rank, parent node) and their chances; log_q [slots, alternatives], falling."""
    heap = [(-log_q[0][0], 0, 0, 0, -1, 0.0)]  # cost, order of entry, depth, rank, parent node, the parent's log q
    nodes: list[tuple[int, int, int]] = []
    chances: list[float] = []
    while heap and len(nodes) < most:
        cost, order, depth, rank, parent, above = heapq.heappop(heap)
        if rank + 1 < len(log_q[depth]):
            heapq.heappush(heap, (-(above + log_q[depth][rank + 1]), order + 1, depth, rank + 1, parent, above))
        if depth + 1 < len(log_q):
            heapq.heappush(heap, (cost - log_q[depth + 1][0], len(nodes) + most, depth + 1, 0, len(nodes), -cost))
        nodes.append((depth, rank, parent))
        chances.append(math.exp(-cost))
    return nodes, chances


def _numbered(nodes: list[tuple[int, int, int]], tokens: list[list[int]]) -> Branches:
    """Nodes in the order they were taken -> the chain's length and the branches behind it."""
    on_chain: dict[int, int] = {-1: 0}  # node -> row
    for number, (depth, rank, parent) in enumerate(nodes):
        if rank == 0 and parent in on_chain:
            on_chain[number] = depth + 1
    chain, rows = len(on_chain) - 1, dict(on_chain)
    ids, parents = [], []
    for number, (depth, rank, parent) in enumerate(nodes):
        if number not in on_chain:
            ids.append(tokens[depth][rank])
            parents.append(rows[parent])
            rows[number] = chain + len(ids)
    return Branches(chain, tuple(ids), tuple(parents))
