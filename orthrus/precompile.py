"""Ahead-of-time compilation: every kernel a model needs, into Triton's cache folder.

    TRITON_CACHE_DIR=/cache python -m orthrus.precompile --model chiennv/Orthrus-Qwen3-1.7B       # for the GPU here
    TRITON_CACHE_DIR=/cache python -m orthrus.precompile --model assets/orthrus-mini --sm 90      # without a GPU
    TRITON_CACHE_DIR=/cache python -m orthrus.precompile --shape 1.7b,8b --sm 90,120              # without a checkpoint

A process that is forked for one call has no time to compile. With --sm nothing is launched and no weight is read: the
sequence that is captured later runs on meta tensors, and each launch stops once its binary exists. The folder then
serves every machine with that compute capability and the same version of Triton. Shared memory is checked against the
limit of that capability, and the result is noted in the folder.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import torch

from orthrus.checkpoints.folder import config_of
from orthrus.checkpoints.loading import dtype_named
from orthrus.config import ModelConfig
from orthrus.console import Parser, as_json, run_command
from orthrus.errors import OrthrusError
from orthrus.gpu import kernel_cache, memory_plan
from orthrus.gpu.captured_pass import CapturedPass, Piece
from orthrus.gpu.cost import SHAPES
from orthrus.gpu.cycle import Cycle
from orthrus.gpu.datasheets import SHARED_LIMIT
from orthrus.gpu.passes import Stack
from orthrus.model.dual_view import Orthrus


class Binary(NamedTuple):
    """One compiled kernel."""

    name: str
    key: str  # equal for equal binaries
    ptx: str
    cubin: bytes
    shared: int  # bytes, dynamic
    settings: dict[str, Any]  # keyword arguments of the launch


class NoDevice:
    """A stand-in `Device` for a sequence that is compiled and never launched."""

    backend = "triton"

    def working(self):
        return nullcontext()

    def capture(self, work):
        work()

    def host_buffer(self, like):
        return torch.empty_like(like)

    def send(self, source, target):
        pass

    def stamp(self, times, state, mark):
        from kernels.triton_stamp import stamp

        stamp(times, state, mark)


@contextmanager
def compiled_only(sm: int) -> Iterator[list[Binary]]:
    """Context manager: a launch compiles its kernel for this compute capability (90: sm_90) and adds it to the list.

    For a process that launches nothing afterwards: Triton's driver is replaced for good.
    """
    from triton.backends.compiler import GPUTarget
    from triton.runtime.driver import driver
    from triton.runtime.jit import JITFunction

    class Described:
        def get_current_target(self):
            return GPUTarget("cuda", sm, 32)

        def get_current_device(self):
            return sm  # Triton caches binaries per device: one device per target

        def get_current_stream(self, device):
            return 0

    run, binaries = JITFunction.run, []

    def compile_instead(self, *args, grid, warmup, **kwargs):
        kernel = run(self, *args, grid=grid, warmup=True, **kwargs)
        ptx, cubin = kernel.asm["ptx"], kernel.asm["cubin"]
        binaries.append(Binary(self.fn.__name__, kernel.hash, ptx, cubin, kernel.metadata.shared, kwargs))
        return kernel

    driver.set_active(Described())
    JITFunction.run = compile_instead
    try:
        yield binaries
    finally:
        JITFunction.run = run


@torch.inference_mode()
def compile_for(config: ModelConfig, dtype: torch.dtype, sm: int) -> list[Binary]:
    """Compile the kernels of prefill, cycles and AR steps, greedy and sampled, and of trees; each binary once."""
    with torch.device("meta"):
        model = Orthrus(config).to(dtype).fuse()
        stack, device = Stack(model), NoDevice()
        stack.layers = stack.layers[:1]  # all layers have the same shapes
        cache = model.new_cache(memory_plan.bucket(config, 1))
        angles = stack.angles(cache)
        with compiled_only(sm) as binaries:
            Piece(stack, cache, angles, device)
            for block in (1, config.block_size):
                for sampled in (False, True):
                    Cycle(stack, cache, angles, device, block, sampled).launch()
            single = model.with_layers(1).new_cache(cache.capacity)
            CapturedPass(stack, single, angles, device, "tree", memory_plan.WIDEST)
    return list({binary.key: binary for binary in binaries}.values())


def resources(binary: Binary) -> dict[str, int]:
    """{"REG", "STACK", "SHARED", "LOCAL": registers per thread, bytes}; spilled registers show as STACK or LOCAL."""
    import triton

    tool = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(binary.cubin)
        file.flush()
        out = subprocess.run([tool, "--dump-resource-usage", file.name], capture_output=True, text=True, check=True)
    return {name: int(value) for name, value in re.findall(r"\b(REG|STACK|SHARED|LOCAL):(\d+)", out.stdout)}


def used(binaries: list[Binary], sm: int) -> dict[str, dict[str, int]]:
    """kernel -> the most registers, spilled bytes and shared bytes any of its binaries takes.

    Raises OrthrusError "kernel-too-large" if a kernel needs more shared memory than this compute capability has.
    """
    usage: dict[str, dict[str, int]] = {}
    for binary in binaries:
        use = resources(binary)
        took = {
            "registers": use["REG"],
            "spilled": use["STACK"] + use["LOCAL"],
            "shared": binary.shared + use["SHARED"],
        }
        if took["shared"] > SHARED_LIMIT.get(sm, took["shared"]):
            limit = f"a program has {SHARED_LIMIT[sm]:,} on sm_{sm}"
            raise OrthrusError("kernel-too-large", f"{binary.name} needs {took['shared']:,} bytes, {limit}")
        most = usage.setdefault(binary.name, took)
        usage[binary.name] = {name: max(most[name], count) for name, count in took.items()}
    return usage


def build(config: ModelConfig, dtype: torch.dtype, sm: int) -> dict[str, dict[str, int]]:
    """Compile, check and note it in the folder; returns what `used` returns."""
    usage = used(compile_for(config, dtype, sm), sm)
    kernel_cache.note(config, dtype, sm, usage)
    return usage


def compile_here(source: str, dtype: str) -> None:
    """Run on this machine's GPU, which compiles both kernels and their launchers."""
    from orthrus.checkpoints.loading import load_model
    from orthrus.decoding.model_variants import warm_up

    warm_up(load_model(source, "cuda", dtype, "triton"))


def configs(shapes: str, source: str) -> dict[str, ModelConfig]:
    """Name -> configuration of the requested shapes; raises OrthrusError for an unknown shape."""
    if not shapes:
        return {source or "the embedded model": config_of(source)}
    names = [name.strip().lower() for name in shapes.split(",")]
    if unknown := [name for name in names if name not in (*SHAPES, "embedded")]:
        raise OrthrusError("shape-unknown", f"shape {unknown[0]!r} is not one of embedded, {', '.join(SHAPES)}")
    return {name: SHAPES.get(name) or config_of() for name in names}


def capabilities(text: str) -> list[int]:
    """ "90,120" -> [90, 120]; raises OrthrusError for anything else."""
    if not re.fullmatch(r"\d{2,3}(,\d{2,3})*", text):
        raise OrthrusError("wrong-type", f"--sm is {text!r:.40}, it must be compute capabilities such as 90,120")
    return [int(sm) for sm in text.split(",")]


def main(arguments: list[str] | None = None) -> int:
    return run_command(lambda: _main(arguments), arguments is None)


def _main(arguments: list[str] | None) -> int:
    parser = Parser(prog="python -m orthrus.precompile", description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="", help="checkpoint folder or hub id (default: the embedded model)")
    parser.add_argument("--shape", default="", help=f"instead of a checkpoint: embedded, {', '.join(SHAPES)}")
    parser.add_argument("--dtype", default="bfloat16", help="float32 or bfloat16")
    parser.add_argument("--sm", default="", help="compute capabilities to compile for, as 90,120; needs no GPU")
    args = parser.parse_args(arguments)
    began = time.perf_counter()
    if args.sm:
        models, dtype, compiled = configs(args.shape, args.model), dtype_named(args.dtype), {}
        for sm in capabilities(args.sm):
            compiled |= {f"{name}, sm_{sm}": build(config, dtype, sm) for name, config in models.items()}
        report = {"compiled": compiled}
    elif torch.cuda.is_available():
        compile_here(args.model, args.dtype)
        report = {"device": torch.cuda.get_device_name()}
    else:
        raise OrthrusError("no-gpu", "there is no CUDA device here; --sm 90 compiles for one that is elsewhere")
    print(as_json(report | {"seconds": round(time.perf_counter() - began, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
