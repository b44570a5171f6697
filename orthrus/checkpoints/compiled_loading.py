"""Load a checkpoint folder into a model compiled for this CPU."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor

from orthrus.checkpoints.safetensors_io import Progress, open_weights, reader, shapes_of, stored_dtype
from orthrus.config import ModelConfig
from orthrus.model.compiled_model import CompiledModel, kept_dtype
from orthrus.model.memory import refuse_what_does_not_fit


def read_compiled(
    folder: Path, config: ModelConfig, dtype: str | None, threads: int = 0, progress: Progress | None = None
) -> CompiledModel:
    """Read and compile a checkpoint folder, tensor by tensor. dtype None or "auto" keeps the stored dtype.

    Raises ValueError as `orthrus.checkpoints.safetensors_io.reader` does, and if the weights do not fit in memory.
    """
    number = kept_dtype(stored_dtype(folder)) if dtype in (None, "auto") else getattr(torch, dtype)
    wanted = sum(math.prod(shape) for shape in shapes_of(config).values()) * number.itemsize
    refuse_what_does_not_fit(wanted, f"the model in {str(number).removeprefix('torch.')}", torch.device("cpu"))
    read, done = reader(config, open_weights(folder)), 0

    def counted(name: str) -> Tensor:
        nonlocal done
        tensor = read(name)
        done += tensor.numel() * number.itemsize
        if progress:
            progress(done, wanted)
        return tensor

    return CompiledModel(config, counted, number, threads)
