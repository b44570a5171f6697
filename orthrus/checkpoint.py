"""Checkpoint folders in the published format: read, check key by key, write."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from orthrus.config import DTYPES, EMBEDDED_MODEL, ModelConfig
from orthrus.errors import OrthrusError
from orthrus.exact import RowCheck, choose
from orthrus.hub import Place, locate
from orthrus.memory import refuse_what_does_not_fit
from orthrus.model import Orthrus
from orthrus.supported import UnsupportedCheckpoint
from orthrus.weights import SHARD_BYTES, Progress, fill, open_weights, read_json, shown, weight_files, write_weights


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to decode, with what else its folder holds."""

    model: Orthrus
    tokenizer: Any
    config: ModelConfig
    id: str
    revision: str
    check: RowCheck | None = None  # the self-check of the exact mode, where one was made

    @property
    def mode(self) -> str:
        """fast or exact."""
        return self.model.arithmetic.mode

    @property
    def promise(self) -> str:
        """What may be said of Orthrus's text against AR's, before it is measured: never more than this."""
        checked = self.check is not None and self.check.holds and self.check.threads == torch.get_num_threads()
        return "equal in every bit" if self.mode == "exact" and checked else "equal tokens as measured"

    def in_mode(self, mode: str) -> LoadedModel:
        """The same weights in another mode: fast, exact or auto; raises as `orthrus.exact.choose` does."""
        model, check = choose(self.model, mode)
        return replace(self, model=model, check=check or self.check)


def load_model(
    source: str | Path | None = None, device: str | None = None, dtype: str | None = None, mode: str = "auto"
) -> LoadedModel:
    """Load a checkpoint folder or hub id (default: the embedded model), fused for decoding.

    A hub id may name a revision, `owner/name@revision`. device None or "auto" takes CUDA where there is one; dtype None
    or "auto" takes `default_dtype`; mode is fast, exact, or auto (see `orthrus.exact.choose`). Raises ValueError for a
    folder that is not a checkpoint, a missing, extra or misshapen tensor, an unknown device, dtype or mode, and for an
    exact mode that does not hold here.
    """
    place = locate(str(source or EMBEDDED_MODEL))
    at = device_named(device)
    number = default_dtype(at) if dtype in (None, "auto") else dtype_named(dtype)
    model = read_model(place.folder, at, number, shown(place.id))
    chosen, check = (model, None) if _lent_later(model) else choose(model.fuse(), mode)
    return LoadedModel(chosen, read_tokenizer(place.folder), model.config, place.id, revision_of(place), check)


def _lent_later(model: Orthrus) -> bool:
    """Is the GPU one that a forked process will have? It stacks the weights and decides how they are computed with."""
    if model.device.type != "cuda":
        return False
    from orthrus.gpu.choice import lent_later

    return lent_later(model)


def read_model(
    folder: Path, device: torch.device, dtype: torch.dtype, progress: Progress | None = None, own: bool = False
) -> Orthrus:
    """The weights of a checkpoint folder, straight to `device` and `dtype`, not fused; `own` as `orthrus.weights.fill`.

    Raises ValueError as `load_model` does, and where the model does not fit.
    """
    with torch.device("meta"):
        model = Orthrus(read_config(folder))
    if device.type == "cuda":
        from orthrus.gpu.needs import refuse_model

        refuse_model(model.config, dtype, device)
    wanted = sum(p.numel() for p in model.parameters()) * dtype.itemsize
    refuse_what_does_not_fit(wanted, f"the model in {str(dtype).removeprefix('torch.')}", device)
    fill(model, open_weights(folder, device), device, dtype, progress, own)
    return model


def config_of(source: str | Path | None = None) -> ModelConfig:
    """The configuration of a checkpoint folder or hub id, without its weights."""
    return read_config(locate(str(source or EMBEDDED_MODEL)).folder)


def device_named(name: str | None) -> torch.device:
    """A torch device; None and "auto" take CUDA where there is one. Raises ValueError for any other name.

    Of several GPUs the first is taken: kernels are launched, timed and waited for on the current device.
    """
    if name in (None, "auto"):
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name.split(":")[0] not in ("cpu", "cuda"):
        raise ValueError(f"device {name!r} is not one of auto, cpu, cuda")
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"device {name!r} was asked for, but PyTorch sees no CUDA device here")
    if name.startswith("cuda:") and name != "cuda:0":
        index = name.split(":")[1]
        raise OrthrusError(
            "device-not-first", f"device {name!r} is not the first GPU; set CUDA_VISIBLE_DEVICES={index}"
        )
    return torch.device(name)


def default_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on a GPU, float32 on a CPU (where equality with AR holds as measured)."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def dtype_named(name: str) -> torch.dtype:
    """The torch dtype; raises ValueError for one that is not in `orthrus.config.DTYPES`."""
    if name not in DTYPES:
        raise ValueError(f"dtype {name!r} is not one of {', '.join(DTYPES)}")
    return getattr(torch, name)


def read_config(folder: Path) -> ModelConfig:
    """The folder's config.json; raises ValueError where it is not valid JSON or not a supported model.

    Where the folder has a generation_config.json with end tokens, these count, as they do in transformers.
    """
    raw = read_json(folder / "config.json")
    generation = folder / "generation_config.json"
    if generation.is_file() and (eos := read_json(generation).get("eos_token_id")) is not None:
        raw = raw | {"eos_token_id": eos}
    return ModelConfig.from_json(raw)


def read_tokenizer(folder: Path) -> Any:
    """The folder's tokenizer, from its data files alone."""
    from transformers import AutoTokenizer

    about = folder / "tokenizer_config.json"
    if about.is_file() and read_json(about).get("auto_map"):
        raise UnsupportedCheckpoint(f"{about} asks for a tokenizer of the checkpoint's own code, which is never run")
    return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


def revision_of(place: Place) -> str:
    """12 hex digits that name exactly what was run: the hub's commit, or the SHA-256 over a folder's weight files."""
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


BESIDE = ("tokenizer*", "vocab.json", "merges.txt", "*.jinja", "special_tokens_map.json", "added_tokens.json",
          "generation_config.json")  # fmt: skip


def copy_beside(source: Path, folder: Path) -> None:
    """Copy what a checkpoint has beside weights and config, byte for byte: tokenizer, template, generation config."""
    for path in sorted({path for pattern in BESIDE for path in source.glob(pattern) if path.is_file()}):
        shutil.copyfile(path, folder / path.name)
