"""Compiling ahead: the whole captured sequence, without a GPU, into a folder; the second time nothing is compiled."""

import sys

import pytest
import torch
from test_aot_binaries import BUDGET
from triton.runtime.jit import JITFunction

from benchmarks.harness import SHAPES
from orthrus.gpu import build

TRAINING = {"_kl_kernel", "_kl_slope_kernel"}  # not a part of decoding


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    forget()
    return tmp_path


def forget():
    """As in another process: of what was compiled, nothing is left but the folder."""
    for kernel in loaded_kernels():
        kernel.device_caches.clear()


def binaries(folder):
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*.cubin")}


def test_everything_a_run_launches_is_compiled_once(folder):
    names = build.compile_for(SHAPES["1.7b"], torch.bfloat16, 90)
    assert names == BUDGET.keys() - TRAINING
    made = binaries(folder)
    assert {path.name.removesuffix(".cubin") for path in made} == names
    forget()
    build.compile_for(SHAPES["1.7b"], torch.bfloat16, 90)
    assert binaries(folder) == made


def loaded_kernels():
    modules = [module for name, module in sys.modules.items() if name.startswith("kernels.triton_")]
    return [value for module in modules for value in vars(module).values() if isinstance(value, JITFunction)]


def test_the_command_says_what_it_made(folder, capsys):
    assert build.main(["--sm", "80"]) == 0
    assert "_span_kernel" in capsys.readouterr().out and binaries(folder)
    assert build.main(["--sm", "90", "--dtype", "float64"]) == 2
    assert "dtype 'float64' is not one of" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what is missing where there is no GPU")
def test_without_a_gpu_and_a_target_it_refuses(capsys):
    assert build.main([]) == 2
    assert "there is no CUDA device here; --sm 90 compiles" in capsys.readouterr().err
