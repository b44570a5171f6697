"""Checkpoint compatibility: plain Qwen3 only, anything else is refused by name. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orthrus.errors import OrthrusError


class UnsupportedCheckpoint(OrthrusError):
    """A checkpoint asks for something this project does not implement; the message names it."""

    def __init__(self, message: str) -> None:
        super().__init__("checkpoint-unsupported", message)


# The highest value of each whole number: tens of times what any published Qwen3 has.
_WHOLE = {
    "vocab_size": 2**24,
    "hidden_size": 2**17,
    "intermediate_size": 2**19,
    "num_hidden_layers": 1024,
    "num_attention_heads": 1024,
    "num_key_value_heads": 1024,
    "head_dim": 2**12,
    "max_position_embeddings": 2**26,
    "mask_token_id": 2**24,
    "block_size": 256,
}
_ARCHITECTURES = ("OrthrusLM", "Qwen3ForCausalLM")


def refuse_unsupported(raw: Mapping[str, Any]) -> None:
    """Raise UnsupportedCheckpoint for the first field of a `config.json` that needs more than plain Qwen3."""
    model_type = raw.get("model_type", "qwen3")
    if model_type not in ("qwen3", "orthrus"):
        raise UnsupportedCheckpoint(f"model_type {model_type!r} is not supported, only qwen3 and orthrus are")
    architectures = raw.get("architectures") or []
    if odd := [name for name in architectures if name not in _ARCHITECTURES]:
        own = ", and the checkpoint's own code (auto_map) is never run" if raw.get("auto_map") else ""
        raise UnsupportedCheckpoint(f"architecture {odd[0]!r} is not supported{own}")
    if raw.get("use_sliding_window") or "sliding_attention" in (raw.get("layer_types") or ()):
        raise UnsupportedCheckpoint("sliding-window attention is not supported")
    if odd := [kind for kind in raw.get("layer_types") or () if kind != "full_attention"]:
        raise UnsupportedCheckpoint(f"layer type {odd[0]!r} is not supported, only full_attention is")
    for name in ("rope_scaling", "rope_parameters"):
        _refuse_rope(raw.get(name) or {})
    if raw.get("partial_rotary_factor", 1) != 1:
        raise UnsupportedCheckpoint("a partial rotary embedding is not supported")
    if raw.get("quantization_config"):
        raise UnsupportedCheckpoint("quantised weights are not supported")
    if raw.get("attention_bias"):
        raise UnsupportedCheckpoint("attention_bias is not supported, Qwen3 has none")
    if raw.get("hidden_act", "silu") != "silu":
        raise UnsupportedCheckpoint(f"hidden_act {raw['hidden_act']!r} is not supported, only silu is")


def _refuse_rope(rope: Any) -> None:
    if not isinstance(rope, Mapping):
        raise OrthrusError("config-invalid", f"the config's rope fields hold a {type(rope).__name__}, not an object")
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default":
        raise UnsupportedCheckpoint(f"rope type {kind!r} is not supported, only the default one is")
    if any(isinstance(value, Mapping) for value in rope.values()):
        raise UnsupportedCheckpoint("rope parameters for each layer type are not supported")
    if rope.get("partial_rotary_factor", 1) != 1:
        raise UnsupportedCheckpoint("a partial rotary embedding is not supported")


def refuse_odd_values(raw: Mapping[str, Any]) -> None:
    """Raise OrthrusError for a field of an impossible type or size; missing fields are not checked here."""
    for name, most in _WHOLE.items():
        value = raw.get(name)
        if value is not None and (type(value) is not int or value > most):
            raise OrthrusError(
                "config-invalid", f"{name} is {value!r:.40}, it must be a whole number of at most {most}"
            )
    for name in ("mask_token_id", "block_size"):
        if name in raw and raw[name] is None:
            raise OrthrusError("config-invalid", f"{name} is null, it must be a whole number")
    if raw.get("num_attention_heads") == 0:
        raise OrthrusError("config-invalid", "num_attention_heads is 0, it must be 1 or more")
    for name in ("rope_parameters", "rope_scaling"):
        if not isinstance(raw.get(name) or {}, Mapping):
            raise OrthrusError(
                "config-invalid", f"the config's rope fields hold a {type(raw[name]).__name__}, not an object"
            )
    for name in ("architectures", "layer_types"):
        if not isinstance(raw.get(name) or [], list):
            raise OrthrusError("config-invalid", f"{name} is {raw[name]!r:.40}, it must be a list")
    ropes = [raw.get(name) or {} for name in ("rope_parameters", "rope_scaling")]
    thetas = [rope["rope_theta"] for rope in (*ropes, raw) if "rope_theta" in rope][:1]
    for value in (raw.get("rms_norm_eps", 1e-6), *thetas):
        if type(value) not in (int, float) or not 0 < value < 1e30:
            raise OrthrusError(
                "config-invalid", f"rms_norm_eps and rope_theta must be numbers above 0, not {value!r:.40}"
            )
    eos = raw.get("eos_token_id")
    ids = eos if isinstance(eos, list) else [] if eos is None else [eos]
    if odd := [value for value in ids if type(value) is not int]:
        raise OrthrusError(
            "config-invalid", f"eos_token_id holds {odd[0]!r:.40}, it must be one whole number or a list of them"
        )
