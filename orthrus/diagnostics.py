"""Diagnostics of this machine and installation: versions, device, dtype, threads, kernels in use."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

import torch

from orthrus import __version__
from orthrus.checkpoints.loading import LoadedModel
from orthrus.decoding.run_info import describe_host, parameters
from orthrus.model.memory import free_bytes
from orthrus.model.row_invariance import SIZES, STARTS, check_rows

PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "accelerate",
    "huggingface-hub",
    "triton",
    "numba",
    "numpy",
    "gradio",
    "plotly",
)

WORDS = {"numba": "the compiled CPU engine", "triton": "captured GPU kernels", "torch": "plain PyTorch"}


def standing(lm: LoadedModel) -> str:
    """A sentence for users on what holds for a model on this machine."""
    checked = f" {lm.check.words[0].upper()}{lm.check.words[1:]}." if lm.check else ""
    why = f" The compiled engine does not run here: {lm.fallback}." if lm.fallback else ""
    return f"Decoding on {WORDS[lm.engine]}: {lm.promise} as plain decoding.{checked}{why}"


def report(lm: LoadedModel) -> dict[str, Any]:
    """One mapping of plain values; absent packages are None.

    The model's rows are compared now if that was not done on loading.
    """
    host = describe_host(lm.model.device.type, lm.model.threads)
    check = lm.check or check_rows(lm.model)
    return {
        "orthrus": __version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "device": host.device,
        "device_kind": host.kind,
        "threads": lm.model.threads,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "model": lm.id,
        "revision": lm.revision,
        "dtype": str(lm.model.dtype).removeprefix("torch."),
        "engine": lm.engine,
        "promise": lm.promise,
        "exact_holds": check.holds,
        "row_check": check.words,
        "passes_compared": list(SIZES),
        "at_positions": list(STARTS),
        "block_size": lm.config.block_size,
        "context": lm.config.max_position_embeddings,
        "positions_that_fit": _fits(lm),
        "graphs": _graphs(lm),
        "parameters": sum(parameters(lm.config).values()),
        "kv_bytes_per_position": lm.model.kv_bytes_per_position,
        "fallback": lm.fallback,
    }


def _graphs(lm: LoadedModel) -> dict[str, Any]:
    """Bytes, launches and least times of a captured AR step and cycle, by the datasheet of this card or of several."""
    from orthrus.gpu.cost import summary
    from orthrus.gpu.datasheets import CARDS, card_named

    here = card_named(torch.cuda.get_device_name()) if lm.model.device.type == "cuda" else None
    return summary(lm.config, lm.model.dtype.itemsize, CARDS if here is None else (here,))


def _fits(lm: LoadedModel) -> int | None:
    """The longest run (prompt and answer) that fits in the GPU's free memory; None on a CPU."""
    from orthrus.gpu.memory_plan import longest

    if lm.model.device.type != "cuda":
        return None
    return longest(lm.config, lm.model.dtype, free_bytes(lm.model.device) or 0)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
