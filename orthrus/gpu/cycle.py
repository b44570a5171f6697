"""One decode cycle as a fixed launch sequence over static buffers: draft, verify, accept, record.

The length, the anchor and the decision to stop live in a state on the device (`kernels.records`), so the same sequence
is valid in every cycle and can be replayed without a host synchronisation. Refused rows stay in the cache beyond the
length: nothing reads them, and the next cycle overwrites them. A block of one position is an AR step: the same verify
launches, no draft. Once the state has stopped, a replay changes neither state, text nor ring, because the host may
have enqueued too many.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from kernels import ops, records
from orthrus.gpu.device import Device
from orthrus.gpu.passes import Stack
from orthrus.model.kv_cache import SharedCache

SLOTS = 64  # cycles in the ring buffer: far more than are ever in flight
HISTORY = 32  # AR steps whose logits are kept for telemetry


class Passed(NamedTuple):
    """The logits of the last cycle, for telemetry."""

    draft: Tensor | None  # [block - 1, vocab] float32; None in an AR step
    verify: Tensor  # [block, vocab] float32


class Cycle:
    """The launch sequence for one cache and one block size, and its buffers.

    `tape` is copied to the host in one piece: time stamps and the ring of records.
    """

    def __init__(
        self, stack: Stack, cache: SharedCache, angles: tuple[Tensor, Tensor], device: Device, block: int, sampled: bool
    ) -> None:
        c = stack.config
        self.stack, self.cache, self.angles, self.device = stack, cache, angles, device
        self.block_size, self.sampled = block, sampled

        def words(*shape: int) -> Tensor:
            return torch.zeros(*shape, dtype=torch.int32, device=stack.device)

        self.state = words(records.STATE_WORDS)  # zero capacity: the run made for capture commits nothing
        self.block, self.text = words(block), words(cache.capacity + block)
        self.eos = torch.tensor(c.eos_token_ids or (-1,), dtype=torch.int32, device=stack.device)
        self.seed = torch.zeros(1, dtype=torch.int64, device=stack.device)
        self.temperature = torch.ones(1, device=stack.device)
        self.tape = words(_tape_words(block))
        self.times, self.ring = _views(self.tape, block)
        self.mirror = device.host_buffer(self.tape)
        self.seen_times, self.seen_ring = _views(self.mirror, block)
        self.history = torch.zeros(HISTORY if block == 1 else 0, c.vocab_size, device=stack.device)

    @property
    def length(self) -> Tensor:
        """[1] int32: committed rows, which is the anchor's position."""
        return self.state[records.LENGTH : records.LENGTH + 1]

    def stand(self, length: int, seed: int, temperature: float) -> None:
        """Set the position of the next rows and their sampling; at temperature 0 the last two are ignored."""
        self.length.fill_(length)
        self.seed.fill_(seed)
        self.temperature.fill_(temperature or 1.0)

    def reset(self, state: Tensor) -> None:
        """Start from a state of `records.make_state`; nothing may be in flight. state [words] int32."""
        self.state.copy_(state)
        self.tape.zero_()
        self.mirror.zero_()  # a record of an earlier run could have the expected number

    def launch(self, observed: bool = True) -> Passed:
        """Enqueue one cycle. Without `observed` nothing is recorded or copied, to measure what that costs."""
        self._stamp(records.START, observed)
        self.block.fill_(self.stack.config.mask_token_id)
        self.block[:1].copy_(self.state[records.ANCHOR : records.ANCHOR + 1])
        drafted = self.draft() if self.block_size > 1 else None
        self._stamp(records.DRAFTED, observed)
        logits = self.stack.forward_ar(self.block, self.length, self.cache, self.angles)
        self._stamp(records.VERIFIED, observed)
        choice = self.sample(logits)
        self._stamp(records.JUDGED, observed)
        if len(self.history) and observed:
            slot = self.state[records.CYCLE : records.CYCLE + 1].remainder(HISTORY).long()
            self.history.index_copy_(0, slot, logits)
        ops.accept(self.block, choice, self.state, self.eos, self.text, self.ring, backend=self.stack.backend)
        if observed:
            self.device.send(self.tape, self.mirror)
        return Passed(drafted, logits)

    def draft(self) -> Tensor:
        """The draft pass: masks become proposed ids in place. Returns its logits.

        [block - 1, vocab].
        """
        logits = self.stack.forward_diffusion(self.block, self.length, self.cache, self.angles)
        self.block[1:].copy_(self.sample(logits))
        return logits

    def sample(self, logits: Tensor) -> Tensor:
        """[rows, vocab] of rows that stand at `length` and on -> [rows] int32."""
        if not self.sampled:
            return ops.argmax(logits, backend=self.stack.backend)
        backend = self.stack.backend
        return ops.gumbel_argmax(logits, self.length, self.seed, self.temperature, backend=backend)

    def _stamp(self, mark: int, observed: bool) -> None:
        if observed:
            self.device.stamp(self.times, self.state, mark)


def _tape_words(block: int) -> int:
    return SLOTS * (2 * records.MARKS + records.record_words(block))


def _views(tape: Tensor, block: int) -> tuple[Tensor, Tensor]:
    """times [SLOTS, MARKS] int64 and ring [SLOTS, record_words] int32 of a tape."""
    split = SLOTS * 2 * records.MARKS
    times = tape[:split].view(torch.int64).view(SLOTS, records.MARKS)
    return times, tape[split:].view(SLOTS, records.record_words(block))
