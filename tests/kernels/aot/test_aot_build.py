"""Compiling ahead: the whole captured sequence, without a GPU, into a folder; the second time nothing is compiled."""

import sys

import compiling
import pytest
import torch
from test_aot_binaries import BUDGET
from triton.runtime.jit import JITFunction

from benchmarks.harness import SHAPES
from orthrus.gpu import build
from orthrus.gpu.cycle import Cycle
from orthrus.gpu.stack import Stack
from orthrus.model import Orthrus

APART = {"_kl_kernel", "_kl_slope_kernel", "_silu_mul_kernel"}  # of training; of the products it is measured against


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
    assert names == BUDGET.keys() - APART
    made = binaries(folder)
    assert {path.name.removesuffix(".cubin") for path in made} == names
    forget()
    build.compile_for(SHAPES["1.7b"], torch.bfloat16, 90)
    assert binaries(folder) == made


@pytest.mark.parametrize(("block", "passes"), [(1, 1), (32, 2)])
def test_a_layer_is_nine_launches_a_pass(block, passes):
    """Each launch of a short kernel costs what reading some megabytes of weights does."""

    def launches(layers):
        with torch.device("meta"):
            model = Orthrus(SHAPES["1.7b"]).to(torch.bfloat16).fuse()
            stack, cache = Stack(model), model.new_cache(1024)
            stack.layers = stack.layers[:layers]
            cycle = Cycle(stack, cache, stack.angles(cache), build.NoDevice(), block, False)
            with torch.inference_mode(), compiling.compile_only(90) as binaries:
                cycle.launch()
        return len(binaries)

    assert launches(2) - launches(1) == 9 * passes


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
