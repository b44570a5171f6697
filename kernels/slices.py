"""Split-K: the number of slices depends on the layer's shape alone, so that a row's sum has one order."""

COLUMNS = 64  # per program
STEP_BYTES = 256  # bytes of K per step of a program: 128 bf16 values
PROGRAMS = 256  # target per product: about two per multiprocessor of an H200 (132), to saturate its memory
MOST = 8  # each slice costs float32 sums that are written and read again


def slices_for(columns: int, depth: int) -> int:
    """Slices for a weight [columns, depth]: doubled until there are PROGRAMS programs, as long as each has whole steps.

    A rule, not timed yet: `benchmarks/gpu/suite.py` times what it chooses against the alternatives.
    """
    slices, tiles, step = 1, -(-columns // COLUMNS), STEP_BYTES // 2
    while slices < MOST and tiles * slices < PROGRAMS and depth % (2 * slices * step) == 0:
        slices *= 2
    return slices
