"""The anatomy of the dual-view model: every part of a layer with its real shape, and which pass uses it.

A part's shape is stated in names of the configuration, once, in `PARTS`. The browser multiplies them with the values
that the run's first event holds.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from orthrus.events import Event, RunStart
from orthrus.trace import Trace
from viz.language import say
from viz.patches import Change, put

NAME = "anatomy"
DIMS = ("hidden", "intermediate", "heads", "kv_heads", "head_dim", "vocab", "layers", "tied")  # order of the patch
BOTH, DRAFT, VERIFY = ["draft", "verify"], ["draft"], ["verify"]


class Part(NamedTuple):
    """A weight: its published tensor name, rows and columns as products of dims, the passes that use it."""

    tensor: str
    shape: tuple[tuple[str, ...], ...]
    passes: list[str]

    @property
    def per_layer(self) -> bool:
        return "{layer}" in self.tensor


Q, KV, H, D = ("heads", "head_dim"), ("kv_heads", "head_dim"), ("hidden",), ("head_dim",)
M, V = ("intermediate",), ("vocab",)
PROJECTIONS = {"q": (Q, H), "k": (KV, H), "v": (KV, H), "o": (H, Q)}


def _attention(suffix: str, passes: list[str]) -> dict[str, Part]:
    start = "model.layers.{layer}.self_attn."
    projections = {
        each + suffix: Part(f"{start}{each}_proj{suffix}.weight", shape, passes) for each, shape in PROJECTIONS.items()
    }
    norms = {f"{each}_norm{suffix}": Part(f"{start}{each}_norm{suffix}.weight", (D,), passes) for each in "qk"}
    return projections | norms


PARTS = {
    "embed": Part("model.embed_tokens.weight", (V, H), BOTH),
    "norm1": Part("model.layers.{layer}.input_layernorm.weight", (H,), BOTH),
    **_attention("", VERIFY),
    **_attention("_diff", DRAFT),
    "norm2": Part("model.layers.{layer}.post_attention_layernorm.weight", (H,), BOTH),
    "gate": Part("model.layers.{layer}.mlp.gate_proj.weight", (M, H), BOTH),
    "up": Part("model.layers.{layer}.mlp.up_proj.weight", (M, H), BOTH),
    "down": Part("model.layers.{layer}.mlp.down_proj.weight", (H, M), BOTH),
    "norm": Part("model.norm.weight", (H,), BOTH),
    "head": Part("lm_head.weight", (V, H), BOTH),
}


def skeleton() -> dict[str, Any]:
    return {
        "kind": "anatomy",
        "title": say("anatomy.title"),
        "hint": say("anatomy.hint"),
        "dims": DIMS,
        "parts": {key: {**part._asdict(), "layer": part.per_layer} for key, part in PARTS.items()},
        "facts": {"sizes": None},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if not isinstance(event, RunStart):
        return []
    found = sizes(event)
    return [] if found is None else [put("sizes", [found[name] for name in DIMS])]


def sizes(start: RunStart) -> dict[str, int] | None:
    """The values of `DIMS`; None for recordings that lack some.

    Whether head and embedding are tied (1) follows from the recorded share of trained weights: it fits one of both.
    """
    shape = start.config
    if shape.hidden is None or shape.intermediate is None:
        return None
    found = {name: getattr(shape, name) for name in DIMS[:-1]}
    for tied in (1, 0):
        total = sum(counts(found | {"tied": tied}).values())
        trained = sum(n for key, n in counts(found).items() if key.endswith("_diff"))
        if round(trained / total, 4) == start.model.trained_frac:
            return found | {"tied": tied}
    return None


def counts(dims: dict[str, int]) -> dict[str, int]:
    """Number of parameters of each part over all layers; a tied head has none of its own."""
    return {
        key: 0
        if key == "head" and dims.get("tied")
        else math.prod(dims[name] for side in part.shape for name in side) * (dims["layers"] if part.per_layer else 1)
        for key, part in PARTS.items()
    }
