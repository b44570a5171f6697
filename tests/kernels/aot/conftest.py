"""The compiler without a GPU: `python -m pytest tests/kernels/aot`.

The shapes of all checkpoints are compiled once, by `orthrus.precompile` in two processes, into a folder of this
session.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = "python -m pytest tests/kernels/aot, without TRITON_INTERPRET"
ALL, LARGEST = ("embedded", "0.6b", "1.7b", "4b", "8b"), ("1.7b", "8b")
# Capabilities of the GPUs that are lent (9.0, 12.0) and the least shared memory with the older instructions (8.6): all
# shapes. The others differ from one of these in a limit or in few instructions: the two published heads.
SHAPES_BY_SM = {86: ALL, 90: ALL, 120: ALL, 80: LARGEST, 89: LARGEST, 100: LARGEST}
HALVES = ((86, 100, 80), (90, 120, 89))  # compiled side by side


def pytest_configure(config):
    if os.environ.get("TRITON_INTERPRET", "0") not in ("", "0"):
        raise pytest.UsageError(f"interpreted kernels cannot be compiled, run this in a process of its own: {COMMAND}")
    from kernels import triton_common

    if triton_common.interpreted():
        raise pytest.UsageError(f"Triton was imported as an interpreter: {COMMAND}")


@pytest.fixture(scope="session", autouse=True)
def cold_cache(tmp_path_factory):
    """Compile everything: a binary from an earlier run proves nothing about this source."""
    folder = tmp_path_factory.mktemp("triton")
    os.environ["TRITON_CACHE_DIR"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def built(cold_cache):
    """(shape, sm) -> what each kernel takes there, by what `orthrus.precompile` noted."""
    import torch

    from orthrus.gpu import kernel_cache
    from orthrus.precompile import configs

    done = [_compile(half) for half in HALVES]
    for process in done:
        out, _ = process.communicate()
        assert process.returncode == 0, out
    cases = [(shape, sm) for sm, shapes in SHAPES_BY_SM.items() for shape in shapes]
    sizes = configs(",".join(ALL), "")
    return {(shape, sm): kernel_cache.noted(sizes[shape], torch.bfloat16, sm) for shape, sm in cases}


def _compile(half):
    run = "import sys; from orthrus.precompile import main; sys.exit(max(main(a.split()) for a in sys.argv[1:]))"
    asked = [f"--shape {','.join(SHAPES_BY_SM[sm])} --sm {sm}" for sm in half]
    root = Path(__file__).resolve().parents[3]
    return subprocess.Popen(
        [sys.executable, "-c", run, *asked], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
