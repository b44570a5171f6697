"""Training checkpoints: written atomically, and loaded into a matching model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from orthrus.errors import OrthrusError
from orthrus.training.sharded import split_like


class TrainingStopped(OrthrusError):
    """Training cannot go on; the message says why and which checkpoint is the last good one."""

    def __init__(self, message: str) -> None:
        super().__init__("training-stopped", message)


def load_weights(path: Path, parameters: dict[str, nn.Parameter]) -> int:
    """Copy a checkpoint's weights into `parameters`; returns its step. Other names or shapes raise TrainingStopped."""
    saved = _read(path)
    _check_fit(path, saved["model"], parameters, "this model")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(split_like(saved["model"][name], parameter))
    return saved["step"]


def average(paths: list[Path]) -> dict[str, Tensor]:
    """The mean of the checkpoints' weights by name, each of its parameter's shape [...] and float32.

    As in Wortsman et al. 2022, "Model soups", for checkpoints of which each was trained on from the one before.
    Other names or shapes raise TrainingStopped.
    """
    first, *others = (_read(path)["model"] for path in paths)
    mean = {name: weight.float() / len(paths) for name, weight in first.items()}
    for path, weights in zip(paths[1:], others, strict=True):
        _check_fit(path, weights, first, paths[0].name)
        for name, weight in weights.items():
            mean[name] += weight.float() / len(paths)
    return mean


def save(path: Path, state: dict[str, Any]) -> None:
    """Write to a temporary file, then rename, so that the file is always complete."""
    beside = path.with_suffix(".tmp")
    try:
        torch.save(state, beside)
        os.replace(beside, path)
    except (OSError, RuntimeError) as error:
        beside.unlink(missing_ok=True)
        raise TrainingStopped(f"could not write {path}: {error}; the checkpoint before it is intact") from error


def _read(path: Path) -> dict[str, Any]:
    return torch.load(path, map_location="cpu", weights_only=True)


def _check_fit(path: Path, weights: dict[str, Any], wanted: dict[str, Any], what: str) -> None:
    theirs, ours = ({n: tuple(w.shape) for n, w in tensors.items()} for tensors in (weights, wanted))
    if theirs != ours:
        odd = sorted(n for n in theirs.keys() | ours.keys() if theirs.get(n) != ours.get(n))
        raise TrainingStopped(f"{path.name} does not fit {what}: {odd[0]} is {theirs.get(odd[0])}, "
                              f"expected {ours.get(odd[0])}")  # fmt: skip
