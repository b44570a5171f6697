"""A model whose passes are called one by one, each computed by the row-invariant kernels.

For runs whose cycles are no fixed sequence: trees, lookups, lanes. It has the forward methods of
`orthrus.model.dual_view.Orthrus`. A row's bits are those of captured cycles; only the launches are not captured.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from orthrus.gpu.passes import PREFILL_ROWS, Stack
from orthrus.model.argmax import finite_greedy
from orthrus.model.dual_view import Orthrus
from orthrus.model.kv_cache import SharedCache


class SinglePasses:
    """One model's passes; each run has its own cache."""

    engine = "triton"
    graphs = None
    prompt_rows = PREFILL_ROWS
    argmax = staticmethod(finite_greedy)

    def __init__(self, model: Orthrus, backend: str = "triton") -> None:
        self._model, self._stack = model, Stack(model, backend)
        self.config, self.dtype, self.device = model.config, model.dtype, model.device
        self.threads, self.kv_bytes_per_position = model.threads, model.kv_bytes_per_position
        self.new_cache, self.cache_bytes = model.new_cache, model.cache_bytes
        self._angles = self._stack.angles_to(model.config.max_position_embeddings)

    def with_layers(self, layers: int) -> SinglePasses:
        """The first layers only, sharing the weights: for timing, its text is meaningless."""
        return SinglePasses(self._model.with_layers(layers), self._stack.backend)

    @torch.inference_mode()
    def forward_ar(self, ids: Tensor, cache: SharedCache, last_only: bool = False) -> Tensor:
        """As `Orthrus.forward_ar`: ids [rows] int64 -> float32 logits [rows, vocab], or the last row's [1, vocab]."""
        at = self._at(cache)
        cache.appended(len(ids))
        hidden = self._stack.hidden_ar(ids, at, cache, self._angles)
        return self._stack.logits(hidden[-1:] if last_only else hidden)

    @torch.inference_mode()
    def forward_diffusion(self, block: Tensor, cache: SharedCache, n_draft: int) -> Tensor:
        """As `Orthrus.forward_diffusion`: block [rows] int64 -> float32 logits [n_draft, vocab]."""
        return self._stack.forward_diffusion(block, self._at(cache), cache, self._angles)[:n_draft]

    @torch.inference_mode()
    def forward_tree(self, ids: Tensor, cache: SharedCache, paths: Sequence[Sequence[int]]) -> Tensor:
        """As `Orthrus.forward_tree`: ids [rows] int64 -> float32 logits [rows, vocab]; `cache.keep` commits."""
        start, chain = cache.length, len(ids) - len(paths)
        cache.appended(chain)
        whole = [*(range(row + 1) for row in range(chain)), *((0, *path) for path in paths)]
        deepest = max(map(len, whole))
        table = torch.tensor([[*path, *[0] * (deepest - len(path))] for path in whole], dtype=torch.int32)
        depths = torch.tensor([len(path) - 1 for path in whole], dtype=torch.int32)
        at = torch.tensor([start], dtype=torch.int32, device=self.device)
        side = cache.side(len(ids))
        tree = table.to(self.device), depths.to(self.device)
        logits = self._stack.forward_tree(ids, at, cache, self._angles, side, *tree)
        for slots, own in zip((*cache.slots(start, chain),), side, strict=True):
            for slot, rows in zip(slots, own, strict=True):
                slot.copy_(rows[:chain])
        return logits

    def _at(self, cache: SharedCache) -> Tensor:
        return torch.tensor([cache.length], dtype=torch.int32, device=self.device)
