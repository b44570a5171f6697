"""A model whose passes are replayed one by one, each a graph of the row-invariant kernels.

For runs whose cycles are no fixed sequence, because the host chooses between two passes what is judged: trees,
lookups, lanes. It has the forward methods of `orthrus.model.dual_view.Orthrus`. Verify passes are filled up to one of
WIDTHS, which changes no bit of the rows before; a draft pass is not, because its rows see each other. A row's bits are
those of captured cycles.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from orthrus.gpu import memory_plan
from orthrus.gpu.passes import PREFILL_ROWS
from orthrus.gpu.runner import Runner
from orthrus.model.argmax import finite_greedy
from orthrus.model.kv_cache import SharedCache

WIDTHS = (1, 8, 16, 32, memory_plan.WIDEST)


class SinglePasses:
    """One model's passes. The runner's cache goes to the run that asked for it last."""

    engine = "triton"
    graphs = None
    prompt_rows = PREFILL_ROWS
    argmax = staticmethod(finite_greedy)

    def __init__(self, runner: Runner) -> None:
        self._runner, model = runner, runner.model
        self.config, self.dtype, self.device = model.config, model.dtype, model.device
        self.threads, self.kv_bytes_per_position = model.threads, model.kv_bytes_per_position
        self.new_cache = runner.lend

    def with_layers(self, layers: int) -> SinglePasses:
        """The first layers only, sharing the weights: for timing, its text is meaningless."""
        return SinglePasses(Runner(self._runner.model.with_layers(layers), self._runner.device))

    def cache_bytes(self, capacity: int) -> int:
        """What `new_cache` and the passes of its run will allocate beside what is there."""
        rows, have = memory_plan.bucket(self.config, capacity), self._runner.cache
        graphs = memory_plan.passes_bytes(self.config, self.dtype, rows)
        if have is not None and have.capacity >= rows:
            return graphs
        return memory_plan.run_bytes(self.config, self.dtype, rows) + graphs

    @torch.inference_mode()
    def forward_ar(self, ids: Tensor, cache: SharedCache, last_only: bool = False) -> Tensor:
        """As `Orthrus.forward_ar`: ids [rows] int64 -> float32 logits [rows, vocab], or the last row's [1, vocab]."""
        self._refuse_abandoned(cache)
        at, rows = cache.length, len(ids)
        cache.appended(rows)
        seen = slice(rows - 1 if last_only else 0, rows)
        with self._runner.device.between():
            if rows <= WIDTHS[-1]:
                return self._read("ar", _filled(rows), ids, at)[seen].clone()
            hidden = self._runner.piece.read(ids.int(), at)
            return self._runner.stack.logits(hidden[seen])

    @torch.inference_mode()
    def forward_diffusion(self, block: Tensor, cache: SharedCache, n_draft: int) -> Tensor:
        """As `Orthrus.forward_diffusion`: block [rows] int64 -> float32 logits [n_draft, vocab]."""
        self._refuse_abandoned(cache)
        with self._runner.device.between():
            return self._read("draft", len(block), block, cache.length)[:n_draft].clone()

    @torch.inference_mode()
    def forward_tree(self, ids: Tensor, cache: SharedCache, paths: Sequence[Sequence[int]]) -> Tensor:
        """As `Orthrus.forward_tree`: ids [rows] int64 -> float32 logits [rows, vocab]; `cache.keep` commits."""
        self._refuse_abandoned(cache)
        at, rows, chain = cache.length, len(ids), len(ids) - len(paths)
        cache.appended(chain)
        whole = [*(range(row + 1) for row in range(chain)), *((0, *path) for path in paths)]
        deepest = max(map(len, whole))
        table = torch.tensor([[*path, *[0] * (deepest - len(path))] for path in whole], dtype=torch.int32)
        depths = torch.tensor([len(path) - 1 for path in whole], dtype=torch.int32)
        with self._runner.device.between():
            logits = self._read("tree", _filled(rows), ids, at, (table, depths))[:rows].clone()
            cache.keep_chain(at, chain)
        return logits

    def _read(self, which: str, width: int, ids: Tensor, at: int, tree: tuple[Tensor, Tensor] | None = None) -> Tensor:
        return self._runner.captured_pass(which, width, at).read(ids.int(), at, tree)

    def _refuse_abandoned(self, cache: SharedCache) -> None:
        if self._runner.flight is not cache:
            raise RuntimeError("another run of this model has begun; this one cannot go on")


def _filled(rows: int) -> int:
    """The width of the graph that computes `rows` rows."""
    return next(width for width in WIDTHS if width >= rows)
