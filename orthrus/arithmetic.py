"""Two ways to compute the same pass. A model holds one of them, and nothing else in it knows which.

    Fast    the quickest operators; a row's last bits may depend on how many rows are computed with it
    Exact   a row's bits depend on nothing but the row: not on its neighbours, its place among them, or the pass's size

`orthrus.exact` checks on the running machine that Exact keeps its word, and picks its linear and row multiple.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from orthrus.attention import attend_ar, attend_ar_tiled, causal_bias, pad_rows, tile_bias
from orthrus.cache import TILE

SERIAL_ELEMENTS = 32_768  # at::internal::GRAIN_SIZE: an elementwise call of this size or less is one thread's
LANES = 64  # columns a vectorised loop takes at a time, at most (two 512-bit registers of bfloat16)


class Arithmetic(Protocol):
    """What the trunk asks of its arithmetic."""

    mode: str  # fast | exact
    words: str
    rows_at_once: int  # a longer pass is split
    graphed: bool  # whole runs are captured kernels (`orthrus.gpu`)

    def linear(self, x: Tensor, weight: Tensor) -> Tensor:
        """[rows, in], [out, in] -> [rows, out]."""

    def silu_mul(self, gate_up: Tensor) -> Tensor:
        """[rows, 2 * size] -> silu(first half) * second half, [rows, size]."""

    def bias(self, rows: int, start: int, group: int, device: torch.device, dtype: torch.dtype) -> Tensor | None:
        """What `attend` adds to its scores, for rows of `dtype`; made once a pass."""

    def reach(self, end: int) -> int:
        """How many positions of the cache `attend` looks at where `end` are written."""

    def attend(self, q: Tensor, keys: Tensor, values: Tensor, start: int, bias: Tensor | None) -> Tensor:
        """[rows, heads, head_dim] over the cache -> [rows, heads * head_dim], causal."""


class Padded:
    """F.linear over rows padded to a multiple.

    Matrix-vector and small-matrix code sum in another order than the kernel for many rows, so no pass may be that
    small. Seen on an EPYC with AVX-512: fp32 (MKL) 1 to 3 rows; bf16 (oneDNN) 1 row of 4096 columns, and 1 to 3 rows
    of weights of a few thousand elements.
    """

    def __init__(self, row_multiple: int) -> None:
        self.row_multiple = row_multiple
        self.words = f"rows padded to {row_multiple}" if row_multiple > 1 else "plain rows"

    def __call__(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.linear(pad_rows(x, self.row_multiple), weight)[: len(x)]


class Once:
    """What `make` makes of a weight, made at the first call; the weight is held, so that its identity stays its own."""

    def __init__(self, make: Callable[[Tensor], Tensor]) -> None:
        self._make, self._known = make, dict[int, tuple[Tensor, Tensor]]()

    def __call__(self, weight: Tensor) -> Tensor:
        known = self._known.get(id(weight))
        if known is None:
            known = self._known[id(weight)] = (weight, self._make(weight))
        return known[1]


class Packed:
    """oneDNN over weights packed once: a fixed layout leaves one order of sums to passes of (nearly) every size.

    And it is quick. Against F.linear, one thread of an EPYC with AVX-512, torch 2.13, us:
        1024 x 1024   fp32  1 row 75 / 80   32 rows 617 / 842     bf16  1 row 54 / 95   32 rows 319 / 364
         256 x  256   fp32  1 row 21 /  8   32 rows  55 /  50     bf16  1 row 19 / 21   32 rows  36 /  38
    One row of 4096 columns is split over their length, so that such models need a row multiple of 4 after all. The
    packed copy lies beside the plain weight, which is why `orthrus.exact` sets it a limit.
    """

    def __init__(self, row_multiple: int = 1) -> None:
        self.row_multiple = row_multiple
        self.words = "packed weights" + (f", rows padded to {row_multiple}" if row_multiple > 1 else "")
        self._packed = Once(pack)

    def __call__(self, x: Tensor, weight: Tensor) -> Tensor:
        rows = len(x)
        # Every new number of rows compiles a kernel (milliseconds); 8, 16, 24, ... are few.
        x = pad_rows(x, self.row_multiple if rows <= self.row_multiple else 8)
        return linear_packed(x, self._packed(weight))[:rows]


class ByColumns:
    """F.linear of a single row, wide weights lying column by column in a copy.

    A plain float32 product of one row reads such a weight at 8 GB/s once a model's weights outgrow the cache; column by
    column it reads 30. The 25 products of the embedded model's AR step, ms, 1 / 2 threads of an EPYC with AVX-512:
        plain 3.2 / 3.3    packed 2.3 / 1.8    wide ones by columns 1.8 / 1.7    summing the same bytes 0.9 / 0.9
    """

    def __init__(self) -> None:
        self._turned = Once(_turned)

    def __call__(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.linear(x, self._turned(weight))


def _turned(weight: Tensor) -> Tensor:
    """[out, in] as it was, a wide one column by column; a deep one is quicker as it is: 26 us against 45."""
    return weight.t().contiguous().t() if weight.shape[0] > weight.shape[1] else weight


def pack(weight: Tensor) -> Tensor:
    """[out, in] -> the same in oneDNN's layout for many rows. Raises where this build of torch has no such operator."""
    return torch.ops.mkldnn._reorder_linear_weight(weight.detach(), 32)


def linear_packed(x: Tensor, packed: Tensor) -> Tensor:
    """[rows, in], a weight from `pack` -> [rows, out]; the operators torch's own compiler emits for the CPU."""
    return torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], "")


class Fast:
    """The quickest operators: `packed` products where given, and `single` for one row where given."""

    mode, words, graphed = "fast", "plain rows", False
    rows_at_once = 1 << 30
    attend = staticmethod(attend_ar)

    def __init__(self, packed: Packed | None = None, single: ByColumns | None = None) -> None:
        self.many = packed or F.linear
        self.one = single or self.many

    def linear(self, x: Tensor, weight: Tensor) -> Tensor:
        return self.one(x, weight) if len(x) == 1 else self.many(x, weight)

    def silu_mul(self, gate_up: Tensor) -> Tensor:
        gate, up = gate_up.chunk(2, dim=-1)
        return F.silu(gate).mul_(up)

    def reach(self, end: int) -> int:
        return end

    def bias(self, rows: int, start: int, group: int, device: torch.device, dtype: torch.dtype) -> Tensor | None:
        return F.pad(_cached_causal_bias(rows, group, device, dtype), (start, 0)) if rows > 1 else None


@lru_cache(maxsize=40)  # the 32 sizes a block can have, and a few prompt lengths
def _cached_causal_bias(rows: int, group: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    return causal_bias(rows, group, device, dtype)


class Exact:
    """Row-invariant operators for the CPU.

    linear    Packed or Padded
    attend    fixed tiles at absolute positions, rows padded to `row_multiple`, tiles combined in a fixed order
    silu_mul  whole vectors and one thread a call: torch's silu takes other instructions in the tail of a buffer, and
              threads cut a large buffer at places that move with its length
    """

    mode, graphed = "exact", False
    rows_at_once = 64  # beyond it nothing was checked

    def __init__(self, linear: Padded | Packed, row_multiple: int) -> None:
        self.linear, self.row_multiple = linear, row_multiple
        self.words = f"{linear.words}, attention rows padded to {row_multiple}"

    def silu_mul(self, gate_up: Tensor) -> Tensor:
        gate, up = gate_up.chunk(2, dim=-1)
        size = gate.shape[1]
        if size % LANES:
            gate = F.pad(gate, (0, -size % LANES))
        together = max(1, SERIAL_ELEMENTS // gate.shape[1])
        parts = [F.silu(part) for part in gate.split(together)]
        return (parts[0] if len(parts) == 1 else torch.cat(parts))[:, :size] * up

    def reach(self, end: int) -> int:
        return -(-end // TILE) * TILE

    def bias(self, rows: int, start: int, group: int, device: torch.device, dtype: torch.dtype) -> Tensor:
        return tile_bias(rows, start, group, self.row_multiple, device)

    def attend(self, q: Tensor, keys: Tensor, values: Tensor, start: int, bias: Tensor) -> Tensor:
        return attend_ar_tiled(q, keys, values, bias)


FAST = Fast()
