"""Runs the real launchers up to the launch itself: a driver that names a GPU, and launches that only compile.

What comes back is the very binary a launch on that GPU would load: same specialisation, same settings. Tensors are
ordinary CPU tensors whose contents nobody reads.
"""

import os
import re
import subprocess
import tempfile
from contextlib import contextmanager
from typing import NamedTuple

import triton
from triton.backends.compiler import GPUTarget
from triton.runtime.driver import driver
from triton.runtime.jit import JITFunction

TOOLS = os.path.join(os.path.dirname(triton.__file__), "backends", "nvidia", "bin")


class Binary(NamedTuple):
    """One compiled kernel."""

    name: str
    key: str  # equal for equal binaries
    ptx: str
    cubin: bytes
    shared: int  # bytes, dynamic
    settings: dict


class NoGpu:
    """Answers what Triton's front end asks of a driver."""

    def __init__(self, sm):
        self.sm = sm

    def get_current_target(self):
        return GPUTarget("cuda", self.sm, 32)

    def get_current_device(self):
        return self.sm  # caches are kept by device: one for each target

    def get_current_stream(self, device):
        return 0


@contextmanager
def compile_only(sm):
    """Inside, a launch of a Triton kernel compiles it for this target and adds it to the list."""
    binaries, run = [], JITFunction.run

    def compile_instead(self, *args, grid, warmup, **kwargs):
        kernel = run(self, *args, grid=grid, warmup=True, **kwargs)
        binaries.append(
            Binary(
                self.fn.__name__, kernel.hash, kernel.asm["ptx"], kernel.asm["cubin"], kernel.metadata.shared, kwargs
            )
        )
        return kernel

    driver.set_active(NoGpu(sm))  # for good: there is no driver to go back to, and this process launches nothing
    JITFunction.run = compile_instead
    try:
        yield binaries
    finally:
        JITFunction.run = run


def resources(binary):
    """{"REG", "STACK", "SHARED", "LOCAL": bytes or registers}; spilled registers show as STACK."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(binary.cubin)
        file.flush()
        tool = os.path.join(TOOLS, "cuobjdump")
        out = subprocess.run([tool, "--dump-resource-usage", file.name], capture_output=True, text=True, check=True)
    return {name: int(value) for name, value in re.findall(r"\b(REG|STACK|SHARED|LOCAL):(\d+)", out.stdout)}
