"""Into how many slices of K a product is cut: by the layer's shape alone, so that a row's sum has one order."""

COLUMNS = 64  # of one program
STEP_BYTES = 256  # of K that a program takes at a time: 128 bf16 values
PROGRAMS = 256  # wanted of a product: about two for each of an H200's 132 multiprocessors, to keep its memory busy
MOST = 8  # each slice costs its sums in float32, written and read again


def slices_for(columns: int, depth: int) -> int:
    """Slices for a weight [columns, depth]: doubled until there are PROGRAMS programs, while each has whole steps.

    A rule, not timed yet: `benchmarks/gpu/suite.py` times what it chooses against the alternatives.
    """
    slices, tiles, step = 1, -(-columns // COLUMNS), STEP_BYTES // 2
    while slices < MOST and tiles * slices < PROGRAMS and depth % (2 * slices * step) == 0:
        slices *= 2
    return slices
