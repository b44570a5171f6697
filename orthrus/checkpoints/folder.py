"""Checkpoint folders in the published format: read and write config and weights, and their revision."""

from __future__ import annotations

import hashlib
import json
import shutil
from functools import lru_cache
from pathlib import Path

import torch

from orthrus.checkpoints.hub import Place, locate
from orthrus.checkpoints.safetensors_io import (
    SHARD_BYTES,
    Progress,
    fill,
    open_weights,
    read_json,
    weight_files,
    write_weights,
)
from orthrus.checkpoints.tokenizer import files_beside
from orthrus.config import EMBEDDED_MODEL, ModelConfig
from orthrus.model.dual_view import Orthrus
from orthrus.model.memory import refuse_what_does_not_fit


def read_model(
    folder: Path, device: torch.device, dtype: torch.dtype, progress: Progress | None = None, own: bool = False
) -> Orthrus:
    """The weights of a checkpoint folder, straight to `device` and `dtype`, not fused; `own` as `safetensors_io.fill`.

    Raises OrthrusError as `load_model` does, and if the model does not fit in memory.
    """
    with torch.device("meta"):
        model = Orthrus(read_config(folder))
    if device.type == "cuda":
        from orthrus.gpu.memory_plan import refuse_model

        refuse_model(model.config, dtype, device)
    wanted = sum(p.numel() for p in model.parameters()) * dtype.itemsize
    refuse_what_does_not_fit(wanted, f"the model in {str(dtype).removeprefix('torch.')}", device)
    fill(model, open_weights(folder, device), device, dtype, progress, own)
    return model


def config_of(source: str | Path | None = None) -> ModelConfig:
    """The configuration of a checkpoint folder or hub id, without its weights."""
    return read_config(locate(str(source or EMBEDDED_MODEL)).folder)


def read_config(folder: Path) -> ModelConfig:
    """The folder's config.json; raises OrthrusError if it is not valid JSON or not a supported model.

    End tokens of a generation_config.json take precedence, as in transformers.
    """
    raw = read_json(folder / "config.json")
    generation = folder / "generation_config.json"
    if generation.is_file() and (eos := read_json(generation).get("eos_token_id")) is not None:
        raw = raw | {"eos_token_id": eos}
    return ModelConfig.from_json(raw)


def revision_of(place: Place) -> str:
    """12 hex digits that identify the weights: the hub's commit, or the SHA-256 over a folder's weight files."""
    if place.commit:
        return place.commit[:12]
    return _digest(tuple((path, path.stat().st_mtime_ns) for path in weight_files(place.folder)))


@lru_cache
def _digest(files: tuple[tuple[Path, int], ...]) -> str:
    digest = hashlib.sha256()
    for path, _ in files:
        with path.open("rb") as file:
            while chunk := file.read(1 << 22):
                digest.update(chunk)
    return digest.hexdigest()[:12]


def save_checkpoint(model: Orthrus, folder: Path, dtype: torch.dtype, shard_bytes: int = SHARD_BYTES) -> None:
    """Write config.json and the weights in the published format, in shards of at most `shard_bytes`."""
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config.to_json() | {"dtype": str(dtype).removeprefix("torch.")}
    write_weights(dict(model.named_parameters()), folder, dtype, shard_bytes)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def copy_beside(source: Path, folder: Path) -> None:
    """Copy a checkpoint's other files byte for byte: tokenizer, chat template, generation config."""
    for path in files_beside(source):
        shutil.copyfile(path, folder / path.name)
