"""Compile every kernel a model needs into Triton's cache folder, ahead of the first run.

    TRITON_CACHE_DIR=/cache python -m orthrus.gpu.build --model chiennv/Orthrus-Qwen3-1.7B          # for the GPU here
    TRITON_CACHE_DIR=/cache python -m orthrus.gpu.build --model assets/orthrus-mini --sm 90         # without a GPU

A process forked for one call has no time to compile. With --sm nothing is launched and no weight is read: the very
sequence that is captured later runs on tensors that have shapes and no memory, and each launch stops at its binary. The
folder is then good for every machine with that compute capability and the same version of Triton.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch

from orthrus.checkpoint import config_of, dtype_named
from orthrus.config import ModelConfig
from orthrus.gpu import needs
from orthrus.gpu.cycle import Cycle
from orthrus.gpu.stack import Stack
from orthrus.model import Orthrus


class NoDevice:
    """What a cycle's launches ask of a device, for a sequence that is only compiled."""

    backend = "triton"

    def working(self):
        return nullcontext()

    def host_buffer(self, like):
        return torch.empty_like(like)

    def send(self, source, target):
        pass

    def stamp(self, times, state, mark):
        from kernels.triton_stamp import stamp

        stamp(times, state, mark)


@contextmanager
def compiled_only(sm: int) -> Iterator[set[str]]:
    """Inside, a launch compiles its kernel for this compute capability (90: sm_90) and adds its name to the set."""
    from triton.backends.compiler import GPUTarget
    from triton.runtime.driver import driver
    from triton.runtime.jit import JITFunction

    class Described:
        def get_current_target(self):
            return GPUTarget("cuda", sm, 32)

        def get_current_device(self):
            return sm  # binaries are kept by device: one for each target

        def get_current_stream(self, device):
            return 0

    run, names = JITFunction.run, set()

    def compile_instead(self, *args, grid, warmup, **kwargs):
        names.add(self.fn.__name__)
        return run(self, *args, grid=grid, warmup=True, **kwargs)

    driver.set_active(Described())
    JITFunction.run = compile_instead
    try:
        yield names
    finally:
        JITFunction.run = run


@torch.inference_mode()
def compile_for(config: ModelConfig, dtype: torch.dtype, sm: int) -> set[str]:
    """Compile what prefill, cycles and AR steps launch, greedy and sampled; returns the kernels' names."""
    with torch.device("meta"):
        model = Orthrus(config).to(dtype).fuse()
        stack, device = Stack(model), NoDevice()
        stack.layers = stack.layers[:1]  # all layers have the same shapes
        cache = model.new_cache(needs.bucket(config, 1))
        angles = stack.angles(cache)
        with compiled_only(sm) as names:
            for block in (1, config.block_size):
                for sampled in (False, True):
                    Cycle(stack, cache, angles, device, block, sampled).launch()
    return names


def compile_here(source: str, dtype: str) -> None:
    """Run on the GPU that is here: binaries and what launches them are both made."""
    from orthrus.checkpoint import load_model
    from orthrus.engines import warm_up

    warm_up(load_model(source, "cuda", dtype, "exact"))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m orthrus.gpu.build", description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="", help="checkpoint folder or hub id (default: the embedded model)")
    parser.add_argument("--dtype", default="bfloat16", help="float32 or bfloat16")
    parser.add_argument("--sm", type=int, help="compute capability to compile for, as 90 for an H200; needs no GPU")
    args = parser.parse_args(arguments)
    began = time.perf_counter()
    try:
        if args.sm is not None:
            made = {"kernels": sorted(compile_for(config_of(args.model), dtype_named(args.dtype), args.sm))}
        elif torch.cuda.is_available():
            compile_here(args.model, args.dtype)
            made = {"device": torch.cuda.get_device_name()}
        else:
            raise ValueError("there is no CUDA device here; --sm 90 compiles for one that is elsewhere")
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(made | {"seconds": round(time.perf_counter() - began, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
