"""Drafting policy: where each cycle's draft comes from, how deep it is and which branches it gets.

chain   the first choice of each slot of a whole block
tree    a pass as deep as the text so far lets expect; beside the chain every path that is likely enough
lookup  what followed the same tokens earlier, without a draft pass; elsewhere the tree
auto    the most expected tokens for the measured price: plain steps, lookup, or a tree as deep and wide as pays

None of them changes the text: the AR view judges every draft alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate

from torch import Tensor

from orthrus.decoding.block_size import AdaptiveBlockSize, Belief
from orthrus.decoding.draft_tree import SAID, Branches, branches_of, nothing_said
from orthrus.decoding.lookup import MATCH, PromptLookup
from orthrus.decoding.pass_costs import ROWS, Prices

LEAST = 0.015  # a tree's paths are at least so likely: below it a row brings less than a 67th of a token
MOST_NODES = 63  # what a pass holds beside the anchor
ENOUGH = 0.9  # of the tokens that a whole block lets expect; stories then get draft passes of 23 rows, not 32
LEAST_ROWS = 8  # of a tree's draft pass: what follows the same tokens earlier may go on as far
# A lookup is expected to bring as many tokens as agree before it and MATCH more, times the share that the last one
# brought of them. HOPED is that share as long as none was tried; after each draft it comes back to it by BACK.
HOPED, BACK = 0.75, 0.05
# Where what followed the same tokens earlier is not the draft's first choice, it is right in 80 % of the places of an
# edit and in 8 % of a calculation's. So each text shows its own share, beginning as if it had shown SAID in so many
# places; trees of copies and edits then bring 3 % more per pass than with one share for all.
SHOWN = 4.0
SURE_MATCH = 2 * MATCH  # of auto: with shorter matches, which often mislead, it lost a fifth on math and JSON
# AR steps that verifying the first lookup may cost. Where it costs more, three times as many tokens have to match: at
# 2.9 steps auto lost a tenth on lists and equations with one time, and on lists 4 % with two.
CHEAP = 2.0
FIRST_FOUND = 4  # tokens of the first lookup of `auto`; doubled while they are all accepted
WORTH = 2  # tokens that a lookup of `auto` has to bring; if it brings fewer the next ones are left out
# Plain steps between two lookups: after a pass has evicted the CPU caches, entering a token into the index takes 20
# microseconds, 2 % of a step of the embedded model; eight at once take 60.
AT_ONCE = 32
FIRST_REST, LONGEST_REST = 16, 128  # tokens without a lookup after one that brought too little; doubled by the next


class Drafter:
    """The policy of one run. Call the methods in the order they stand in, `observe` after each cycle."""

    def __init__(
        self,
        draft: str,
        block: int,
        prompt: Sequence[int],
        prices: Prices | None,
        by_choice: bool = True,
        digits: Mapping[int, str] | None = None,
    ) -> None:
        """`prices` are needed by auto alone. Without `by_choice`, as under rejection, auto keeps to drafted chains.

        `digits`: the digit of each token that spells one alone, for lookups.
        """
        self.block, self.prices = block, prices
        self.sizes = AdaptiveBlockSize(prices, block) if prices is not None else None
        self._finds = by_choice and draft in ("lookup", "auto")
        keeps = {"tree": likely, "lookup": likely, "auto": self._best_for_price}
        self._keep: Callable[[Sequence[float]], int] | None = keeps.get(draft) if by_choice else None
        self.seen: PromptLookup | None = None
        if self._keep:
            self.seen = PromptLookup(prompt, MATCH if prices is None else sure_match(prices), digits)
        self._right, self._places = SAID * SHOWN, SHOWN
        self._unread: list[int] = []  # tokens of the text that the index does not have yet
        self._drafted: Iterator[int] = iter(())  # the chain of this cycle that is not yet judged
        self.belief = Belief()
        self._brought, self._agreed = HOPED, 0  # of lookups: the last one's share, the tokens that agreed before it
        self._by_draft = 12.0  # tokens of drafts that stood of late, in the mean
        self._found = block - 1 if prices is None else min(block - 1, FIRST_FOUND)
        self._rest = self._resting = 0

    def wrote(self, token: int) -> bool:
        """Note a token of the text; whether it is time to look up, and a lookup finds what may follow."""
        if self.seen is None:
            return False
        self._unread.append(token)
        return len(self._unread) == AT_ONCE and bool(self.find())

    def _read(self) -> None:
        """Enter what was written into the index of prompt and text."""
        if self.seen is None:
            return
        for token in self._unread:
            drafted = next(self._drafted, None)  # asked first: a plain step has none, and nothing to look up
            if drafted is not None and (said := self.seen.after(())) not in (None, drafted):
                self._right, self._places = self._right + (said == token), self._places + 1
            self.seen.extend((token,))
        self._resting = max(0, self._resting - len(self._unread))
        self._unread.clear()

    def find(self) -> list[int]:
        """Proposals from prompt and text, [] if nothing was found."""
        self._read()
        if self.seen is None or not self._finds or self._resting:
            return []
        found, self._agreed = self.seen.find(self._found)
        hoped = self._brought * (self._agreed + MATCH)
        return found if 2 * (1 + hoped) >= 1 + self._by_draft else []  # a lookup takes one pass, a draft two

    @property
    def said_share(self) -> float:
        """The chance of what followed the same tokens earlier, as this text has shown it."""
        return self._right / self._places

    def plain_steps(self) -> int:
        """AR steps to take before the next draft."""
        return self.sizes.plain_steps() if self.sizes else 0

    def rows(self) -> int:
        """Positions of the next draft pass, the anchor included; 1 is a plain AR step."""
        if self.sizes:
            return self.sizes.block()
        if self._keep is None:
            return self.block
        enough = ENOUGH * self.belief.tokens(self.block)
        sizes = (n for n in ROWS if LEAST_ROWS <= n < self.block and self.belief.tokens(n) >= enough)
        return next(sizes, self.block)

    def branches(self, scores: Callable[[], Tensor], chain: Sequence[int]) -> Branches | None:
        """The tree of a draft, None for the whole chain alone. scores() [slots, vocab], chain [slots]."""
        if self._keep is None:
            return None
        self._read()
        said, self._drafted = self.seen.after if self.seen else nothing_said, iter(chain)
        return branches_of(scores(), chain, MOST_NODES, self._keep, said, self.said_share)

    def observe(self, shape: str, n_draft: int, n_accept: int, pass_rows: tuple[int, int], ms: float) -> None:
        """A cycle accepted `n_accept` of the `n_draft` proposals of its longest path; its draft and verify pass of so
        many rows took `ms`."""
        self._read()
        self._drafted = iter(())
        if self.prices is None or self.sizes is None:
            self._learn(shape, n_draft, n_accept)
            return
        self.prices.observe(*pass_rows, ms)
        if shape != "lookup":
            self.sizes.observe(n_draft, n_accept, pass_rows[0])
            return
        self._found = min(self.block - 1, 2 * self._found) if n_accept == n_draft else FIRST_FOUND
        self._rest = 0 if n_accept >= WORTH else min(LONGEST_REST, max(FIRST_REST, 2 * self._rest))
        self._resting = self._rest

    def _learn(self, shape: str, n_draft: int, n_accept: int) -> None:
        """What a cycle says about the text, if there are no prices."""
        if shape == "lookup":
            self._brought = min(1.0, n_accept / min(n_draft, self._agreed + MATCH))
        elif n_draft:
            self.belief.learn(n_draft, n_accept)
            self._by_draft += (n_accept - self._by_draft) / 2
            self._brought += BACK * (HOPED - self._brought)

    def _best_for_price(self, chances: Sequence[float]) -> int:
        """How many of the likeliest nodes give the most expected tokens for the time of a cycle."""
        assert self.prices is not None
        drafted = self.prices.draft(self.rows())
        rates = [
            (1 + expected) / (drafted + self.prices.verify(1 + count))
            for count, expected in enumerate(accumulate(chances), 1)
        ]
        return 1 + max(range(len(rates)), key=rates.__getitem__)


def sure_match(prices: Prices) -> int:
    """Tokens that have to match before a lookup of `auto`."""
    cheap = prices.verify(1 + FIRST_FOUND) <= CHEAP * prices.verify(1)
    return SURE_MATCH if cheap else 3 * SURE_MATCH


def likely(chances: Sequence[float]) -> int:
    """How many nodes are likely enough, chances falling."""
    return max(1, sum(chance >= LEAST for chance in chances))
