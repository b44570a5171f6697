"""The operators of a pass in plain PyTorch: the reference, and the fallback if nothing is compiled.

A row's last bits may depend on how many rows are computed with it. So equality with the AR text is measured here, not
guaranteed by construction.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from orthrus.model.attention import attend_ar, causal_bias


class TorchOperators:
    """The operators of a pass."""

    linear = staticmethod(F.linear)
    attend = staticmethod(attend_ar)

    def silu_mul(self, gate_up: Tensor) -> Tensor:
        """[rows, 2 * size] -> silu(first half) * second half, [rows, size]."""
        gate, up = gate_up.chunk(2, dim=-1)
        return F.silu(gate).mul_(up)

    def bias(self, rows: int, start: int, group: int, device: torch.device, dtype: torch.dtype) -> Tensor | None:
        """What `attend` adds to its scores, for rows of `dtype`; made once per pass.

        [rows * group, start + rows], None for one row.
        """
        return F.pad(_cached_causal_bias(rows, group, device, dtype), (start, 0)) if rows > 1 else None


@lru_cache(maxsize=40)  # the 32 sizes a block can have, and a few prompt lengths
def _cached_causal_bias(rows: int, group: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    return causal_bias(rows, group, device, dtype)


TORCH_OPERATORS = TorchOperators()
