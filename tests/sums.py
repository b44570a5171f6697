"""The sums that stand in a text, worked out."""

import re

# A statement without letters: neither the end of "3x + 5 = 20" nor the start of "20 = 5 + x".
_SUM = re.compile(
    r"(?<![\w.])(?<![-+*/] )[\d(][\d()]*(?: [-+*/=] [\d()]+)* = [\d()]+(?: [-+*/=] [\d()]+)*(?![\w()]| [-+*/=])"
)


def true_sums(text: str) -> int:
    """How many sums `text` has; each has to be true, and no side of it below zero."""
    chains = _SUM.findall(text)
    for chain in chains:
        sides = {eval(side) for side in chain.strip().split("=")}
        assert len(sides) == 1, (chain, text)
        assert min(sides) >= 0, (chain, text)
    return len(chains)
