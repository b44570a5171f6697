"""What this machine and this installation are: versions, device, dtype, threads, kernels in use."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

import torch

from orthrus import __version__
from orthrus.checkpoint import LoadedModel
from orthrus.session import describe_host

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


def report(lm: LoadedModel) -> dict[str, Any]:
    """One mapping of plain values; absent packages are None."""
    host = describe_host(lm.model.device.type)
    return {
        "orthrus": __version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "device": host.device,
        "device_kind": host.kind,
        "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "model": lm.id,
        "revision": lm.revision,
        "dtype": str(lm.model.dtype).removeprefix("torch."),
        "mode": lm.mode,
        "promise": lm.promise,
        "row_check": lm.check.words if lm.check else "not made (the fast mode was asked for, or a GPU)",
        "block_size": lm.config.block_size,
        "context": lm.config.max_position_embeddings,
        "parameters": sum(p.numel() for p in lm.model.parameters()),
        "kv_bytes_per_position": lm.config.kv_bytes_per_position * lm.model.dtype.itemsize,
        "kernels": "plain PyTorch (the Triton kernels need a CUDA device)",
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
