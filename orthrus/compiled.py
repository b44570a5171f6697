"""The dual-view model compiled for this CPU: each pass is one call of `kernels.numba_pass`, without Python's lock.

It has the two verbs of `orthrus.model.Orthrus`, and one way to compute: a row's bits depend on the row and the weights
alone, on every machine. Weights stay in the number format they are stored in; nothing is held twice.
"""

from __future__ import annotations

import copy
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from kernels.numba_argmax import largest_of_rows
from kernels.numba_attention import QUERIES, score_width
from kernels.numba_common import PANEL
from kernels.numba_linear import panels_size, pool_of
from kernels.numba_pass import (
    ASKED,
    COLUMNS,
    DOWN,
    EMBEDDING,
    FIRST,
    GATE_UP,
    HEAD,
    KEYS,
    LOGITS,
    MATRICES,
    OUT,
    QKV,
    ROWS,
    START,
    STORED,
    TEAM,
    VALUES,
    VIEW,
    VOCABULARY,
    WORDS,
    Buffers,
    Weights,
    take_part,
)  # fmt: skip
from kernels.numba_sync import PHASE_BYTES
from orthrus.cache import Committed
from orthrus.config import ModelConfig
from orthrus.errors import OrthrusError
from orthrus.layers import AR, DIFF
from orthrus.memory import refuse_what_does_not_fit
from orthrus.model import Orthrus
from orthrus.sampling import NOT_FINITE
from orthrus.team import Crew, TeamSize, available_cores
from orthrus.weights import Progress, open_weights, reader, shapes_of, stored_dtype

PASS_ROWS = 32  # rows of one call at least; a longer prompt is read in pieces (250 rows at once take a fifth longer)
PATIENCE = 20_000  # pauses, about a millisecond, that a helper waits for the next pass before it sleeps
Read = Callable[[str], Tensor]


def unserved(config: ModelConfig) -> str:
    """Why a model of these shapes cannot be compiled, "" if it can."""
    for name in ("hidden_size", "intermediate_size", "head_dim"):
        if (size := getattr(config, name)) % 16:
            return f"{name} is {size}, the compiled engine takes multiples of 16"
    return ""


class CompiledCache(Committed):
    """Preallocated keys and values of one sequence, float32.

    Keys stand in panels of 16 positions, [layers, kv_heads, positions / 16, head_dim, 16], values as [layers, kv_heads,
    positions, head_dim]. Behind `capacity` there is room for a block, whose keys are never committed.
    """

    def __init__(self, config: ModelConfig, capacity: int) -> None:
        super().__init__(capacity)
        self.stored = _stored(config, capacity)
        size = config.num_hidden_layers, config.num_key_value_heads, self.stored * config.head_dim
        self.keys, self.values = (np.zeros(size, np.float32) for _ in range(2))
        self.places = self.keys.ctypes.data, self.values.ctypes.data
        self.bytes_per_position = config.kv_bytes_per_position * 4

    @staticmethod
    def bytes_for(config: ModelConfig, capacity: int) -> int:
        """What `nbytes` of such a cache will be."""
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
        self._weights = _weights(config, read, dtype)
        self._columns = -(-config.vocab_size // PANEL) * PANEL
        self.threads = threads or available_cores()
        self._begin()

    def _begin(self) -> None:
        """The state of passes, fresh."""
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
        """The first layers alone of the same weights, not copied: for timing, its text means nothing."""
        twin = copy.copy(self)
        twin.config = replace(self.config, num_hidden_layers=layers)
        twin._weights = self._weights._replace(at=self._weights.at[:layers])
        twin._begin()
        return twin

    @property
    def prompt_rows(self) -> int:
        """Rows of a prompt per pass; between passes a run can be stopped."""
        return pass_rows(self.config)

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
        """What a cache of `capacity` positions takes."""
        return CompiledCache.bytes_for(self.config, capacity)

    def forward_ar(self, ids: Tensor, cache: CompiledCache, last_only: bool = False) -> Tensor:
        """AR view of new tokens: writes their keys and values behind the cache's length and commits them.

        ids [rows] int64. Returns logits [rows, vocab] float32, or the last row's [1, vocab]; row i predicts the token
        after ids[i]. Raises ValueError if the rows do not fit the cache.
        """
        numbers, start, most = ids.numpy(), cache.length, pass_rows(self.config)
        cache.appended(len(numbers))
        parts = []
        for at in range(0, len(numbers), most):
            piece = numbers[at : at + most]
            last = at + most >= len(numbers)
            asked = len(piece) if not last_only else 1 if last else 0
            parts.append(self._pass(piece, cache, start + at, 0, len(piece) - asked, asked))
        return parts[-1] if last_only or len(parts) == 1 else torch.cat(parts)

    def forward_diffusion(self, block: Tensor, cache: CompiledCache, n_draft: int) -> Tensor:
        """Diffusion view of one block at positions length .. length + rows - 1; nothing is committed.

        block [rows] int64: the anchor, then mask tokens. Returns logits [n_draft, vocab] float32; row i predicts block
        index i + 1.
        """
        return self._pass(block.numpy(), cache, cache.length, 1, 0, n_draft)

    def _pass(self, ids: np.ndarray, cache: CompiledCache, start: int, view: int, first: int, asked: int) -> Tensor:
        rows, job, context = len(ids), self._job, self.config.max_position_embeddings
        if start + rows > context:
            raise ValueError(f"position {start + rows} lies beyond the model's context of {context}")
        logits = torch.empty(asked, self._columns)
        with self._lock:
            self._make_room(cache.stored)
            job[TEAM] = size = self.team.choose(rows)
            job[ROWS], job[START], job[VIEW], job[FIRST], job[ASKED] = rows, start, view, first, asked
            job[KEYS], job[VALUES] = cache.places
            job[STORED], job[LOGITS], job[VOCABULARY] = cache.stored, logits.data_ptr(), self._columns
            if size > 1:
                self._crew.wake()
            began = time.perf_counter()
            take_part(0, 0, ids, job, self._sync, self._weights, self._buffers)
            self.team.saw(rows, size, time.perf_counter() - began)
        return logits if self._columns == self.config.vocab_size else logits[:, : self.config.vocab_size]

    def _make_room(self, positions: int) -> None:
        """Buffers and crew, made anew when a longer context asks for more columns of scores."""
        if self._buffers is not None and self._buffers.scores.shape[2] >= score_width(positions):
            return
        if self._crew is not None:
            self._crew.dismiss()
        self._job, self._sync = self._job.copy(), self._sync.copy()  # the old crew's are never written again
        self._buffers = _buffers(self.config, self.threads, positions)
        nobody = np.zeros(0, np.int64)
        work = self._job, self._sync, self._weights, self._buffers
        self._crew = Crew(self.threads - 1, lambda me: take_part(me, PATIENCE, nobody, *work))

    def __del__(self) -> None:
        if getattr(self, "_crew", None) is not None:
            self._crew.dismiss()


def read_compiled(
    folder: Path, config: ModelConfig, dtype: str | None, threads: int = 0, progress: Progress | None = None
) -> CompiledModel:
    """A checkpoint folder, compiled; its tensors are read one by one. dtype None or "auto" keeps what is stored.

    Raises ValueError as `orthrus.weights.reader` does, and if the weights do not fit in memory.
    """
    number = kept_dtype(stored_dtype(folder)) if dtype in (None, "auto") else getattr(torch, dtype)
    wanted = sum(math.prod(shape) for shape in shapes_of(config).values()) * number.itemsize
    refuse_what_does_not_fit(wanted, f"the model in {str(number).removeprefix('torch.')}", torch.device("cpu"))
    read, done = reader(config, open_weights(folder)), 0

    def counted(name: str) -> Tensor:
        nonlocal done
        tensor = read(name)
        done += tensor.numel() * number.itemsize
        if progress:
            progress(done, wanted)
        return tensor

    return CompiledModel(config, counted, number, threads)


def compiled(model: Orthrus, dtype: torch.dtype | None = None, threads: int = 0) -> CompiledModel:
    """A model in memory, compiled; its weights are copied."""
    held = dict(model.named_parameters())
    return CompiledModel(model.config, held.__getitem__, dtype or kept_dtype(model.dtype), threads)


def kept_dtype(stored: torch.dtype) -> torch.dtype:
    """The number format in which matrices stored as `stored` are kept without losing a bit."""
    return torch.bfloat16 if stored == torch.bfloat16 else torch.float32


def pass_rows(config: ModelConfig) -> int:
    """Rows of one call at most."""
    return max(PASS_ROWS, config.block_size)


class Matrix(NamedTuple):
    """One matrix of the pool, read when its turn comes."""

    layer: int
    place: int  # in `Weights.at[layer]`
    outputs: int
    inputs: int
    read: Callable[[], Tensor]  # [outputs, inputs]


def _weights(c: ModelConfig, read: Read, dtype: torch.dtype) -> Weights:
    """Every matrix in panels, one behind the other in one pool; one matrix at a time is held beside it."""
    matrices = [*_ends(c, read), *(matrix for i in range(c.num_hidden_layers) for matrix in _of_layer(c, i, read))]
    ends = np.cumsum([0, *(panels_size(m.outputs, m.inputs, dtype) for m in matrices)])
    pool = np.empty(ends[-1], np.uint32 if dtype == torch.bfloat16 else np.float32)
    at = np.zeros((c.num_hidden_layers, MATRICES), np.int64)
    for matrix, start, end in zip(matrices, ends, ends[1:], strict=False):
        at[matrix.layer, matrix.place] = start
        pool[start:end] = pool_of(matrix.read().detach().to(dtype))
    if c.tie_word_embeddings:
        at[0, HEAD] = at[0, EMBEDDING]
    return Weights(pool, at, *_small(c, read))


def _ends(c: ModelConfig, read: Read) -> Iterator[Matrix]:
    size = c.vocab_size, c.hidden_size
    yield Matrix(0, EMBEDDING, *size, lambda: read("model.embed_tokens.weight"))
    if not c.tie_word_embeddings:
        yield Matrix(0, HEAD, *size, lambda: read("lm_head.weight"))


def _of_layer(c: ModelConfig, i: int, read: Read) -> Iterator[Matrix]:
    """q, k and v are grouped by key-value head, gate and up by panels, as the pass takes them in one go."""
    kv_heads, dim, hidden = c.num_key_value_heads, c.head_dim, c.hidden_size
    for view, suffix in enumerate((AR, DIFF)):

        def projected(name: str, suffix: str = suffix) -> Tensor:
            return read(f"model.layers.{i}.self_attn.{name}_proj{suffix}.weight")

        def grouped(projected: Callable[[str], Tensor] = projected) -> Tensor:
            return torch.cat([projected(name).view(kv_heads, -1, hidden) for name in "qkv"], 1).view(-1, hidden)

        heads = c.num_attention_heads * dim
        yield Matrix(i, QKV + view, heads + 2 * kv_heads * dim, hidden, grouped)
        yield Matrix(i, OUT + view, hidden, heads, lambda projected=projected: projected("o"))

    def mlp(name: str) -> Tensor:
        return read(f"model.layers.{i}.mlp.{name}_proj.weight")

    def paired() -> Tensor:
        return torch.stack([mlp(name).view(-1, PANEL, hidden) for name in ("gate", "up")], 1).view(-1, hidden)

    yield Matrix(i, GATE_UP, 2 * c.intermediate_size, hidden, paired)
    yield Matrix(i, DOWN, hidden, c.intermediate_size, lambda: mlp("down"))


def _small(c: ModelConfig, read: Read) -> tuple[np.ndarray, ...]:
    """Norms, rotary tables and eps, float32; the tables are made in float64."""

    def stacked(names: list[str]) -> np.ndarray:
        return torch.stack([read(f"model.{name}.weight").detach().float() for name in names]).numpy()

    layers = range(c.num_hidden_layers)
    norms = [f"layers.{i}.{name}_layernorm" for i in layers for name in ("input", "post_attention")]
    heads = (stacked([f"layers.{i}.self_attn.{n}_norm{view}" for i in layers for view in (AR, DIFF)]) for n in "qk")
    q_norm, k_norm = (norm.reshape(c.num_hidden_layers, 2, c.head_dim) for norm in heads)
    frequencies = c.rope_theta ** -(np.arange(0, c.head_dim, 2) / c.head_dim)
    angles = np.outer(np.arange(c.max_position_embeddings), frequencies)
    tables = (f(angles).astype(np.float32) for f in (np.cos, np.sin))
    return stacked([*norms, "norm"]), q_norm, k_norm, *tables, np.array([c.rms_norm_eps], np.float32)


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
