"""The int32 words that `accept` reads and writes: the decode state, and a ring buffer with one record per cycle.

They live on the device so that a CUDA graph can replay whole cycles without host synchronisation. The host reads a
finished copy of the ring.
"""

from typing import NamedTuple

import torch
from torch import Tensor

# ---------------------------------------------------------------- the state: one word each
LENGTH = 0  # committed rows in the cache; the anchor has this position and is not among them
GENERATED = 1  # tokens already in the text, the anchor included
CYCLE = 2  # cycles judged so far
STOP = 3  # an index into STOPS; once it is not 0, `accept` changes nothing
ANCHOR = 4  # the last token of the text
MAX_TOKENS = 5  # the text may not grow beyond this
CAPACITY = 6  # rows of the cache
STATE_WORDS = 8

# ---------------------------------------------------------------- end times of a cycle's passes, one column each
START, DRAFTED, VERIFIED, JUDGED = range(4)
MARKS = 4

STOPS = (None, "eos", "length", "capacity")
STOP_EOS, STOP_LENGTH, STOP_CAPACITY = 1, 2, 3

# ---------------------------------------------------------------- a record: seven words, block, choice
SEQUENCE = 0  # cycle + 1
RECORD_LENGTH = 1  # committed rows before the cycle
RECORD_DRAFT = 2  # eligible proposals
RECORD_ACCEPT = 3  # leading proposals that match the AR choice, EOS ignored
RECORD_COMMIT = 4  # tokens appended to the text, EOS included
RECORD_NEXT = 5  # the AR view's own next token, -1 if an accepted EOS ended the text
RECORD_STOP = 6  # as STOP
HEADER_WORDS = 7


def record_words(block: int) -> int:
    """Words per record for blocks of this many slots."""
    return HEADER_WORDS + 2 * block


class Record(NamedTuple):
    """One judged cycle, read back."""

    sequence: int
    length: int
    n_draft: int
    n_accept: int
    n_commit: int
    next_id: int | None
    stop: str | None
    block: tuple[int, ...]
    choice: tuple[int, ...]


def make_state(length: int, generated: int, anchor: int, max_tokens: int, capacity: int, device="cpu") -> Tensor:
    """[STATE_WORDS] int32 for a sequence of `length` cached rows whose next token, `anchor`, is already in the text."""
    if generated >= max_tokens:
        raise ValueError(f"{generated} tokens are generated already, max_tokens is {max_tokens}")
    if length >= capacity:
        raise ValueError(f"{length} rows are cached already, capacity is {capacity}")
    words = [length, generated, 0, 0, anchor, max_tokens, capacity, 0]
    return torch.tensor(words, dtype=torch.int32, device=device)


def make_ring(slots: int, block: int, device="cpu") -> Tensor:
    """[slots, record_words(block)] int32 of zeros: no record has sequence number 0."""
    return torch.zeros(slots, record_words(block), dtype=torch.int32, device=device)


def read_record(ring: Tensor, cycle: int) -> Record | None:
    """The record of this cycle (0, 1, ...) from a ring in host memory, or None if its slot holds another one.

    ring [slots, words] int32.
    """
    return parse_record(ring[cycle % ring.shape[0]].tolist(), cycle)


def parse_record(words: list[int], cycle: int) -> Record | None:
    """Parse a record from its words, or None if they are the record of another cycle."""
    if words[SEQUENCE] != cycle + 1:
        return None
    slots = (len(words) - HEADER_WORDS) // 2
    next_id = words[RECORD_NEXT]
    return Record(
        sequence=words[SEQUENCE],
        length=words[RECORD_LENGTH],
        n_draft=words[RECORD_DRAFT],
        n_accept=words[RECORD_ACCEPT],
        n_commit=words[RECORD_COMMIT],
        next_id=None if next_id < 0 else next_id,
        stop=STOPS[words[RECORD_STOP]],
        block=tuple(words[HEADER_WORDS : HEADER_WORDS + slots]),
        choice=tuple(words[HEADER_WORDS + slots : HEADER_WORDS + 2 * slots]),
    )
