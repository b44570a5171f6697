"""Checkpoint folders in the published format: read, check key by key, write."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from orthrus.config import DTYPES, EMBEDDED_MODEL, ModelConfig
from orthrus.exact import RowCheck, choose
from orthrus.memory import refuse_what_does_not_fit
from orthrus.model import DIFF, Orthrus


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

    device None or "auto" takes CUDA where there is one; dtype None or "auto" takes `default_dtype`; mode is fast,
    exact, or auto (see `orthrus.exact.choose`). Raises ValueError for a folder that is not a checkpoint, a missing,
    extra or misshapen tensor, an unknown device, dtype or mode, and for an exact mode that does not hold here.
    """
    from transformers import AutoTokenizer

    folder = _folder(str(source or EMBEDDED_MODEL))
    config = read_config(folder)
    place = _device(device)
    number = default_dtype(place) if dtype in (None, "auto") else _dtype(dtype)
    with torch.device("meta"):
        model = Orthrus(config)
    wanted = sum(p.numel() for p in model.parameters()) * number.itemsize
    refuse_what_does_not_fit(wanted, f"the model in {str(number).removeprefix('torch.')}", place)
    _fill(model, _open(folder), place, number)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    chosen, check = choose(model.fuse(), mode)
    return LoadedModel(chosen, tokenizer, config, folder.name, _revision(folder), check)


def config_of(source: str | Path | None = None) -> ModelConfig:
    """The configuration of a checkpoint folder or hub id, without its weights."""
    return read_config(_folder(str(source or EMBEDDED_MODEL)))


def _device(name: str | None) -> torch.device:
    if name in (None, "auto"):
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name.split(":")[0] not in ("cpu", "cuda"):
        raise ValueError(f"device {name!r} is not one of auto, cpu, cuda")
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"device {name!r} was asked for, but PyTorch sees no CUDA device here")
    return torch.device(name)


def default_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on a GPU, float32 on a CPU (where equality with AR holds as measured)."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def _dtype(name: str) -> torch.dtype:
    if name not in DTYPES:
        raise ValueError(f"dtype {name!r} is not one of {', '.join(DTYPES)}")
    return getattr(torch, name)


def _folder(source: str) -> Path:
    path = Path(source).expanduser()
    if (path / "config.json").is_file():
        return path
    if path.exists() or source.count("/") != 1 or source.startswith((".", "/", "~")):
        raise ValueError(f"{source!r} is not a model folder: it holds no config.json")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(source, allow_patterns=["*.json", "*.safetensors", "*.jinja", "*.txt"]))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise ValueError(
            f"{source!r} is neither a local folder nor reachable on the hub ({type(error).__name__})"
        ) from error


def read_config(folder: Path) -> ModelConfig:
    """The folder's config.json; raises ValueError where it is not valid JSON or not a supported model."""
    try:
        raw = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{folder / 'config.json'} is not valid JSON: {error}") from error
    if not isinstance(raw, dict):
        raise ValueError(f"{folder / 'config.json'} holds a {type(raw).__name__}, not an object")
    return ModelConfig.from_json(raw)


def _files(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ValueError(f"{folder} holds no .safetensors file")
    return files


def _open(folder: Path) -> dict[str, Any]:
    """Tensor name -> the open file that holds it (memory-mapped)."""
    where: dict[str, Any] = {}
    for path in _files(folder):
        try:
            file = safe_open(path, "pt")
        except (SafetensorError, OSError) as error:
            raise ValueError(f"{path} is not a safetensors file: {error}") from error
        where.update(dict.fromkeys(file.keys(), file))
    return where


def _fill(model: Orthrus, where: dict[str, Any], device: torch.device, dtype: torch.dtype) -> None:
    """Replace the meta parameters; every name and shape is checked before the first tensor is read."""
    wanted = {name: tuple(p.shape) for name, p in model.named_parameters()}
    if model.config.tie_word_embeddings:
        where.pop("lm_head.weight", None)  # some writers store the tied head a second time
    plain = not any(DIFF in name for name in where)  # a plain Qwen3: the diffusion view starts as a copy
    source = {name: name.replace(DIFF, "") if plain else name for name in wanted}
    if missing := sorted(name for name in wanted if source[name] not in where):
        raise ValueError(f"the checkpoint lacks {missing[0]}" + _more(missing))
    if extra := sorted(set(where) - set(source.values())):
        raise ValueError(f"the checkpoint has an unknown tensor {extra[0]}" + _more(extra))
    for name, shape in wanted.items():
        found = tuple(where[source[name]].get_slice(source[name]).get_shape())
        if found != shape:
            raise ValueError(f"{source[name]} has shape {found}, the config asks for {shape}")
    for name in wanted:
        owner, _, leaf = name.rpartition(".")
        tensor = where[source[name]].get_tensor(source[name]).to(device, dtype)
        setattr(model.get_submodule(owner), leaf, torch.nn.Parameter(tensor, requires_grad=False))


def _more(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


@lru_cache
def _revision(folder: Path) -> str:
    """The first 12 hex digits of the SHA-256 over the weight files, which names exactly what was run."""
    digest = hashlib.sha256()
    for path in _files(folder):
        with path.open("rb") as file:
            while chunk := file.read(1 << 22):
                digest.update(chunk)
    return digest.hexdigest()[:12]


def save_checkpoint(model: Orthrus, folder: Path, dtype: torch.dtype) -> None:
    """Write config.json and model.safetensors under the published names; the file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config.to_json() | {"dtype": str(dtype).removeprefix("torch.")}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    tensors = {name: p.detach().to("cpu", dtype).contiguous() for name, p in model.named_parameters()}
    beside = folder / "model.safetensors.tmp"
    save_file(tensors, beside, {"format": "pt"})
    os.replace(beside, folder / "model.safetensors")
