"""Safetensors I/O: weights are located, checked by name and shape, memory-mapped, and written in shards.

A folder that holds only pickles is refused.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from orthrus.config import ModelConfig
from orthrus.config.compatibility import UnsupportedCheckpoint
from orthrus.errors import OrthrusError
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF

Progress = Callable[[int, int], None]  # (bytes read, bytes in all)

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
MAX_HEADER = 16 << 20  # bytes; the header of a 36-layer model in one file has about 0.1 MiB
MAX_JSON = 16 << 20
HEAD = "lm_head.weight"
FLOATS = ("BF16", "F16", "F32")
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
SHARD_BYTES = 5 * 10**9


def read_json(path: Path, most: int | None = MAX_JSON) -> dict[str, Any]:
    """Read one JSON object of bounded size; a byte-order mark is skipped.

    Raises OrthrusError, with the line, for anything else.
    """
    if most is not None and (size := path.stat().st_size) > most:
        raise OrthrusError("file-too-large", f"{path} has {size} bytes, no configuration needs more than {most}")
    data = path.read_bytes()
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise OrthrusError("json-invalid", f"{path}, line {line} is not UTF-8: {error.reason}") from error
    except (ValueError, RecursionError) as error:  # an int of too many digits is a plain ValueError
        raise OrthrusError("json-invalid", f"{path} is not valid JSON: {error}") from error
    if not isinstance(raw, dict):
        raise OrthrusError("json-invalid", f"{path} holds a {type(raw).__name__}, not an object")
    return raw


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files that make up the checkpoint: those of the index, else the one file, else all of them."""
    if (folder / INDEX).is_file():
        return [folder / name for name in sorted(set(_weight_map(folder).values()))]
    if (folder / SINGLE).is_file():
        return [folder / SINGLE]
    if files := sorted(folder.glob("*.safetensors")):
        return files
    for pattern in PICKLES:
        if files := sorted(folder.glob(pattern)):
            raise UnsupportedCheckpoint(
                f"{folder} holds no .safetensors file; {files[0].name} is a pickle: it can run code, so it is not read"
            )
    raise OrthrusError("weights-missing", f"{folder} holds no .safetensors file")


def _weight_map(folder: Path) -> dict[str, str]:
    """Tensor name -> file name from the index of a sharded checkpoint; every named file exists."""
    where = read_json(folder / INDEX).get("weight_map")
    if not isinstance(where, dict) or not where or not all(isinstance(name, str) for name in where.values()):
        raise OrthrusError("index-invalid", f"{folder / INDEX} has no weight_map of tensor names to file names")
    for name in sorted(set(where.values())):
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise OrthrusError(
                "index-invalid", f"{folder / INDEX} names {name!r}, which is not a safetensors file of this folder"
            )
        if not (folder / name).is_file():
            raise OrthrusError("weights-missing", f"{folder / name} is missing, {INDEX} names it")
    return where


def open_weights(folder: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Tensor name -> the open, memory-mapped file that holds it; tensors come out on `device`."""
    where: dict[str, Any] = {}
    for path in weight_files(folder):
        _check_header(path)
        try:
            file = safe_open(path, "pt", str(device))
        except (SafetensorError, OSError) as error:
            raise OrthrusError("weights-invalid", f"{path} is not a safetensors file: {error}") from error
        names = set(file.keys())
        if twice := sorted(names & where.keys()):
            raise OrthrusError("weights-invalid", f"{path} holds {twice[0]}, and so does another file of the folder")
        where.update(dict.fromkeys(names, file))
    if (folder / INDEX).is_file():
        odd = sorted(name for name in _weight_map(folder).keys() ^ where.keys() if not _optional(name))
        if odd:
            relation = "missing from" if odd[0] in where else "in"
            raise OrthrusError("index-invalid", f"{odd[0]} is {relation} {INDEX}, but not so in its files")
    return where


def _optional(name: str) -> bool:
    """Optional tensors: rotary frequencies, which follow from the config, and a tied head."""
    return name.endswith("rotary_emb.inv_freq") or name == HEAD


def _check_header(path: Path) -> None:
    """Refuse a safetensors file whose header length, its first 8 bytes, is implausible."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > min(MAX_HEADER, path.stat().st_size):
        raise OrthrusError("weights-invalid", f"{path} is not a safetensors file: its header would have {length} bytes")


def reader(config: ModelConfig, where: dict[str, Any]) -> Callable[[str], Tensor]:
    """A function from a published name to its tensor, once every name and shape of the checkpoint has been checked.

    A plain Qwen3 has no diffusion view: it starts as a copy of the AR view. Raises OrthrusError naming the tensor,
    UnsupportedCheckpoint for a dtype that is not floating point.

    Tensors have the published shapes, such as [outputs, inputs].
    """
    wanted = shapes_of(config)
    source = sources(wanted, where)
    for name, shape in wanted.items():
        stored = where[source[name]].get_slice(source[name])
        if (stored_shape := tuple(stored.get_shape())) != shape:
            raise OrthrusError("tensor-shape", f"{source[name]} has shape {stored_shape}, the config asks for {shape}")
        if stored.get_dtype() not in FLOATS:
            raise UnsupportedCheckpoint(f"quantised weights are not supported: {source[name]} is {stored.get_dtype()}")
    return lambda name: where[source[name]].get_tensor(source[name])


def shapes_of(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Every tensor of a dual-view checkpoint, by its published name."""
    with torch.device("meta"):
        return {name: tuple(p.shape) for name, p in Orthrus(config).named_parameters()}


def fill(
    model: Orthrus,
    where: dict[str, Any],
    device: torch.device,
    dtype: torch.dtype,
    progress: Progress | None = None,
    own: bool = False,
) -> None:
    """Replace the meta parameters of `model`; raises as `reader` does, before the first tensor is read.

    `own` copies tensors that would stay mapped to the file, so that they can change; a copied view is never mapped.
    """
    read = reader(model.config, where)
    plain = not any(DIFF in name for name in where)  # both views start as one tensor
    total, done = sum(p.numel() for p in model.parameters()) * dtype.itemsize, 0
    for name in shapes_of(model.config):
        owner, _, leaf = name.rpartition(".")
        tensor = read(name).to(device, dtype, copy=own or (plain and DIFF in name))
        setattr(model.get_submodule(owner), leaf, torch.nn.Parameter(tensor, requires_grad=False))
        done += tensor.nbytes
        if progress:
            progress(done, total)


def stored_dtype(folder: Path) -> torch.dtype:
    """The dtype of the checkpoint's embedding, which its matrices share."""
    where = open_weights(folder)
    name = sources(["model.embed_tokens.weight"], where, whole=False)["model.embed_tokens.weight"]
    return {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32}[where[name].get_slice(name).get_dtype()]


def sources(wanted: Collection[str], held: Collection[str], whole: bool = True) -> dict[str, str]:
    """Model tensor -> checkpoint tensor; raises OrthrusError for a missing or an unknown one.

    Some writers omit the prefix `model.`, which all names but the head's have. `whole` False allows further tensors.
    """
    plain = not any(DIFF in name for name in held)
    bare = not any(name.startswith("model.") for name in held)
    stored = {f"model.{name}" if bare and name != HEAD else name: name for name in held}
    published = {name: name.replace(DIFF, "") if plain else name for name in wanted}
    if missing := sorted(name for name in wanted if published[name] not in stored):
        raise OrthrusError("tensor-missing", f"the checkpoint lacks {missing[0]}" + _more(missing))
    source = {name: stored[published[name]] for name in wanted}
    extra = sorted(name for name in set(held) - set(source.values()) if not _optional(name))
    if whole and extra:
        raise OrthrusError("tensor-unknown", f"the checkpoint has an unknown tensor {extra[0]}" + _more(extra))
    return source


def _more(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


def shown(what: str, at_least: int = 1 << 30) -> Progress:
    """A progress callback that prints a line per tenth to standard error, if the model has `at_least` bytes."""
    last_tenth = [-1]

    def progress(done: int, total: int) -> None:
        tenth = 10 * done // max(total, 1)
        if total >= at_least and tenth > last_tenth[0]:
            last_tenth[0] = tenth
            print(f"[load] {what}: {done / 1e9:.1f} of {total / 1e9:.1f} GB", file=sys.stderr, flush=True)

    return progress


def write_weights(
    tensors: Mapping[str, torch.Tensor], folder: Path, dtype: torch.dtype, shard_bytes: int = SHARD_BYTES
) -> None:
    """Write model.safetensors, or shards of at most `shard_bytes` with their index, under the published names.

    One shard is copied at a time. Files are written under temporary names and renamed once all are complete; stale
    files of an earlier save are removed.

    tensors: published name -> tensor of the published shape, [outputs, inputs] for a matrix.
    """
    parts = list(_parts(tensors, dtype, shard_bytes))
    count = len(parts)
    names = [SINGLE if count == 1 else f"model-{i:05d}-of-{count:05d}.safetensors" for i in range(1, count + 1)]
    stale = {*folder.glob("model*.safetensors"), folder / INDEX} - {folder / name for name in names}
    try:
        for name, part in zip(names, parts, strict=True):
            shard = {key: tensors[key].detach().to("cpu", dtype).contiguous() for key in part}
            save_file(shard, folder / f"{name}.tmp", {"format": "pt"})
    except BaseException:
        for name in names:
            (folder / f"{name}.tmp").unlink(missing_ok=True)
        raise
    for name in names:
        os.replace(folder / f"{name}.tmp", folder / name)
    for path in stale:
        path.unlink(missing_ok=True)
    if count > 1:
        total = sum(t.numel() for t in tensors.values()) * dtype.itemsize
        weight_map = {key: name for name, part in zip(names, parts, strict=True) for key in part}
        index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
        (folder / f"{INDEX}.tmp").write_text(json.dumps(index, indent=2) + "\n")
        os.replace(folder / f"{INDEX}.tmp", folder / INDEX)


def _parts(tensors: Mapping[str, torch.Tensor], dtype: torch.dtype, most: int) -> Iterator[list[str]]:
    """Tensor names, in order, in groups of at most `most` bytes; a tensor larger than that is a group of its own."""
    part: list[str] = []
    size = 0
    for name, tensor in tensors.items():
        nbytes = tensor.numel() * dtype.itemsize
        if part and size + nbytes > most:
            yield part
            part, size = [], 0
        part.append(name)
        size += nbytes
    yield part


def same_frozen_tensors(before: Path, after: Path) -> None:
    """Compare the AR view of two checkpoint folders, file against file; raises OrthrusError naming a changed tensor."""
    ours, theirs = open_weights(before), open_weights(after)
    for name in sorted(name for name in theirs if DIFF not in name):
        old, new = ours[name].get_tensor(name), theirs[name].get_tensor(name)
        if old.dtype != new.dtype or not torch.equal(old, new):
            raise OrthrusError(
                "tensor-changed", f"the frozen AR view has changed: {name} of {after} is not that of {before}"
            )
