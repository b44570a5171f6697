"""SharedCache: the one key-value cache both views read and only the AR view writes."""

from __future__ import annotations

import torch
from torch import Tensor

from orthrus.config import ModelConfig

TILE = 256  # positions an exact attention tile spans; storage comes in whole tiles, so that the last one can be read


class SharedCache:
    """Preallocated keys and values of one sequence, with a committed length.

    `keys[layer]` and `values[layer]` are [kv_heads, capacity in whole tiles, head_dim]; rows below `length` are
    committed, the others are the working zone. Rows are only ever overwritten: a crop is one integer.
    """

    def __init__(self, config: ModelConfig, capacity: int, dtype: torch.dtype, device: torch.device | str) -> None:
        if capacity < 1:
            raise ValueError(f"cache capacity is {capacity}, it must be 1 or more")
        stored = -(-capacity // TILE) * TILE
        shape = (config.num_hidden_layers, config.num_key_value_heads, stored, config.head_dim)
        self._keys = torch.zeros(shape, dtype=dtype, device=device)
        self._values = torch.zeros(shape, dtype=dtype, device=device)
        self.keys: tuple[Tensor, ...] = tuple(self._keys.unbind(0))
        self.values: tuple[Tensor, ...] = tuple(self._values.unbind(0))
        self.capacity = capacity
        self.length = 0
        self.bytes_per_position = config.kv_bytes_per_position * self._keys.element_size()

    def appended(self, rows: int) -> int:
        """Commit `rows` positions already written behind the length; returns the new length."""
        if self.length + rows > self.capacity:
            raise ValueError(f"{self.length} + {rows} rows exceed the cache's capacity of {self.capacity}")
        self.length += rows
        return self.length

    def crop(self, length: int) -> None:
        """Forget everything from position `length` on."""
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot crop to {length}: the cache holds {self.length} positions")
        self.length = length

    @property
    def nbytes(self) -> int:
        """Bytes allocated, whatever the length."""
        return self._keys.nbytes + self._values.nbytes
