"""SharedCache: the one key-value cache both views read and only the AR view writes."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import torch
from torch import Tensor

from orthrus.config import ModelConfig
from orthrus.model.workspace import Workspace

TILE = 256  # storage is a multiple of this many positions, so that captured kernels can read the last tile whole
KEPT_ROWS = 64  # passes of at most this many rows keep their buffers; longer ones are prompt chunks


class Committed:
    """The committed length within a capacity. Rows are only overwritten, so a crop changes one integer."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"cache capacity is {capacity}, it must be 1 or more")
        self.capacity, self.length = capacity, 0

    def appended(self, rows: int) -> int:
        """Commit `rows` positions behind the length; returns the new length."""
        if self.length + rows > self.capacity:
            raise ValueError(f"{self.length} + {rows} rows exceed the cache's capacity of {self.capacity}")
        self.length += rows
        return self.length

    def crop(self, length: int) -> None:
        """Drop everything from position `length` on."""
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot crop to {length}: the cache holds {self.length} positions")
        self.length = length


class SharedCache(Committed):
    """Preallocated keys and values of one sequence, with a committed length.

    `keys[layer]` and `values[layer]` are [kv_heads, capacity in whole tiles, head_dim]; rows below `length` are
    committed, the others are the working zone.
    """

    def __init__(self, config: ModelConfig, capacity: int, dtype: torch.dtype, device: torch.device | str) -> None:
        super().__init__(capacity)
        stored = _whole_tiles(capacity)
        shape = (config.num_hidden_layers, config.num_key_value_heads, stored, config.head_dim)
        self._keys = torch.zeros(shape, dtype=dtype, device=device)
        self._values = torch.zeros(shape, dtype=dtype, device=device)
        self.keys: tuple[Tensor, ...] = tuple(self._keys.unbind(0))
        self.values: tuple[Tensor, ...] = tuple(self._values.unbind(0))
        self._config, self._scratch = config, {}
        self._side: Tensor | None = None  # [2, layers, rows, kv_heads, head_dim], made by the first tree
        self.bytes_per_position = config.kv_bytes_per_position * self._keys.element_size()

    def seen(self, width: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Keys and values of the first `width` positions, [kv_heads, width, head_dim] a layer."""
        return self._keys.narrow(2, 0, width).unbind(0), self._values.narrow(2, 0, width).unbind(0)

    def slots(self, start: int, rows: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Where new keys and values go, [rows, kv_heads, head_dim] a layer."""
        places = (t.narrow(2, start, rows).transpose(1, 2).unbind(0) for t in (self._keys, self._values))
        return tuple(places)

    def side(self, rows: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Where a tree's keys and values go, [rows, kv_heads, head_dim] a layer."""
        if self._side is None or self._side.shape[2] < rows:
            layers, kv_heads, _, dim = self._keys.shape
            self._side = self._keys.new_empty(2, layers, rows, kv_heads, dim)
        keys, values = self._side[:, :, :rows].unbind(0)
        return keys.unbind(0), values.unbind(0)

    @torch.inference_mode()
    def keep(self, rows: Sequence[int]) -> None:
        """Commit these rows of the last tree, one position each, behind the length."""
        assert self._side is not None, "a tree was computed"
        for row in rows:
            at = self.appended(1) - 1
            self._keys[:, :, at], self._values[:, :, at] = self._side[0, :, row], self._side[1, :, row]

    @torch.inference_mode()
    def keep_chain(self, start: int, rows: int) -> None:
        """Put the last tree's first `rows` rows at positions `start` and on; the length stays."""
        assert self._side is not None, "a tree was computed"
        places = slice(start, start + rows)
        self._keys[:, :, places] = self._side[0, :, :rows].transpose(1, 2)
        self._values[:, :, places] = self._side[1, :, :rows].transpose(1, 2)

    def emptied(self, capacity: int) -> SharedCache:
        """The same storage for a run of at most `capacity` positions, none of them committed."""
        if capacity > self.capacity:
            raise ValueError(f"a run of {capacity} positions does not fit into a cache of {self.capacity}")
        cache = copy(self)
        cache.capacity, cache.length = capacity, 0
        return cache

    def scratch(self, rows: int) -> Workspace:
        """The buffers of a pass of `rows` rows; they belong to the run, as the cache does."""
        workspace = self._scratch.get(rows)
        if workspace is None:
            workspace = Workspace(self._config, rows, self._keys.dtype, self._keys.device)
            if rows <= KEPT_ROWS:
                self._scratch[rows] = workspace
        return workspace

    @staticmethod
    def bytes_for(config: ModelConfig, capacity: int, dtype: torch.dtype) -> int:
        """What `nbytes` of such a cache will be."""
        return _whole_tiles(capacity) * config.kv_bytes_per_position * dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of keys and values, whatever the length."""
        return self._keys.nbytes + self._values.nbytes

    @property
    def scratch_bytes(self) -> int:
        """Bytes of the buffers kept for passes; bounded by KEPT_ROWS, not by the length of the text."""
        return sum(scratch.nbytes for scratch in self._scratch.values())


def _whole_tiles(positions: int) -> int:
    return -(-positions // TILE) * TILE
