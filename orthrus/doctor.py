"""What this machine and this installation are: versions, device, dtype, threads, kernels in use."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

import torch

from orthrus import __version__
from orthrus.checkpoint import LoadedModel
from orthrus.exact import SIZES, STARTS, find_exact
from orthrus.memory import free_bytes
from orthrus.probe import best_setting
from orthrus.provenance import describe_host

PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "accelerate",
    "huggingface-hub",
    "triton",
    "gradio",
    "plotly",
)


def standing(lm: LoadedModel) -> str:
    """What may be said of a model on this machine, for people."""
    if lm.check is None:
        found = "The exact mode was not tried here"
    else:
        found = f"The exact mode {'holds' if lm.check.holds else 'does not hold'} on this machine: {lm.check.words}"
    return f"{found}. Runs are in the {lm.mode} mode unless asked otherwise: {lm.promise}."


def report(lm: LoadedModel) -> dict[str, Any]:
    """One mapping of plain values; absent packages are None.

    The rows of this model are compared here and now where that was not done on loading.
    """
    host = describe_host(lm.model.device.type)
    check = lm.check or (find_exact(lm.model)[1] if host.kind == "cpu" else None)
    return {
        "orthrus": __version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "device": host.device,
        "device_kind": host.kind,
        "threads": torch.get_num_threads(),
        "quickest": best_setting(lm.config).words if host.kind == "cpu" else None,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "model": lm.id,
        "revision": lm.revision,
        "dtype": str(lm.model.dtype).removeprefix("torch."),
        "mode": lm.mode,
        "promise": lm.promise,
        "exact_holds": bool(check and check.holds),
        "row_check": check.words if check else "not made here",
        "passes_compared": list(SIZES),
        "at_positions": list(STARTS),
        "block_size": lm.config.block_size,
        "context": lm.config.max_position_embeddings,
        "positions_that_fit": _fits(lm),
        "graphs": _graphs(lm),
        "parameters": sum(p.numel() for p in lm.model.parameters()),
        "kv_bytes_per_position": lm.config.kv_bytes_per_position * lm.model.dtype.itemsize,
        "kernels": _kernels(lm),
    }


def _kernels(lm: LoadedModel) -> str:
    """What decodes, and where Triton does not, why."""
    if lm.model.arithmetic.graphed:
        return lm.model.arithmetic.words
    from orthrus.gpu.choice import obstacle

    return f"plain PyTorch ({obstacle(lm.model) or 'the fast mode was asked for, or the kernels do not hold here'})"


def _graphs(lm: LoadedModel) -> dict[str, Any]:
    """What a captured AR step and cycle move, launch and take at least, by the datasheet of this card or of several."""
    from orthrus.gpu.cards import CARDS, card_named
    from orthrus.gpu.cost import summary

    here = card_named(torch.cuda.get_device_name()) if lm.model.device.type == "cuda" else None
    return summary(lm.config, lm.model.dtype.itemsize, CARDS if here is None else (here,))


def _fits(lm: LoadedModel) -> int | None:
    """The longest run, prompt and answer together, that the GPU's free memory leaves room for; None on a CPU."""
    from orthrus.gpu.needs import longest

    if lm.model.device.type != "cuda":
        return None
    return longest(lm.config, lm.model.dtype, free_bytes(lm.model.device) or 0)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
