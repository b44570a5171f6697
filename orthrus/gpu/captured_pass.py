"""A single pass as a graph: of a prompt's piece, of either view over a block, or of the AR view over a tree.

Its inputs are copied into buffers of its own; the rows that fill it up are computed and never read.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from orthrus.gpu.device import Device
from orthrus.gpu.passes import PREFILL_ROWS, Stack
from orthrus.model.kv_cache import SharedCache


class Piece:
    """The graph of one prompt chunk: a fixed number of rows through the AR view, captured for one cache."""

    def __init__(
        self, stack: Stack, cache: SharedCache, angles: tuple[Tensor, Tensor], device: Device, rows: int | None = None
    ) -> None:
        self.rows = rows or PREFILL_ROWS
        with device.working():
            self._ids = torch.zeros(self.rows, dtype=torch.int32, device=stack.device)
            self._length = torch.zeros(1, dtype=torch.int32, device=stack.device)
        self._graph = device.capture(lambda: stack.hidden_ar(self._ids, self._length, cache, angles))

    def read(self, ids: Tensor, length: int) -> Tensor:
        """Enqueue ids [n] int32, n <= rows, at positions `length` on; returns [rows, hidden], the first n real."""
        self._ids.copy_(F.pad(ids, (0, self.rows - len(ids))))
        self._length.fill_(length)
        self._graph.replay()
        return self._graph.out


class CapturedPass:
    """The graph of one pass over a fixed number of rows: of the AR view, of the diffusion view, or over a tree."""

    def __init__(
        self,
        stack: Stack,
        cache: SharedCache,
        angles: tuple[Tensor, Tensor],
        device: Device,
        which: str,
        rows: int,
        length: int = 0,
    ) -> None:
        def words(*shape: int) -> Tensor:
            return torch.zeros(*shape, dtype=torch.int32, device=stack.device)

        with torch.inference_mode(), device.working():
            self.ids, self.length, given = words(rows), words(1).fill_(length), (cache, angles)
            self.paths, self.depths = (words(rows, rows), words(rows)) if which == "tree" else (words(0), words(0))
            side = cache.side(rows) if which == "tree" else None
        launches: dict[str, Callable[[], Tensor]] = {
            "ar": lambda: stack.forward_ar(self.ids, self.length, *given),
            "draft": lambda: stack.forward_diffusion(self.ids, self.length, *given),
            "tree": lambda: stack.forward_tree(self.ids, self.length, *given, side, self.paths, self.depths),
        }
        self._graph = device.capture(torch.inference_mode()(launches[which]))

    def read(self, ids: Tensor, length: int, tree: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """Enqueue ids [n] int32, n <= rows, behind `length` positions; returns float32 logits of all rows, the first of
        them real, valid until the pass is read again. `tree`: paths [n, deepest + 1] and depths [n], int32."""
        self.ids.copy_(F.pad(ids, (0, len(self.ids) - len(ids))))
        self.length.fill_(length)
        if tree is not None:  # rows that fill up read the anchor alone
            for target, source in zip((self.paths, self.depths), tree, strict=True):
                target.zero_()
                target[tuple(slice(n) for n in source.shape)].copy_(source)
        self._graph.replay()
        return self._graph.out
