"""Training plan of a diffusion view, computed from the configuration alone: parameters, memory, time.

Memory is the sum of weights, gradients, AdamW's two moments, and the largest tensors alive at once. Time is FLOPs (two
per multiply-add) over this device's matrix product throughput, measured or given.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import torch

from orthrus.config import ModelConfig
from orthrus.model.kv_cache import SharedCache
from orthrus.training.block_attention import shared_by
from orthrus.training.position_kl import FUSED_HELD, ROWS_HELD, chunk_rows

MOMENTS = 2  # AdamW's state
SCORES_HELD = 3  # float32 copies of the attention scores of one layer: products, softmax, gradient


@dataclass(frozen=True, slots=True)
class Work:
    """The planned work: the diffusion stage's batch and steps, and the answers before it."""

    rows: int = 1
    length: int = 2048
    blocks: int = 256
    accumulate: int = 1
    steps: int = 1000
    logits: int = 1 << 30
    recompute: bool = True
    prompts: int = 0
    prompt_tokens: int = 256
    answer_tokens: int = 1024
    answer_batch: int = 16
    attention: str = "sdpa"  # a form of `block_attention`
    fused_kl: bool = False
    processes: int = 1  # processes that layers are sharded over


@dataclass(frozen=True, slots=True)
class Rates:
    """A device's throughput: FLOP/s of a large matrix product, bytes per second of a copy."""

    flops: float
    bytes: float

    @classmethod
    def measured(cls, device: torch.device) -> Rates:
        """Measure this device: the best of a few runs in bfloat16, as in training."""
        size = 8192 if device.type == "cuda" else 768
        a = torch.ones(size, size, dtype=torch.bfloat16, device=device)
        large = torch.ones(1 << (30 if device.type == "cuda" else 24), dtype=torch.uint8, device=device)
        product, copy = _best(lambda: a @ a, device), _best(lambda: large.clone(), device)
        return cls(2 * size**3 / product, 2 * large.numel() / copy)


def _best(function, device: torch.device) -> float:
    times = []
    for _ in range(4):
        began = time.perf_counter()
        function()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - began)
    return min(times)


def parameters(c: ModelConfig) -> dict[str, int]:
    """Parameters of the base, of the added diffusion view, and of one view's layers (without embedding and head)."""
    q, kv = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
    attention = c.hidden_size * (2 * q + 2 * kv) + 2 * c.head_dim
    mlp = 3 * c.hidden_size * c.intermediate_size
    embeddings = c.vocab_size * c.hidden_size * (1 if c.tie_word_embeddings else 2)
    layer = attention + mlp + 2 * c.hidden_size
    return {
        "base": embeddings + c.num_hidden_layers * layer + c.hidden_size,
        "diffusion": c.num_hidden_layers * attention,
        "body": c.num_hidden_layers * layer,
    }


def memory(c: ModelConfig, w: Work, itemsize: int) -> dict[str, int]:
    """Bytes of the diffusion stage by purpose; `itemsize` is the frozen weights', passes are bfloat16.

    If sharded, each process stores its part of the layers, and the computing layer as a whole in both dtypes.
    """
    count, masked = parameters(c), w.rows * w.blocks * c.block_size
    layer = block_attention_bytes(c, w) + 2 * masked * (3 * c.intermediate_size + 4 * c.hidden_size)
    teacher = 4 * SCORES_HELD * w.rows * c.num_attention_heads * w.length**2
    activations = c.num_hidden_layers * (2 * masked * c.hidden_size if w.recompute else layer)
    copies = FUSED_HELD if w.fused_kl else ROWS_HELD
    chunk = min(chunk_rows(c.vocab_size, w.logits, copies), masked)
    learnt = -(-count["diffusion"] // w.processes)
    frozen = count["base"] - count["body"] + -(-count["body"] // w.processes)
    one = (count["body"] * itemsize + 4 * count["diffusion"]) // c.num_hidden_layers
    return {
        "frozen weights": frozen * itemsize,
        "diffusion weights, float32": 4 * learnt,
        "gradients": 4 * learnt,
        "optimizer": 4 * MOMENTS * learnt,
        "a layer gathered, and the next": 2 * one if w.processes > 1 else 0,
        "keys and values of the rows": 2 * w.rows * w.length * c.kv_bytes_per_position,
        "states kept for the way back": activations,
        "one layer at work": max(layer if w.recompute else 0, teacher),
        "logits": 4 * copies * chunk * c.vocab_size,
    }


def block_attention_bytes(c: ModelConfig, w: Work) -> int:
    """Peak bytes of one layer's block attention: scores, or copied keys and values and their gradients."""
    masked = w.rows * w.blocks * c.block_size
    if w.attention == "explicit":
        return 4 * SCORES_HELD * c.num_attention_heads * masked * (w.length + c.block_size)
    copies = w.rows * (w.blocks // shared_by(w.blocks) if w.attention == "sdpa" else 1)
    seen = copies * w.length + masked
    mask = masked * (w.length + shared_by(w.blocks) * c.block_size) if w.attention == "sdpa" else 0
    return 2 * 2 * 2 * c.num_key_value_heads * c.head_dim * seen + mask * (1 + 2)  # as bool, and as bfloat16


def step_flops(c: ModelConfig, w: Work) -> int:
    """FLOPs of one step: the teacher's rows, the blocks forward (twice if recomputed) and backward, both heads."""
    count, masked = parameters(c), w.rows * w.blocks * c.block_size
    norms = c.num_hidden_layers * (2 * c.hidden_size + 2 * c.head_dim)
    body, projections = count["body"] - norms, count["diffusion"] - c.num_hidden_layers * 2 * c.head_dim
    width = c.num_hidden_layers * c.num_attention_heads * c.head_dim
    tokens = w.rows * w.length
    teacher = 2 * body * tokens + 4 * width * tokens * w.length
    own = c.block_size * (shared_by(w.blocks) if w.attention == "sdpa" else 1)
    attended = 4 * width * masked * (w.length + own)
    forward = 2 * body * masked + attended
    # explicit: the prefix's two products have one backward product, for it is frozen; all others two or, if weights
    # are frozen, one. A fused operator recomputes the scores and every gradient: five products for two.
    explicit = 4 * width * masked * w.length + 8 * width * masked * own
    fused = 10 * width * masked * (w.length + own)
    back = 2 * body * masked + 2 * projections * masked + (explicit if w.attention == "explicit" else fused)
    targets = w.rows * w.blocks * (c.block_size - 1)
    head = 2 * c.vocab_size * c.hidden_size * (min(tokens, targets) + 2 * targets)
    return w.accumulate * (teacher + forward * (2 if w.recompute else 1) + back + head)


def answer_seconds(c: ModelConfig, w: Work, rates: Rates, itemsize: int) -> float:
    """Seconds for the answers: decoding reads all weights once per token and batch; prompts are compute-bound."""
    weights = parameters(c)["base"]
    batches = -(-w.prompts // w.answer_batch)
    reading = batches * w.answer_tokens * weights * itemsize / rates.bytes
    cache = w.answer_batch * (w.prompt_tokens + w.answer_tokens) * c.kv_bytes_per_position * itemsize
    reading += batches * w.answer_tokens * cache / rates.bytes
    tokens = w.prompts * (w.prompt_tokens + w.answer_tokens)
    return max(reading, 2 * weights * tokens / rates.flops)


def plan(c: ModelConfig, w: Work, rates: Rates, itemsize: int, share: float) -> dict[str, Any]:
    """The whole plan as one record; `share` is the assumed utilisation of the rates."""
    memory_bytes = memory(c, w, itemsize)
    usable = Rates(rates.flops * share, rates.bytes * share)
    seconds = step_flops(c, w) / usable.flops
    return {
        "parameters": parameters(c) | {"share": round(parameters(c)["diffusion"] / sum(_both(c)), 4)},
        "memory": memory_bytes | {"in all": sum(memory_bytes.values())},
        "cache of one decode": SharedCache.bytes_for(c, w.length, torch.bfloat16),
        "step operations": step_flops(c, w),
        "rates": asdict(rates) | {"share": share},
        "seconds": {
            "rollouts": answer_seconds(c, w, usable, itemsize) if w.prompts else 0.0,
            "a step": seconds,
            "diffusion": w.steps * seconds,
        },
    }


def _both(c: ModelConfig) -> tuple[int, int]:
    count = parameters(c)
    return count["base"], count["diffusion"]


def lines(record: dict[str, Any], free: int | None) -> list[str]:
    """The plan as text."""
    count, seconds, rates = record["parameters"], record["seconds"], record["rates"]
    text = [f"base {count['base']:,} parameters, diffusion view {count['diffusion']:,} ({count['share']:.1%} of both)"]
    text += ["memory of the diffusion stage:"]
    text += [f"  {size / (1 << 30):9.3f} GiB  {what}" for what, size in record["memory"].items()]
    if free is not None:
        verdict = "it fits" if record["memory"]["in all"] <= free else "too much; fewer --blocks, --rows or --length"
        text += [f"  {free / (1 << 30):9.3f} GiB  free here: {verdict}"]
    text += [f"at {rates['share']:.0%} of {rates['flops'] / 1e12:.2f} TFLOP/s and {rates['bytes'] / 1e9:.0f} GB/s:"]
    text += [f"  rollouts {_time(seconds['rollouts'])}, a step {_time(seconds['a step'])}"]
    text += [f"  diffusion {_time(seconds['diffusion'])}"]
    return text


def _time(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.2g} s"
