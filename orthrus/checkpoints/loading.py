"""Model loading: from a checkpoint folder or hub id to a model, tokenizer and engine ready to decode."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import torch

from orthrus import checks
from orthrus.checkpoints.folder import read_config, read_model, revision_of
from orthrus.checkpoints.hub import Place, locate
from orthrus.checkpoints.safetensors_io import shown
from orthrus.checkpoints.tokenizer import check_tokenizer, read_tokenizer
from orthrus.config import DTYPES, EMBEDDED_MODEL, ENGINES, ModelConfig
from orthrus.errors import EngineUnavailable, OrthrusError
from orthrus.model.dual_view import Orthrus
from orthrus.model.row_invariance import RowCheck

if TYPE_CHECKING:
    from orthrus.model.compiled_model import CompiledModel

    Chosen = tuple[Orthrus | CompiledModel, RowCheck | None, str]  # the model, its check, why not the engine preferred


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to decode, with its tokenizer and revision."""

    model: Orthrus | CompiledModel
    tokenizer: Any
    config: ModelConfig
    id: str
    revision: str
    check: RowCheck | None = None  # the row comparison made on loading (GPU only)
    fallback: str = ""  # why the engine that "auto" prefers does not run here

    @property
    def engine(self) -> str:
        """numba, triton or torch."""
        return self.model.engine

    @property
    def mode(self) -> Literal["fast", "exact"]:
        """exact: a row's bits depend on that row alone; fast: its tokens are equal as far as measured."""
        return "fast" if self.engine == "torch" else "exact"

    @property
    def promise(self) -> str:
        """What is guaranteed about Orthrus's text against the AR text before a run is measured."""
        checked = self.engine == "numba" or (self.check is not None and self.check.holds)
        return "equal in every bit" if self.mode == "exact" and checked else "equal tokens as measured"

    def in_plain_torch(self) -> LoadedModel:
        """The same weights with PyTorch's own operators; only for a model that is an Orthrus module."""
        return replace(self, model=cast(Orthrus, self.model).with_graphs(None))


def load_model(
    source: str | Path | None = None,
    device: str | None = None,
    dtype: str | None = None,
    engine: str = "auto",
    threads: int = 0,
) -> LoadedModel:
    """Load a checkpoint folder or hub id (default: the embedded model) for decoding.

    A hub id may name a revision, `owner/name@revision`. device None or "auto" takes CUDA if there is one. `engine` is
    one of `config.ENGINES`: auto takes the compiled engine of the device, or plain PyTorch and says why. dtype None or
    "auto" keeps matrices as they are stored if the engine is numba, else takes `default_dtype`. `threads` is the most a
    pass on a CPU may use, 0 for all cores. Raises OrthrusError for a folder that is not a checkpoint, a missing, extra
    or misshapen tensor, a tokenizer that does not fit, an unknown device, dtype or engine, and EngineUnavailable for an
    engine that does not run here.
    """
    place = locate(str(source or EMBEDDED_MODEL))
    at = device_named(device)
    checks.one_of("engine", engine, ENGINES)
    if dtype not in (None, "auto"):
        dtype_named(dtype)
    config = read_config(place.folder)
    tokenizer = read_tokenizer(place.folder)
    check_tokenizer(tokenizer, config)
    if at.type == "cpu":
        model, check, why = _load_on_cpu(place, dtype, engine, threads)
    else:
        model, check, why = _load_on_gpu(place, at, dtype, engine)
    return LoadedModel(model, tokenizer, model.config, place.id, revision_of(place), check, why)


def _load_on_cpu(place: Place, dtype: str | None, engine: str, threads: int) -> Chosen:
    config = read_config(place.folder)
    why = "it was requested" if engine == "torch" else not_compiled(config, dtype)
    if engine == "triton":
        raise EngineUnavailable("engine triton needs a CUDA device, the model is on the CPU")
    if why and engine == "numba":
        raise EngineUnavailable(f"engine numba does not run here: {why}")
    if why:
        if threads:
            torch.set_num_threads(threads)
        cpu = torch.device("cpu")
        number = default_dtype(cpu) if dtype in (None, "auto") else dtype_named(dtype)
        return read_model(place.folder, cpu, number, shown(place.id)).fuse(), None, why
    from orthrus.checkpoints.compiled_loading import read_compiled

    return read_compiled(place.folder, config, dtype, threads, shown(place.id)), None, ""


def _load_on_gpu(place: Place, device: torch.device, dtype: str | None, engine: str) -> Chosen:
    from orthrus.gpu.support import choose_on_gpu, lent_later

    if engine == "numba":
        raise EngineUnavailable(f"engine numba is for a CPU, the model is on {device}")
    number = default_dtype(device) if dtype in (None, "auto") else dtype_named(dtype)
    model = read_model(place.folder, device, number, shown(place.id))
    if lent_later(model):  # the process that gets the GPU fuses the weights and chooses the engine
        return model, None, ""
    if engine == "torch":
        return model.fuse(), None, "it was requested"
    return choose_on_gpu(model.fuse(), engine)


def not_compiled(config: ModelConfig, dtype: str | None) -> str:
    """Why the compiled engine cannot run this model here, "" if it can."""
    if find_spec("numba") is None:
        return "numba is not installed"
    if dtype == "float16":
        return "it computes with weights in bfloat16 or float32"
    from orthrus.model.compiled_model import unserved

    return unserved(config)


def device_named(name: str | None) -> torch.device:
    """A torch device; None and "auto" take CUDA if there is one. Raises OrthrusError for an unknown name.

    Of several GPUs the first is used: kernels are launched, timed and synchronised on the current device.
    """
    if name in (None, "auto"):
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, index = name.partition(":") if isinstance(name, str) else ("", "", "")
    numbered = ":" in str(name)
    if kind not in ("cpu", "cuda") or (numbered and not (index.isascii() and index.isdigit() and len(index) < 4)):
        raise OrthrusError("unknown-choice", f"device {checks.say(name)} is not one of auto, cpu, cuda")
    if kind == "cpu":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise OrthrusError("no-gpu", f"device {name!r} was requested, but PyTorch sees no CUDA device here")
    if numbered and int(index):
        hint = f"set CUDA_VISIBLE_DEVICES={int(index)}"
        raise OrthrusError("device-not-first", f"device {name!r} is not the first GPU; {hint}")
    return torch.device(name)


def default_dtype(device: torch.device) -> torch.dtype:
    """The default dtype of plain PyTorch and captured kernels: bfloat16 on a GPU, float32 on a CPU."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def dtype_named(name: str) -> torch.dtype:
    """The torch dtype; raises OrthrusError for one that is not in `orthrus.config.DTYPES`."""
    return getattr(torch, checks.one_of("dtype", name, DTYPES))
