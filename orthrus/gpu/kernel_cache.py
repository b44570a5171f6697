"""Manifests of precompiled kernels in Triton's cache folder, written by `orthrus.precompile`."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from orthrus.config import ModelConfig

KERNELS = Path(__file__).resolve().parents[2] / "kernels"


def capability(device: torch.device) -> int:
    """90 for compute capability 9.0."""
    major, minor = torch.cuda.get_device_capability(device)
    return 10 * major + minor


def folder() -> Path:
    """Triton's cache folder."""
    return Path(os.environ.get("TRITON_CACHE_DIR") or Path.home() / ".triton" / "cache")


def note_of(config: ModelConfig, dtype: torch.dtype, sm: int) -> Path:
    """The manifest of one model shape and capability, for this Triton version and these kernel sources."""
    sources = b"".join(path.read_bytes() for path in sorted(KERNELS.glob("*.py")))
    shape = {name: value for name, value in asdict(config).items() if name != "num_hidden_layers"}
    facts = sm, str(dtype), version("triton"), shape, hashlib.sha256(sources).hexdigest()
    return folder() / f"orthrus-{hashlib.sha256(repr(facts).encode()).hexdigest()[:32]}.json"


def note(config: ModelConfig, dtype: torch.dtype, sm: int, kernels: dict[str, Any]) -> None:
    """Write the manifest of what was compiled."""
    path = note_of(config, dtype, sm)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"sm": sm, "dtype": str(dtype), "kernels": kernels}), encoding="utf-8")


def noted(config: ModelConfig, dtype: torch.dtype, sm: int) -> dict[str, Any]:
    """Kernel -> resources, as from `orthrus.precompile.used`; raises OSError if there is no manifest."""
    return json.loads(note_of(config, dtype, sm).read_text(encoding="utf-8"))["kernels"]


def is_compiled(config: ModelConfig, dtype: torch.dtype, sm: int) -> bool:
    """Whether these kernels are in the folder."""
    return note_of(config, dtype, sm).is_file()
