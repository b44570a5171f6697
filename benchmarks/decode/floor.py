"""The two rates that bound a pass: it takes at least its bytes over the one, and its FLOPs over the other."""

from __future__ import annotations

import torch

from benchmarks.harness import seconds


def copy_rate(count: int, device: str) -> float:
    """Bytes per second at best, read by a sum or read and written by a copy, over as many bytes as a pass reads."""
    buffer = torch.ones(max(count // 4, 1 << 16), device=device)
    other = torch.empty_like(buffer)
    return max(buffer.nbytes / seconds(buffer.sum), 2 * buffer.nbytes / seconds(lambda: other.copy_(buffer)))


def product_rate(dtype: torch.dtype, device: str) -> float:
    """FLOPs per second of a large square product."""
    size = 1024 if device == "cpu" else 8192
    a, b = (torch.ones(size, size, dtype=dtype, device=device) for _ in range(2))
    return 2 * size**3 / seconds(lambda: a @ b)
