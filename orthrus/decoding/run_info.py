"""Provenance of a run: its parameters, its model and the machine."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path

import torch
import transformers

from orthrus import events
from orthrus._version import __version__
from orthrus.checkpoints.loading import LoadedModel
from orthrus.checkpoints.safetensors_io import shapes_of
from orthrus.config import DecodeConfig, ModelConfig
from orthrus.decoding.request import Request, captured
from orthrus.events import Event, RunStart
from orthrus.model.modules import DIFF

ENGINES = {
    "numba": "compiled for this CPU: float32 sums in one order",
    "triton": "Triton kernels, a cycle in one graph",
    "torch": "plain PyTorch",
}

PASS_BY_PASS = "Triton kernels, each pass in one graph"


def describe_params(c: DecodeConfig) -> events.Params:
    """The run's parameters; those only sampling uses are null in a greedy run."""
    return events.Params(
        mode="sample" if c.sampled else "greedy",
        coupling=c.coupling if c.sampled else None,
        temperature=float(c.temperature),
        top_k=c.top_k if c.sampled else None,
        top_p=float(c.top_p) if c.sampled and c.top_p is not None else None,
        seed=c.seed if c.sampled else None,
        max_new_tokens=c.max_new_tokens,
        thinking=False,
        detail=c.detail,
        n_alt=c.n_alt,
    )


def describe_model(lm: LoadedModel) -> events.Model:
    """Name, revision, dtype and the share of the parameters that the diffusion view trained."""
    sizes = parameters(lm.config)
    trained = sum(size for name, size in sizes.items() if DIFF in name)
    return events.Model(
        id=lm.id,
        revision=lm.revision,
        dtype=str(lm.model.dtype).removeprefix("torch."),
        attn_impl=PASS_BY_PASS if lm.engine == "triton" and not captured(lm) else ENGINES[lm.engine],
        mode=lm.mode,
        trained_frac=round(trained / sum(sizes.values()), 4),
    )


@lru_cache
def parameters(config: ModelConfig) -> dict[str, int]:
    """Number of parameters per tensor, by its published name."""
    return {name: math.prod(shape) for name, shape in shapes_of(config).items()}


def describe_host(kind: str, threads: int) -> events.Host:
    """Device name, threads and library versions."""
    return events.Host(
        device=torch.cuda.get_device_name() if kind == "cuda" else cpu_name(),
        kind=kind,
        threads=threads,
        torch=str(torch.__version__),  # a str subclass that does not serialise as one
        transformers=transformers.__version__,
        app=__version__,
    )


@lru_cache
def cpu_name() -> str:
    """The processor's name as the system reports it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def run_start(request: Request, lanes: tuple[str, ...]) -> Iterator[Event]:
    """The facts of the run (model, host, configuration, prompt), then the prompt's pieces."""
    lm, c = request.lm, request.lm.config
    yield request.stamp(
        RunStart,
        source="live",
        model=describe_model(lm),
        host=describe_host(lm.model.device.type, lm.model.threads),
        config=events.ModelShape(
            block=request.block,
            layers=c.num_hidden_layers,
            heads=c.num_attention_heads,
            kv_heads=c.num_key_value_heads,
            head_dim=c.head_dim,
            vocab=c.vocab_size,
            mask_id=c.mask_token_id,
            eos_ids=c.eos_token_ids,
            hidden=c.hidden_size,
            intermediate=c.intermediate_size,
        ),
        params=describe_params(request.config),
        prompt=events.Prompt(
            messages=tuple(events.Message(role=r, content=content) for r, content in request.messages), ids=request.ids
        ),
        kv_bytes_per_token=lm.model.kv_bytes_per_position,
        lanes=lanes,
        recorded_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    yield from request.pieces(request.ids)
