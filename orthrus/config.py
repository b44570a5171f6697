"""Frozen configurations, validated once, and the one function that reads the environment. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

EMBEDDED_MODEL = Path(__file__).resolve().parent.parent / "assets" / "orthrus-mini"
DTYPES = ("float32", "bfloat16", "float16")
COUPLINGS = ("gumbel", "rejection")
MODES = ("auto", "fast", "exact")
MIN_TEMPERATURE = 0.01  # below it logits / temperature leave float32's sense; 0 is greedy


class UnsupportedCheckpoint(ValueError):
    """A checkpoint asks for something this project does not implement; the message names it."""


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
                raise ValueError(f"{name} is {getattr(self, name)}, it must be 1 or more")
        if self.num_attention_heads % self.num_key_value_heads:
            raise ValueError(
                f"{self.num_attention_heads} attention heads do not divide over "
                f"{self.num_key_value_heads} key-value heads"
            )
        if self.head_dim % 2:
            raise ValueError(f"head_dim is {self.head_dim}, rotary embeddings need an even number")
        if not 2 <= self.block_size <= 256:
            raise ValueError(f"block_size is {self.block_size}, it must lie between 2 and 256")
        if not 0 <= self.mask_token_id < self.vocab_size:
            raise ValueError(f"mask_token_id is {self.mask_token_id}, the vocabulary has {self.vocab_size} rows")

    @property
    def kv_bytes_per_position(self) -> int:
        """Keys and values of one position over all layers, in elements (multiply by the dtype's bytes)."""
        return 2 * self.num_hidden_layers * self.num_key_value_heads * self.head_dim

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> ModelConfig:
        """Read a `config.json` mapping (old and new rope fields, EOS as a number or a list).

        Raises UnsupportedCheckpoint for anything beyond plain Qwen3, ValueError for a missing field.
        """
        _refuse_unsupported(raw)
        missing = [name for name in _REQUIRED if raw.get(name) is None]
        if missing:
            raise ValueError(f"config.json lacks {', '.join(missing)}")
        rope = raw.get("rope_parameters") or {}
        eos = raw.get("eos_token_id")
        return cls(
            **{name: int(raw[name]) for name in _REQUIRED},
            head_dim=int(raw.get("head_dim") or raw["hidden_size"] // raw["num_attention_heads"]),
            # A plain Qwen3 has no mask row yet: the last row of its padded embedding is unused.
            mask_token_id=int(raw.get("mask_token_id", int(raw["vocab_size"]) - 1)),
            block_size=int(raw.get("block_size", 32)),
            rms_norm_eps=float(raw.get("rms_norm_eps", 1e-6)),
            rope_theta=float(rope.get("rope_theta", raw.get("rope_theta", 10_000.0))),
            tie_word_embeddings=bool(raw.get("tie_word_embeddings", False)),
            eos_token_ids=tuple(eos) if isinstance(eos, list) else () if eos is None else (int(eos),),
        )

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


def _refuse_unsupported(raw: Mapping[str, Any]) -> None:
    model_type = raw.get("model_type", "qwen3")
    if model_type not in ("qwen3", "orthrus"):
        raise UnsupportedCheckpoint(f"model_type {model_type!r} is not supported, only qwen3 and orthrus are")
    if raw.get("use_sliding_window") or "sliding_attention" in (raw.get("layer_types") or ()):
        raise UnsupportedCheckpoint("sliding-window attention is not supported")
    for field in ("rope_scaling", "rope_parameters"):
        rope = raw.get(field) or {}
        kind = rope.get("rope_type", rope.get("type", "default"))
        if kind != "default":
            raise UnsupportedCheckpoint(f"rope type {kind!r} is not supported, only the default one is")
    if raw.get("quantization_config"):
        raise UnsupportedCheckpoint("quantised weights are not supported")
    if raw.get("attention_bias"):
        raise UnsupportedCheckpoint("attention_bias is not supported, Qwen3 has none")
    if raw.get("hidden_act", "silu") != "silu":
        raise UnsupportedCheckpoint(f"hidden_act {raw['hidden_act']!r} is not supported, only silu is")


@dataclass(frozen=True, slots=True)
class DecodeConfig:
    """What one decoding run is asked to do. The page's sliders and the command line read these defaults.

    `block_size` None means the model's own. `detail` is the events' level: -1 ids and timings, 0 adds chosen
    log-probabilities, 1 adds distributions of `n_alt` alternatives. Instruments that cost more than `instrument_share`
    of the decoding time lower the detail in mid-run; 1 or more keeps it.

    temperature 0 is greedy; above it tokens are drawn after temperature, then top_k, then top_p (None: no filter).
    `pace` makes drafts reach only as far as they pay, measured as the run goes on; `block_size` is then their limit.

    `seed` and the position decide every draw. `coupling` is how drafts are judged in sampling: gumbel writes the AR
    text of the same seed, rejection accepts a little more and equals AR in distribution only.
    """

    max_new_tokens: int = 256
    block_size: int | None = None
    detail: int = 0
    n_alt: int = 8
    instrument_share: float = 0.1
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int = 1
    coupling: str = "gumbel"
    pace: bool = False

    @property
    def sampled(self) -> bool:
        return self.temperature > 0

    @property
    def same_text(self) -> bool:
        """Must both lanes write the same ids? Under rejection they are equal in distribution only."""
        return not self.sampled or self.coupling == "gumbel"

    def __post_init__(self) -> None:
        for name in ("max_new_tokens", "block_size", "n_alt", "top_k", "seed"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, int):
                raise ValueError(f"{name.replace('_', ' ')} is {value}, it must be a whole number")
        if self.max_new_tokens < 1:
            raise ValueError(f"max new tokens is {self.max_new_tokens}, it must be 1 or more")
        if self.block_size is not None and self.block_size < 1:
            raise ValueError(f"block size is {self.block_size}, it must be 1 or more")
        if self.detail not in (-1, 0, 1):
            raise ValueError(f"detail is {self.detail}, it must be -1, 0 or 1")
        if not 1 <= self.n_alt <= 64:
            raise ValueError(f"n_alt is {self.n_alt}, it must lie between 1 and 64")
        if not (self.temperature == 0 or MIN_TEMPERATURE <= self.temperature <= 100):
            raise ValueError(f"temperature is {self.temperature}, it must be 0 or between {MIN_TEMPERATURE} and 100")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top k is {self.top_k}, it must be 1 or more")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top p is {self.top_p}, it must lie above 0 and not above 1")
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"seed is {self.seed}, it must lie between 0 and {2**31 - 1}")
        if self.coupling not in COUPLINGS:
            raise ValueError(f"coupling {self.coupling!r} is not one of {', '.join(COUPLINGS)}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the surroundings decide: which model, where, and how the page is served."""

    model: str = str(EMBEDDED_MODEL)
    device: str = "auto"
    dtype: str = "auto"
    mode: str = "auto"
    host: str = "127.0.0.1"
    port: int = 7860
    threads: int = 0  # 0: the quickest number, found by a probe


def settings_from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings with each field overridden by ORTHRUS_<FIELD> where it is set; the only reader of the environment.

    Host and port also heed gradio's own GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, which a hosted Space sets.
    """
    environ = os.environ if environ is None else environ
    found: dict[str, Any] = {}
    for f in fields(Settings):
        for variable in (f"ORTHRUS_{f.name.upper()}", _GRADIO.get(f.name, "")):
            if value := environ.get(variable):
                limit = _HIGHEST.get(f.name)
                found.setdefault(f.name, _number(variable, value, limit) if limit else value)
    return Settings(**found)


_GRADIO = {"host": "GRADIO_SERVER_NAME", "port": "GRADIO_SERVER_PORT"}
_HIGHEST = {"port": 65535, "threads": 1024}


def _number(variable: str, value: str, limit: int) -> int:
    if not value.isdigit() or not 1 <= int(value) <= limit:
        raise ValueError(f"{variable} is {value!r}, it must be a number between 1 and {limit}")
    return int(value)
