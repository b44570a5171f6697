"""Adaptive block size: drafts are as long as the estimated acceptance rate pays for. Standard library only.

The hidden variable is the chance q that a proposal is accepted if all before it were. Each cycle's outcome updates the
posterior over CHANCES by Bayes' rule, and a little of it returns to uniform, because texts change. A block of K
positions yields 1 + q + ... + q^(K-1) tokens for the cost of a draft and a verify pass of K rows; a plain AR step
yields one token for one pass of one row. The size with the most expected tokens per cost is next. It decides when
tokens come, never which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

CHANCES = (0.0, 0.4, 0.65, 0.8, 0.9, 0.95, 0.985)  # first refusal expected after 1, 1.7, 2.9, 5, 10, 20 or 67 tokens
PRIOR = (1, 1, 1, 1, 2, 4, 8)  # prior over CHANCES: a model trained to draft mostly drafts well
CHANGE = 0.05  # share of the posterior that returns to uniform each cycle: a text may change
MARGIN = 1.1  # a size is tried if at best it wins a tenth: measured costs are no surer than that, and the
# first plain steps after a block find their weights out of the CPU's caches
FIRST_WAIT, LAST_WAIT = 2, 512  # plain steps before drafting is tried again; doubled after each try that lost


@dataclass(frozen=True, slots=True)
class Costs:
    """What passes cost, by number of rows, in any one unit; `rows` ascends from 1."""

    rows: tuple[int, ...]
    draft: tuple[float, ...]
    verify: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.rows or self.rows[0] != 1 or list(self.rows) != sorted(set(self.rows)):
            raise ValueError(f"rows are {self.rows}, they must ascend from 1")
        if not len(self.rows) == len(self.draft) == len(self.verify):
            raise ValueError(f"{len(self.rows)} sizes have {len(self.draft)} draft and {len(self.verify)} verify costs")

    def cycle(self, index: int) -> float:
        """Cost of a cycle of rows[index] positions; for one position, of the verify pass alone."""
        return self.verify[index] + (self.draft[index] if index else 0.0)


class CycleCosts(Protocol):
    """What a policy asks of `Costs`, or of `orthrus.decoding.pass_costs.Prices`."""

    @property
    def rows(self) -> tuple[int, ...]: ...

    def cycle(self, index: int) -> float: ...


def could_win(costs: CycleCosts, index: int) -> bool:
    """Whether a cycle of size `index` clearly beats plain steps at the highest chance; if not, it is never tried."""
    tokens = sum(CHANCES[-1] ** i for i in range(costs.rows[index]))
    return index == 0 or MARGIN * costs.cycle(index) < tokens * costs.cycle(0)


class Belief:
    """The posterior over CHANCES."""

    def __init__(self) -> None:
        self.shares = [weight / sum(PRIOR) for weight in PRIOR]

    def learn(self, n_draft: int, n_accept: int) -> None:
        """Update it by Bayes' rule: `n_accept` of `n_draft` were accepted; then mix in some of the uniform one."""
        fell = n_accept < n_draft
        weighed = [b * q**n_accept * (1 - q if fell else 1) for b, q in zip(self.shares, CHANCES, strict=True)]
        total = sum(weighed)  # never zero: every chance keeps some weight, and some chances lie between 0 and 1
        self.shares = [(1 - CHANGE) * w / total + CHANGE / len(CHANCES) for w in weighed]

    def tokens(self, rows: int) -> float:
        """Expected tokens of a cycle whose draft is so many positions deep, the anchor included."""
        return sum(share * (1 - q**rows) / (1 - q) for share, q in zip(self.shares, CHANCES, strict=True))


class AdaptiveBlockSize:
    """The block sizes of one run. Call `block()` before each cycle and `observe(...)` after it."""

    def __init__(self, costs: CycleCosts, block: int) -> None:
        self.costs = costs
        self._sizes = [i for i, rows in enumerate(costs.rows) if rows <= max(1, block) and could_win(costs, i)]
        self.belief = Belief()
        self._best = max(self._sizes, key=self.rate)
        self._plain, self._wait, self._won = 0, FIRST_WAIT, 0.0

    def block(self) -> int:
        """Positions of the next block, the anchor included; 1 is a plain AR step."""
        trying = not self._best and not self.plain_steps()
        return self.costs.rows[self._sizes[1] if trying else self._best]

    def plain_steps(self) -> int:
        """AR steps that will be taken before the next draft."""
        if self._best:
            return 0
        return max(0, self._wait - self._plain) if len(self._sizes) > 1 else LAST_WAIT

    def rate(self, index: int) -> float:
        """Expected tokens per cost of a cycle of size `index`."""
        return self.belief.tokens(self.costs.rows[index]) / self.costs.cycle(index)

    def observe(self, n_draft: int, n_accept: int, pass_rows: int = 0) -> None:
        """Record a cycle's outcome: `n_accept` of `n_draft` proposals were accepted; the next, if any, was refused.

        `pass_rows`: positions of the draft pass, if its chain was cut shorter than that.
        """
        if not n_draft:
            self._plain += 1
            return
        size = next(i for i in self._sizes if self.costs.rows[i] >= max(n_draft + 1, pass_rows))
        self._won += 1 + n_accept - self.costs.cycle(size) / self.costs.cycle(0)
        self.belief.learn(n_draft, n_accept)
        self._best, self._plain = max(self._sizes, key=self.rate), 0
        if not self._best:
            self._wait = FIRST_WAIT if self._won >= 0 else min(2 * self._wait, LAST_WAIT)
            self._won = 0.0
