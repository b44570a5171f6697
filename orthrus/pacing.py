"""How far the next draft should reach: as far as the survival measured so far pays for. Standard library only.

A block of K positions brings 1 + S_1 + ... + S_(K-1) tokens, S_i being the chance that proposals 1 to i all stand, for
the price of a draft pass and a verify pass of K rows. A plain AR step brings one token for one pass of one row. The
size with the most tokens for its price is next. Which one that is decides when tokens come, never which.
"""

from __future__ import annotations

from dataclasses import dataclass

FORGET = 0.95  # weight of an older cycle against the next one: a text's character changes
PRIOR, PRIOR_WEIGHT = 0.8, 2.0  # a proposal's chance before anything was seen, and how many sightings that is worth
SHARED_WEIGHT = 4.0  # sightings that the mean over all places is worth at each place
FIRST_WAIT, LAST_WAIT = 16, 256  # plain steps before drafting is tried again; doubled after each try that fails


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
        """A cycle of rows[index] positions; of one position it is the verify pass alone."""
        return self.verify[index] + (self.draft[index] if index else 0.0)


class Pacer:
    """The block sizes of one run. `block()` before each cycle, `saw(...)` after it."""

    def __init__(self, costs: Costs, block: int) -> None:
        self.costs = costs
        self._sizes = [i for i, rows in enumerate(costs.rows) if rows <= max(1, block)]
        self._stood, self._judged = [0.0] * block, [0.0] * block
        self._plain, self._wait = 0, FIRST_WAIT

    def block(self) -> int:
        """Positions of the next block, the anchor included; 1 is a plain AR step."""
        best = max(self._sizes, key=self.rate)
        if best:
            return self.costs.rows[best]
        if self._plain >= self._wait and len(self._sizes) > 1:
            return self.costs.rows[self._sizes[1]]
        return 1

    def rate(self, index: int) -> float:
        """Expected tokens for the price of a cycle of size `index`."""
        tokens = alive = 1.0
        for chance in self.chances(self.costs.rows[index] - 1):
            alive *= chance
            tokens += alive
        return tokens / self.costs.cycle(index)

    def chances(self, places: int) -> list[float]:
        """For each place: the chance that its proposal stands where all before it did."""
        mean = (sum(self._stood) + PRIOR * PRIOR_WEIGHT) / (sum(self._judged) + PRIOR_WEIGHT)
        pairs = zip(self._stood[:places], self._judged[:places], strict=True)
        return [(stood + mean * SHARED_WEIGHT) / (judged + SHARED_WEIGHT) for stood, judged in pairs]

    def saw(self, n_draft: int, n_accept: int) -> None:
        """A cycle's outcome: the accepted proposals stood, the first refused one fell, the others were not judged."""
        if not n_draft:
            self._plain += 1
            return
        self._stood = [FORGET * x for x in self._stood]
        self._judged = [FORGET * x for x in self._judged]
        for place in range(min(n_accept + 1, n_draft)):
            self._judged[place] += 1
            self._stood[place] += place < n_accept
        tried, self._plain = self._plain >= self._wait, 0
        if max(self._sizes, key=self.rate):
            self._wait = FIRST_WAIT
        elif tried:
            self._wait = min(2 * self._wait, LAST_WAIT)
