"""Where attention cuts a context into spans that are summed apart: at absolute positions, longer ones further on.

A span costs its programs' queries in fp32 sums, written and read again: for 32 queries as many bytes as 128 positions
of keys and values at head_dim 128. Short spans keep a short context's programs many and quick, long ones keep that
price small where the context is long. 16 spans of SPAN positions, then 8 of 2 SPAN, 8 of 4 SPAN, and from
64 SPAN on all of 8 SPAN: where span i begins is the largest of four lines, and how many there are the least of four.
"""

SPAN = 128  # positions of the first spans; a whole number of key tiles


def spans(positions: int, span: int = SPAN) -> int:
    """Spans that `positions` positions are cut into."""
    units = -(-positions // span)
    return min(units, -(-(units + 16) // 2), -(-(units + 64) // 4), -(-(units + 192) // 8))
