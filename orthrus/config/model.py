"""Model configuration: the architecture as config.json states it. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from orthrus.config.compatibility import refuse_odd_values, refuse_unsupported
from orthrus.errors import OrthrusError


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A plain Qwen3 plus the two fields Orthrus adds, `block_size` and `mask_token_id`."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int
    mask_token_id: int
    block_size: int = 32
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1_000_000.0
    tie_word_embeddings: bool = False
    eos_token_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in (
            "vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads "
            "num_key_value_heads head_dim max_position_embeddings"
        ).split():
            if getattr(self, name) < 1:
                raise OrthrusError("config-invalid", f"{name} is {getattr(self, name)}, it must be 1 or more")
        if self.num_attention_heads % self.num_key_value_heads:
            raise OrthrusError(
                "config-invalid",
                f"{self.num_attention_heads} attention heads do not divide over "
                f"{self.num_key_value_heads} key-value heads",
            )
        if self.head_dim % 2:
            raise OrthrusError("config-invalid", f"head_dim is {self.head_dim}, rotary embeddings need an even number")
        if not 2 <= self.block_size <= 256:
            raise OrthrusError("config-invalid", f"block_size is {self.block_size}, it must lie between 2 and 256")
        if not 0 <= self.mask_token_id < self.vocab_size:
            raise OrthrusError(
                "mask-token", f"mask_token_id is {self.mask_token_id}, the vocabulary has {self.vocab_size} rows"
            )

    @property
    def kv_bytes_per_position(self) -> int:
        """Keys and values of one position over all layers, in elements (multiply by the dtype's bytes)."""
        return 2 * self.num_hidden_layers * self.num_key_value_heads * self.head_dim

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> ModelConfig:
        """Read a `config.json` mapping (old and new rope fields, EOS as a number or a list).

        Raises UnsupportedCheckpoint for anything beyond plain Qwen3, OrthrusError for a missing or impossible field.
        """
        refuse_odd_values(raw)
        refuse_unsupported(raw)
        missing = [name for name in _REQUIRED if raw.get(name) is None]
        if missing:
            raise OrthrusError("config-invalid", f"config.json lacks {', '.join(missing)}")
        rope = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
        eos = raw.get("eos_token_id")
        config = cls(
            **{name: int(raw[name]) for name in _REQUIRED},
            # 128 if the field is missing: Qwen3's own default, whatever the hidden size.
            head_dim=int(raw.get("head_dim", 128) or raw["hidden_size"] // raw["num_attention_heads"]),
            # A plain Qwen3 has no mask row yet: the last row of its padded embedding is unused.
            mask_token_id=int(raw.get("mask_token_id", int(raw["vocab_size"]) - 1)),
            block_size=int(raw.get("block_size", 32)),
            rms_norm_eps=float(raw.get("rms_norm_eps", 1e-6)),
            rope_theta=float(rope.get("rope_theta", raw.get("rope_theta", 10_000.0))),
            tie_word_embeddings=bool(raw.get("tie_word_embeddings", False)),
            eos_token_ids=tuple(eos) if isinstance(eos, list) else () if eos is None else (int(eos),),
        )
        config.check_ends()
        return config

    def check_ends(self) -> None:
        """Raise OrthrusError if an end-of-text token is no row of the vocabulary, or is the mask."""
        if odd := [index for index in self.eos_token_ids if not 0 <= index < self.vocab_size]:
            raise OrthrusError("eos-token", f"eos_token_id holds {odd[0]}, the vocabulary has {self.vocab_size} rows")
        if self.mask_token_id in self.eos_token_ids:
            raise OrthrusError("mask-token", f"mask_token_id is {self.mask_token_id}, which also ends a text")

    def to_json(self) -> dict[str, Any]:
        """The `config.json` mapping of the published format."""
        raw = {f.name: getattr(self, f.name) for f in fields(self)}
        eos = raw.pop("eos_token_ids")
        rope_theta = raw.pop("rope_theta")
        return {
            "architectures": ["OrthrusLM"],
            "model_type": "qwen3",
            "attention_bias": False,
            "hidden_act": "silu",
            "use_sliding_window": False,
            **raw,
            "rope_theta": rope_theta,
            "rope_parameters": {"rope_type": "default", "rope_theta": rope_theta},
            "eos_token_id": eos[0] if len(eos) == 1 else list(eos),
        }


_REQUIRED = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "max_position_embeddings",
)
