"""Engine selection on a GPU: whether captured kernels can decode this model, and whether its rows are bit-equal.

On ZeroGPU each call runs in a forked process that gets a GPU for that call. The process that loads the model has no
GPU, so the engine is chosen by the first call of each forked process (`settled`), and captured kernels are used only if
they were compiled for its card beforehand (`orthrus.precompile`), because GPU time is limited.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec

import torch
from torch import Tensor

from orthrus.config import DecodeConfig
from orthrus.errors import EngineUnavailable, OrthrusError
from orthrus.gpu import kernel_cache, memory_plan
from orthrus.gpu.device import CudaDevice, Device, synchronize
from orthrus.gpu.passes import Stack
from orthrus.gpu.runner import Runner
from orthrus.gpu.single_passes import SinglePasses
from orthrus.model.dual_view import Orthrus
from orthrus.model.memory import free_bytes
from orthrus.model.row_invariance import BLOCK, SIZES, STARTS, RowCheck, bit_equal

log = logging.getLogger(__name__)
FORMATS = (torch.float32, torch.bfloat16)
CAPABILITY = (8, 0)  # the oldest GPU with bfloat16 products


WORDS = "Triton kernels, a cycle in one graph"


class GraphRuntime:
    """Decodes whole runs by captured, row-invariant kernels; single passes use PyTorch's operators."""

    def __init__(self, make_device: Callable[[torch.device], Device] = CudaDevice) -> None:
        self._make_device, self._runner = make_device, None
        self._passes: SinglePasses | None = None

    def runner(self, model: Orthrus) -> Runner:
        """The model's cache and graphs; made at the first run of a process."""
        if self._runner is None:
            self._runner = Runner(model, self._make_device(model.device))
        return self._runner

    def serves(self, config: DecodeConfig) -> bool:
        """Whether a cycle is a fixed launch sequence; not with filters, rejection or drafts beyond chains."""
        filtered = config.top_k is not None or config.top_p not in (None, 1)
        return config.draft == "chain" and (not config.sampled or (config.coupling == "gumbel" and not filtered))

    def passes(self, model: Orthrus) -> SinglePasses:
        """The model's passes by the same kernels, for runs that are no fixed sequence; made at the first such run."""
        if self._passes is None:
            self._passes = SinglePasses(self.runner(model))
        return self._passes

    def refuse_run(self, model: Orthrus, rows: int) -> None:
        """Raise ValueError if there is not enough memory for a run of `rows` positions."""
        have = self._runner.cache if self._runner else None
        rows = memory_plan.bucket(model.config, rows)
        if have is not None and have.capacity >= rows:
            return
        allocated = memory_plan.run_bytes(model.config, model.dtype, have.capacity) if have is not None else 0
        if self._runner is not None:
            self._runner.device.free()  # memory that PyTorch caches unused counts as free
        free = free_bytes(model.device)
        if free is not None and memory_plan.run_bytes(model.config, model.dtype, rows) > free + allocated:
            memory_plan.refuse(model, rows)


def unsupported_reason(model: Orthrus) -> str | None:
    """Why the kernels cannot decode this model on its device; None if they can."""
    c, device = model.config, model.device
    if device.type != "cuda":
        return f"the kernels are for CUDA, the model is on {device.type}"
    if not find_spec("triton"):
        return "triton is not installed"
    if model.dtype not in FORMATS:
        return f"the kernels compute in float32 and bfloat16, the model is in {str(model.dtype).removeprefix('torch.')}"
    if c.head_dim < 16 or c.head_dim & (c.head_dim - 1):
        return f"the kernels need a head_dim that is a power of two from 16 on, this one is {c.head_dim}"
    has = torch.cuda.get_device_capability(device)
    if has < CAPABILITY:
        return f"this GPU has compute capability {has[0]}.{has[1]}, the kernels need {CAPABILITY[0]}.{CAPABILITY[1]}"
    return None


@torch.inference_mode()
def check_rows(model: Orthrus, backend: str = "triton", sizes: Sequence[int] = SIZES) -> RowCheck:
    """Compare the kernels' passes of `sizes` rows with one of 32: the model's first layer and its head.

    One layer has every shape of the stack.
    """
    stack = Stack(model, backend)
    stack.layers = stack.layers[:1]
    compared = equal = 0
    for same in _comparisons(model, stack, sizes):
        compared, equal = compared + same.numel(), equal + int(same.sum())
    name = str(model.dtype).removeprefix("torch.")
    return RowCheck(name, torch.get_num_threads(), WORDS, compared, equal)


def _comparisons(model: Orthrus, stack: Stack, sizes: Sequence[int]) -> Iterator[Tensor]:
    """Bool tensors, one entry per row: is it the same if computed with fewer rows?"""
    starts = [s for s in STARTS if s + BLOCK <= model.config.max_position_embeddings]
    cache = model.new_cache(starts[-1] + BLOCK)
    angles = stack.angles(cache)
    draw = torch.Generator().manual_seed(7)
    ids = torch.randint(model.config.vocab_size, (starts[-1] + BLOCK,), generator=draw).int().to(model.device)

    def compute(first: int, rows: int) -> Tensor:
        at = torch.tensor([first], dtype=torch.int32, device=model.device)
        return stack.forward_ar(ids[first : first + rows], at, cache, angles)

    for start in starts:
        if start:
            compute(0, start)
        together = compute(start, BLOCK)
        for size in sizes:
            for place in sorted({0, min(5, BLOCK - size), BLOCK - size}):
                yield bit_equal(compute(start + place, size), together[place : place + size])


def lent_later(model: Orthrus) -> bool:
    """Whether the model's GPU will only exist in a forked process (ZeroGPU)."""
    return model.device.type == "cuda" and not torch.cuda.is_initialized()


def choose_on_gpu(model: Orthrus, engine: str, compiled_before: bool = False) -> tuple[Orthrus, RowCheck | None, str]:
    """The model under engine auto or triton, the check of its rows, and why auto fell back to plain PyTorch.

    With `compiled_before` the kernels are tried only if they are in Triton's cache for this GPU. Raises
    EngineUnavailable if triton was requested and does not run or is not exact here.
    """
    why, check = unsupported_reason(model), None
    if why is None and compiled_before:
        sm = kernel_cache.capability(model.device)
        there = kernel_cache.is_compiled(model.config, model.dtype, sm)
        why = None if there else f"the kernels are not compiled for this GPU (sm_{sm}) yet"
    if why is None:
        captured = model.with_graphs(GraphRuntime())
        check = _tried(captured)
        if check.holds:
            return captured, check, ""
        why = f"rows are not bit-equal on this GPU: {check.words}"
    if engine == "triton":
        raise EngineUnavailable(f"engine triton does not run here: {why}")
    log.warning("decoding with plain PyTorch: %s", why)
    return model.with_graphs(None), check, why


def settled(model: Orthrus, engine: str) -> tuple[Orthrus, RowCheck | None, str]:
    """`choose_on_gpu` in a process that has just got its GPU; the weights are fused here, too.

    ZeroGPU transfers a view of a stacked weight as a separate weight, so they cannot be fused earlier.
    """
    if engine == "torch":
        return model.with_graphs(None), None, "it was requested"
    return choose_on_gpu(model, engine, compiled_before=True)


def rehearse(model: Orthrus) -> None:
    """Capture and replay a run of a few tokens, so that driver errors show here and not in a visitor's run."""
    runner, config = model.graphs.runner(model), DecodeConfig(max_new_tokens=3)
    runner.prepare(8, model.config.block_size, False)
    _, first = runner.prefill([0, 1], config)
    runner.begin(config, first, 8, ahead=2).next()


def _tried(model: Orthrus) -> RowCheck:
    """The row check and a rehearsal; if compiler, driver or kernel raise, a check with no compared rows.

    Raises OrthrusError "gpu-lost" if the device no longer responds, not even to plain PyTorch.
    """
    try:
        check = check_rows(model)
        rehearse(model)
        return check
    except Exception as error:
        log.exception("the kernels did not start")
        _answers(model)
        name = str(model.dtype).removeprefix("torch.")
        line = str(error).splitlines()[0] if str(error) else ""
        reason = f"the kernels did not start: {type(error).__name__}: {line}"
        return RowCheck(name, torch.get_num_threads(), reason, 0, 0)


def _answers(model: Orthrus) -> None:
    """Check that the device still works: after an illegal access every call fails and no engine is left."""
    if model.device.type != "cuda":
        return
    try:
        synchronize()
    except RuntimeError as error:
        raise OrthrusError(
            "gpu-lost",
            "the kernels left the GPU in an error from which this process cannot recover; "
            "start it again with --engine torch (ORTHRUS_ENGINE=torch)",
        ) from error
