"""n = length of the longest prefix with block[i + 1] == choice[i]; append it and the AR view's next token; record it.

One program, one warp: a block fits in one. reference.accept defines the rule, kernels.records names the words.
The host reads a copy of the ring that is made after this kernel.
"""

import triton
import triton.language as tl
from torch import Tensor

from kernels import records
from kernels.triton_common import begin, dependent

LENGTH, GENERATED, CYCLE = (tl.constexpr(w) for w in (records.LENGTH, records.GENERATED, records.CYCLE))
STOP, ANCHOR = tl.constexpr(records.STOP), tl.constexpr(records.ANCHOR)
MAX_TOKENS, CAPACITY = tl.constexpr(records.MAX_TOKENS), tl.constexpr(records.CAPACITY)
EOS, FULL, NO_ROOM = (tl.constexpr(s) for s in (records.STOP_EOS, records.STOP_LENGTH, records.STOP_CAPACITY))
HEADER = tl.constexpr(records.HEADER_WORDS)


@triton.jit(do_not_specialize=["n_text", "n_ring"], do_not_specialize_on_alignment=["text_ptr", "state_ptr"])
def _accept_kernel(
    block_ptr, choice_ptr, state_ptr, eos_ptr, text_ptr, ring_ptr, n_text, n_ring,
    SLOTS: tl.constexpr, BLOCK: tl.constexpr, N_EOS: tl.constexpr, PDL: tl.constexpr,
):  # fmt: skip
    begin(PDL)
    length, generated = tl.load(state_ptr + LENGTH), tl.load(state_ptr + GENERATED)
    cycle, stop = tl.load(state_ptr + CYCLE), tl.load(state_ptr + STOP)
    max_tokens, capacity = tl.load(state_ptr + MAX_TOKENS), tl.load(state_ptr + CAPACITY)
    eligible = tl.minimum(SLOTS, tl.minimum(max_tokens - generated, capacity - length))
    if (stop != 0) | (eligible <= 0):
        return
    n_draft = eligible - 1
    i = tl.arange(0, BLOCK)
    slot = i < SLOTS
    token = tl.load(block_ptr + i, mask=slot, other=-1)
    choice = tl.load(choice_ptr + i, mask=slot, other=-1)
    proposal = tl.load(block_ptr + i + 1, mask=i < n_draft, other=-1)
    n_accept = tl.min(tl.where((i < n_draft) & (proposal == choice), BLOCK, i), axis=0)

    ends = i < 0
    for e in tl.static_range(N_EOS):
        ends = ends | (choice == tl.load(eos_ptr + e))
    first_end = tl.min(tl.where(ends & (i <= n_accept), i, BLOCK), axis=0)  # BLOCK: the text continues
    n_commit = tl.minimum(n_accept, first_end) + 1
    has_next = n_commit > n_accept
    n_kept = tl.where(has_next, n_commit, n_commit + 1)  # the anchor and the appended proposals
    last = tl.sum(tl.where(i == n_commit - 1, choice, 0), axis=0)
    stop = tl.where(length + n_kept >= capacity, NO_ROOM, 0)
    stop = tl.where(generated + n_commit >= max_tokens, FULL, stop)
    stop = tl.where(first_end < BLOCK, EOS, stop)

    tl.store(text_ptr + generated + i, choice, mask=(i < n_commit) & (generated + i < n_text))
    record = ring_ptr + (cycle % n_ring) * (HEADER + 2 * SLOTS)
    tl.store(record, cycle + 1)
    tl.store(record + 1, length)
    tl.store(record + 2, n_draft)
    tl.store(record + 3, n_accept)
    tl.store(record + 4, n_commit)
    tl.store(record + 5, tl.where(has_next, last, -1))
    tl.store(record + 6, stop)
    tl.store(record + HEADER + i, token, mask=slot)
    tl.store(record + HEADER + SLOTS + i, choice, mask=slot)
    tl.store(state_ptr + LENGTH, length + n_kept)
    tl.store(state_ptr + GENERATED, generated + n_commit)
    tl.store(state_ptr + CYCLE, cycle + 1)
    tl.store(state_ptr + STOP, stop)
    tl.store(state_ptr + ANCHOR, last)


def accept(block: Tensor, choice: Tensor, state: Tensor, eos: Tensor, text: Tensor, ring: Tensor) -> None:
    """block, choice [B], state [8], eos [E], text [T], ring [slots, words], all int32; the last four may be views."""
    for name, tensor in {"block": block, "choice": choice, "state": state, "text": text, "ring": ring}.items():
        if not tensor.is_contiguous():
            raise ValueError(f"{name} {list(tensor.shape)} has strides {tensor.stride()}, expected contiguous")
    slots = block.shape[0]
    _accept_kernel[(1,)](
        block, choice, state, eos, text, ring, text.shape[0], ring.shape[0],
        SLOTS=slots, BLOCK=max(2, triton.next_power_of_2(slots)), N_EOS=eos.shape[0],
        num_warps=1, enable_fp_fusion=False, **dependent(block),
    )  # fmt: skip
