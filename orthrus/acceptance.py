"""What one verdict commits: the longest matching prefix, then the AR view's own next token. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settlement:
    """The outcome of one cycle; `tokens` are appended to the text, the last of them is `next_id` unless it is None."""

    n_accept: int  # leading matching proposals, whatever follows
    tokens: tuple[int, ...]
    next_id: int | None
    next_kind: str  # correction | bonus | none
    stop: str | None  # eos | length | None

    @property
    def kept(self) -> int:
        """Cache rows kept: the anchor and the accepted tokens appended."""
        return 1 + len(self.tokens) - (self.next_id is not None)


def longest_prefix(proposals: Sequence[int], choices: Sequence[int]) -> int:
    """Length of the leading run on which proposals and the AR view's choices agree."""
    for n, (proposal, choice) in enumerate(zip(proposals, choices, strict=False)):
        if proposal != choice:
            return n
    return min(len(proposals), len(choices))


def settle(proposals: Sequence[int], choices: Sequence[int], eos_ids: Collection[int], remaining: int) -> Settlement:
    """Greedy acceptance of one block.

    proposals [n], choices [n + 1] (row i is the AR view's choice after slot i), `remaining` >= n + 1 tokens may still
    be generated. An accepted EOS ends the text there; EOS beats the length limit.
    """
    if len(choices) != len(proposals) + 1:
        raise ValueError(f"{len(proposals)} proposals need {len(proposals) + 1} choices, got {len(choices)}")
    n_accept = longest_prefix(proposals, choices)
    for i in range(n_accept):
        if proposals[i] in eos_ids:
            return Settlement(n_accept, tuple(proposals[: i + 1]), None, "none", "eos")
    next_id = choices[n_accept]
    tokens = (*proposals[:n_accept], next_id)
    stop = "eos" if next_id in eos_ids else "length" if len(tokens) >= remaining else None
    kind = "bonus" if n_accept == len(proposals) else "correction"
    return Settlement(n_accept, tokens, next_id, kind, stop)
