"""Split-KV attention: a context is cut into spans at absolute positions, which grow with the position.

Each span costs fp32 sums per query, written and read again: for 32 queries as many bytes as 128 positions of keys and
values at head_dim 128. Short spans give a short context many fast programs, long spans keep that cost small in a long
context. 16 spans of SPAN positions, then 8 of 2 SPAN, 8 of 4 SPAN, and from 64 SPAN on all of 8 SPAN: the start of span
i is the largest of four linear functions, the number of spans the least of four.
"""

SPAN = 128  # positions of the first spans; a whole number of key tiles


def spans(positions: int, span: int = SPAN) -> int:
    """Spans that `positions` positions are cut into."""
    units = -(-positions // span)
    return min(units, -(-(units + 16) // 2), -(-(units + 64) // 4), -(-(units + 192) // 8))
