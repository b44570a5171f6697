"""Preallocated buffers of a pass, with the norms and rotary embedding computed in them.

At one row a pass is a few hundred calls on small tensors, so call overhead dominates. Buffers and their views are
therefore made once per number of rows, shared by all layers, and each formula uses as few calls as it has operations.
Only calls with IEEE rounding are used (no fused multiply-add, no library function), so that a number's bits cannot
depend on its place in a vector.
"""

from __future__ import annotations

import torch
from torch import Tensor

from orthrus.config import ModelConfig

SPARE = 16  # columns behind the residual stream, one 64-byte line of float32


class Workspace:
    """The buffers of a pass of `rows` rows, [rows, ...] each.

    The residual stream `x` has columns to spare; the first holds sqrt(eps * size), the others zero. So the length of
    the wider row is sqrt(size) times the root mean square with eps that RMSNorm divides by.

    Rotary embedding needs each head twice, as it is and with its halves swapped. One buffer holds both, overlapping:

        turning   | low  | high | low_again |      dim + dim / 2 numbers a head
        head      | low  | high |                  times cos
        turned           | high | low_again |      times [-sin, sin]
    """

    def __init__(self, c: ModelConfig, rows: int, dtype: torch.dtype, device: torch.device) -> None:
        def empty(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.empty(rows, *shape, dtype=dtype, device=device)

        size, dim, heads = c.hidden_size, c.head_dim, c.num_attention_heads
        both = heads + c.num_key_value_heads
        self.split = (both, c.num_key_value_heads)
        self.stream = torch.zeros(rows, size + SPARE, dtype=dtype, device=device)
        self.stream[:, size] = (c.rms_norm_eps * size) ** 0.5
        self.x = self.stream[:, :size]
        self.length, self.unit = empty(1), empty(size)
        self.normed = self.unit if dtype == torch.float32 else empty(size, dtype=dtype)

        self.head_eps = torch.full((1,), c.rms_norm_eps * dim, device=device)
        self.head_length, turning = empty(both, 1), empty(both, dim + dim // 2)
        self.head, self.turned = turning[..., :dim], turning[..., dim // 2 :]
        self.low, self.low_again = turning[..., : dim // 2], turning[..., dim:]
        straight, across = empty(both, dim), empty(both, dim)
        self.parts = straight, across
        self.q_parts = straight[:, :heads], across[:, :heads]
        self.k_parts = straight[:, heads:], across[:, heads:]
        # Head by head in memory, as attention reads them.
        self.q = torch.empty(heads, rows, dim, dtype=dtype, device=device).transpose(0, 1)
        self.k = torch.empty(c.num_key_value_heads, rows, dim, dtype=dtype, device=device).transpose(0, 1)

    @property
    def nbytes(self) -> int:
        """Bytes of all buffers, views not counted twice."""
        tensors = [t for t in vars(self).values() if isinstance(t, Tensor)]
        storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in (*tensors, *self.parts)}
        return sum(storages.values())

    def norm(self, scale: Tensor) -> Tensor:
        """RMSNorm of the residual stream: [rows, hidden], overwritten by the next one."""
        torch.linalg.vector_norm(self.stream, 2, -1, True, dtype=torch.float32, out=self.length)
        torch.div(self.x, self.length, out=self.unit)
        return torch.mul(self.unit, scale, out=self.normed)

    def rotate(self, qkv: Tensor, scale: Tensor, cos: Tensor, sin: Tensor, k: Tensor) -> Tensor:
        """Head norms and rotary embedding of [rows, (heads + 2 * kv_heads) * head_dim].

        The queries go to `self.q`, the keys to `k` [rows, kv_heads, head_dim]; returns the values, shaped like `k`.
        cos, sin [rows, 1, head_dim] from `signed`.
        """
        qk, v = qkv.view(len(qkv), -1, cos.shape[-1]).split(self.split, dim=1)
        torch.linalg.vector_norm(qk, 2, -1, True, dtype=torch.float32, out=self.head_length)
        self.head_length.mul_(self.head_length).add_(self.head_eps).sqrt_()
        torch.div(qk, self.head_length, out=self.head)
        self.head.mul_(scale)
        self.low_again.copy_(self.low)
        straight, across = self.parts
        torch.mul(self.head, cos, out=straight)
        torch.mul(self.turned, sin, out=across)
        torch.add(*self.q_parts, out=self.q)
        torch.add(*self.k_parts, out=k)
        return v


def signed(cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    """Rotary tables [positions, head_dim] as `Workspace.rotate` reads them, [positions, 1, head_dim].

    [low, high] * cos + [-high, low] * sin is [low, high] * cos + [high, low] * [-sin, sin].
    """
    low, high = sin.chunk(2, dim=-1)
    return cos[:, None], torch.cat([-low, high], dim=-1)[:, None]
