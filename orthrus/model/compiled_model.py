"""The dual-view model compiled for this CPU: each pass is one call of `kernels.numba_pass`, without Python's lock.

It has the two forward methods of `orthrus.model.dual_view.Orthrus`. A row's bits depend on the row and the weights
alone, on every machine. Weights stay in the number format they are stored in; nothing is held twice.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from kernels.numba_argmax import largest_of_rows
from kernels.numba_attention import QUERIES, score_width
from kernels.numba_common import PANEL
from kernels.numba_pass import (
    ASKED,
    BRANCHES,
    COLUMNS,
    FIRST,
    KEYS,
    LOGITS,
    PATHS,
    ROWS,
    SIDE,
    START,
    STORED,
    TEAM,
    VALUES,
    VIEW,
    VOCABULARY,
    WORDS,
    Buffers,
    take_part,
)  # fmt: skip
from kernels.numba_sync import PHASE_BYTES
from orthrus.config import ModelConfig
from orthrus.errors import OrthrusError
from orthrus.model.argmax import NOT_FINITE
from orthrus.model.compiled_weights import Read, compiled_weights
from orthrus.model.dual_view import Orthrus
from orthrus.model.kv_cache import Committed
from orthrus.model.thread_team import Crew, TeamSize, available_cores

PASS_ROWS = 64  # rows of one call at least: the anchor and a draft of up to 63 nodes
PROMPT_ROWS = 32  # a longer prompt is read in pieces (250 rows at once take a fifth longer)
NO_PATHS = np.zeros((0, 1), np.int64)
PATIENCE = 20_000  # pause instructions, about 1 ms: a helper thread spins for so long before it sleeps


def unserved(config: ModelConfig) -> str:
    """Why a model of these shapes cannot be compiled, "" if it can."""
    for name in ("hidden_size", "intermediate_size", "head_dim"):
        if (size := getattr(config, name)) % 16:
            return f"{name} is {size}, the compiled engine takes multiples of 16"
    return ""


class CompiledCache(Committed):
    """Preallocated keys and values of one sequence, float32.

    Keys are stored in panels of 16 positions, [layers, kv_heads, positions / 16, head_dim, 16], values as [layers,
    kv_heads, positions, head_dim]. Behind `capacity` there is space for a block, whose keys are never committed.
    """

    def __init__(self, config: ModelConfig, capacity: int) -> None:
        super().__init__(capacity)
        self.stored = _stored(config, capacity)
        size = config.num_hidden_layers, config.num_key_value_heads, self.stored * config.head_dim
        self.keys, self.values = (np.zeros(size, np.float32) for _ in range(2))
        self.places = self.keys.ctypes.data, self.values.ctypes.data
        self.bytes_per_position = config.kv_bytes_per_position * 4
        self.side = self.stored - pass_rows(config)  # first slot of a tree's rows, behind the capacity

    def keep(self, rows: Sequence[int]) -> None:
        """Commit these rows of the last tree, one position each, behind the length."""
        copies, before = self.copied([self.side + row for row in rows]), self.length
        self.appended(len(rows))
        self.write(range(before, self.length), copies)

    def copied(self, slots: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Copies of the keys and values of these slots, [slots, layers, kv_heads, head_dim] and [layers, kv_heads,
        slots, head_dim], for `write`."""
        keys, values, at = *self._by_slot(), np.array(slots, np.int64)
        return keys[:, :, at // PANEL, :, at % PANEL], values[:, :, at]

    def write(self, slots: Sequence[int], copies: tuple[np.ndarray, np.ndarray]) -> None:
        """Put what `copied` gave into these slots, [slots, ...] and [layers, kv_heads, slots, ...]."""
        keys, values, at = *self._by_slot(), np.array(slots, np.int64)
        keys[:, :, at // PANEL, :, at % PANEL], values[:, :, at] = copies

    def _by_slot(self) -> tuple[np.ndarray, np.ndarray]:
        heads = self.keys.shape[:2]
        return self.keys.reshape(*heads, self.stored // PANEL, -1, PANEL), self.values.reshape(*heads, self.stored, -1)

    @staticmethod
    def bytes_for(config: ModelConfig, capacity: int) -> int:
        """`nbytes` of such a cache, before it is allocated."""
        return _stored(config, capacity) * config.kv_bytes_per_position * 4

    @property
    def nbytes(self) -> int:
        return self.keys.nbytes + self.values.nbytes


def _stored(config: ModelConfig, capacity: int) -> int:
    return -(-(capacity + pass_rows(config)) // 16) * 16


class CompiledModel:
    """One model, its threads, and the buffers of a pass; one pass at a time."""

    engine = "numba"

    def __init__(self, config: ModelConfig, read: Read, dtype: torch.dtype, threads: int = 0) -> None:
        """`read(name)` gives a tensor of the published name; matrices are kept as `dtype`, bfloat16 or float32.

        Raises ValueError for shapes that are not served (see `unserved`).
        """
        if why := unserved(config):
            raise ValueError(why)
        self.config, self.dtype, self.device = config, dtype, torch.device("cpu")
        self._weights = compiled_weights(config, read, dtype)
        self._columns = -(-config.vocab_size // PANEL) * PANEL
        self.threads = threads or available_cores()
        self._begin()

    def _begin(self) -> None:
        """Initialise the state of passes."""
        self.team = TeamSize(self.threads)
        self._job = np.zeros(WORDS, np.int64)
        self._sync = np.zeros((4 * self.config.num_hidden_layers + 1) * PHASE_BYTES // 8, np.int64)
        self._buffers: Buffers | None = None
        self._crew: Crew | None = None
        self._lock = threading.Lock()

    def with_threads(self, threads: int) -> CompiledModel:
        """The same weights, not copied, for up to `threads` threads."""
        twin = copy.copy(self)
        twin.threads = threads
        twin._begin()
        return twin

    def with_layers(self, layers: int) -> CompiledModel:
        """The first layers only, sharing the weights: for timing, its text is meaningless."""
        twin = copy.copy(self)
        twin.config = replace(self.config, num_hidden_layers=layers)
        twin._weights = self._weights._replace(at=self._weights.at[:layers])
        twin._begin()
        return twin

    @property
    def prompt_rows(self) -> int:
        """Prompt rows per pass; a run can be stopped between passes."""
        return max(PROMPT_ROWS, self.config.block_size)

    def new_cache(self, capacity: int) -> CompiledCache:
        """An empty cache of this model's shapes."""
        return CompiledCache(self.config, capacity)

    @property
    def kv_bytes_per_position(self) -> int:
        """Bytes of keys and values of one position, float32."""
        return self.config.kv_bytes_per_position * 4

    @staticmethod
    def argmax(logits: Tensor) -> Tensor:
        """[rows, vocab] float32 -> [rows] int64: the lowest index among the largest.

        Raises OrthrusError if a row holds a NaN or an infinity.
        """
        ids = np.empty(len(logits), np.int64)
        if largest_of_rows(logits.numpy(), ids):
            raise OrthrusError("logits-not-finite", NOT_FINITE)
        return torch.from_numpy(ids)

    def cache_bytes(self, capacity: int) -> int:
        """Bytes of a cache of `capacity` positions."""
        return CompiledCache.bytes_for(self.config, capacity)

    def forward_ar(self, ids: Tensor, cache: CompiledCache, last_only: bool = False) -> Tensor:
        """AR view of new tokens: writes their keys and values behind the cache's length and commits them.

        ids [rows] int64. Returns logits [rows, vocab] float32, or the last row's [1, vocab]; row i predicts the token
        after ids[i]. Raises ValueError if the rows do not fit the cache.
        """
        numbers, start, most = ids.numpy(), cache.length, self.prompt_rows
        cache.appended(len(numbers))
        parts = []
        for at in range(0, len(numbers), most):
            piece = numbers[at : at + most]
            last = at + most >= len(numbers)
            n_logits = len(piece) if not last_only else 1 if last else 0
            parts.append(self._pass(piece, cache, start + at, 0, len(piece) - n_logits, n_logits))
        return parts[-1] if last_only or len(parts) == 1 else torch.cat(parts)

    def forward_diffusion(self, block: Tensor, cache: CompiledCache, n_draft: int) -> Tensor:
        """Diffusion view of one block at positions length .. length + rows - 1; nothing is committed.

        block [rows] int64: the anchor, then mask tokens. Returns logits [n_draft, vocab] float32; row i predicts block
        index i + 1.
        """
        return self._pass(block.numpy(), cache, cache.length, 1, 0, n_draft)

    def forward_tree(self, ids: Tensor, cache: CompiledCache, paths: Sequence[Sequence[int]]) -> Tensor:
        """AR view of a tree: a chain, which is committed as by `forward_ar`, then a row for each of `paths`.

        ids [rows] int64; a path is the rows from the one behind the anchor down to the branch itself. Returns logits
        [rows, vocab] float32, each row equal in every bit to the one decoded alone behind its path. `cache.keep`
        commits branches. Raises ValueError if the rows do not fit a pass.
        """
        rows, most = len(ids), pass_rows(self.config)
        if rows > most:
            raise ValueError(f"the tree has {rows} rows, a pass holds {most}")
        table = np.zeros((len(paths), 1 + rows), np.int64)
        for number, path in enumerate(paths):
            table[number, : 1 + len(path)] = len(path), *path
        start = cache.length
        cache.appended(rows - len(paths))
        return self._pass(ids.numpy(), cache, start, 0, 0, rows, table)

    def _pass(
        self,
        ids: np.ndarray,
        cache: CompiledCache,
        start: int,
        view: int,
        first: int,
        n_logits: int,
        paths: np.ndarray = NO_PATHS,
    ) -> Tensor:
        rows, job, context = len(ids), self._job, self.config.max_position_embeddings
        if start + rows - len(paths) > context:
            raise ValueError(f"position {start + rows - len(paths)} lies beyond the model's context of {context}")
        logits = torch.empty(n_logits, self._columns)
        with self._lock:
            self._make_room(cache.stored)
            job[TEAM] = size = self.team.size_for(rows)
            job[ROWS], job[START], job[VIEW], job[FIRST], job[ASKED] = rows, start, view, first, n_logits
            job[KEYS], job[VALUES] = cache.places
            job[STORED], job[LOGITS], job[VOCABULARY] = cache.stored, logits.data_ptr(), self._columns
            # an array's address takes a microsecond to find, which a plain step need not spend
            job[BRANCHES], job[PATHS], job[SIDE] = len(paths), paths.ctypes.data if len(paths) else 0, cache.side
            if size > 1:
                self._crew.wake()
            began = time.perf_counter()
            take_part(0, 0, ids, job, self._sync, self._weights, self._buffers)
            self.team.observe(rows, size, time.perf_counter() - began)
        return logits if self._columns == self.config.vocab_size else logits[:, : self.config.vocab_size]

    def _make_room(self, positions: int) -> None:
        """Reallocate buffers and threads if a longer context needs more columns of scores."""
        if self._buffers is not None and self._buffers.scores.shape[2] >= score_width(positions):
            return
        if self._crew is not None:
            self._crew.dismiss()
        self._job, self._sync = self._job.copy(), self._sync.copy()  # the old threads' buffers are never written again
        self._buffers = _buffers(self.config, self.threads, positions)
        nobody = np.zeros(0, np.int64)
        work = self._job, self._sync, self._weights, self._buffers
        self._crew = Crew(self.threads - 1, lambda me: take_part(me, PATIENCE, nobody, *work))

    def __del__(self) -> None:
        if getattr(self, "_crew", None) is not None:
            self._crew.dismiss()


def compiled(model: Orthrus, dtype: torch.dtype | None = None, threads: int = 0) -> CompiledModel:
    """Compile a model that is in memory; its weights are copied."""
    parameters = dict(model.named_parameters())
    return CompiledModel(model.config, parameters.__getitem__, dtype or kept_dtype(model.dtype), threads)


def kept_dtype(stored: torch.dtype) -> torch.dtype:
    """The narrowest supported dtype that holds matrices of dtype `stored` without loss."""
    return torch.bfloat16 if stored == torch.bfloat16 else torch.float32


def pass_rows(config: ModelConfig) -> int:
    """The most rows of one call."""
    return max(PASS_ROWS, config.block_size)


def _buffers(c: ModelConfig, threads: int, positions: int) -> Buffers:
    rows, dim = pass_rows(c), c.head_dim
    group = c.num_attention_heads // c.num_key_value_heads
    shapes = {
        "x": (rows, c.hidden_size),
        "normed": (threads, rows, c.hidden_size),
        "qkv": (rows, (c.num_attention_heads + 2 * c.num_key_value_heads) * dim),
        "q": (threads, rows * group, dim),
        "scores": (threads, QUERIES, score_width(positions)),
        "sums": (threads, QUERIES, dim),
        "attended": (rows, c.num_attention_heads * dim),
        "gates": (threads, rows, 2 * COLUMNS * PANEL),
        "acted": (rows, c.intermediate_size),
    }
    return Buffers(**{name: np.zeros(shape, np.float32) for name, shape in shapes.items()})
