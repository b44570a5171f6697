"""Compiling ahead: the whole captured sequence, without a GPU, into a folder; the second time nothing is compiled."""

import json
import sys

import pytest
import torch
from test_aot_binaries import BUDGET, TRAINING
from torch.utils._python_dispatch import TorchDispatchMode
from triton.runtime.jit import JITFunction

from orthrus import precompile
from orthrus.config import ModelConfig
from orthrus.errors import OrthrusError
from orthrus.gpu import kernel_cache
from orthrus.gpu.cost import SHAPES, launches
from orthrus.gpu.cycle import Cycle
from orthrus.gpu.passes import Stack
from orthrus.model.dual_view import Orthrus

VIEWS = (
    "view",
    "slice",
    "expand",
    "alias",
    "detach",
    "empty",
    "new_empty",
    "zeros",
    "ones",
    "arange",
    "t.",
    "transpose",
    "permute",
)


def forget():
    """As in another process: of what was compiled, nothing is left but the folder."""
    for kernel in loaded_kernels():
        kernel.device_caches.clear()


def binaries(folder):
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*.cubin")}


def test_a_second_time_nothing_is_compiled(built, cold_cache):
    """Of what was compiled in other processes."""
    made = binaries(cold_cache)
    assert {path.name.removesuffix(".cubin") for path in made} >= BUDGET.keys() - TRAINING
    forget()
    found = precompile.compile_for(SHAPES["1.7b"], torch.bfloat16, 90)
    assert {binary.name for binary in found} == BUDGET.keys() - TRAINING and binaries(cold_cache) == made
    assert precompile.used(found, 90) == built["1.7b", 90]


class Nodes(TorchDispatchMode):
    """Counts torch operations that are nodes of a graph: all but those that only make or look at a tensor."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func._schema.name.removeprefix("aten::")
        if not any(name.startswith(view) for view in VIEWS):
            self.names.append(name)
        return func(*args, **(kwargs or {}))


class Sending(precompile.NoDevice):
    """Its copy to the host is a node, too."""

    sent = 0

    def send(self, source, target):
        self.sent += 1


@pytest.mark.parametrize(("kind", "block"), [("step", 1), ("cycle", 32)])
def test_a_graph_has_as_many_nodes_as_are_counted(kind, block, built):
    """Each launch of a short kernel costs what reading some megabytes of weights does."""
    layers = 2
    config = ModelConfig(**{**vars_of(SHAPES["1.7b"]), "num_hidden_layers": layers})
    with torch.device("meta"):
        model = Orthrus(config).to(torch.bfloat16).fuse()
        stack, cache, device = Stack(model), model.new_cache(1024), Sending()
        cycle = Cycle(stack, cache, stack.angles(cache), device, block, False)
        with torch.inference_mode(), precompile.compiled_only(90) as launched, Nodes() as nodes:
            cycle.launch()
    assert len(launched) + len(nodes.names) + device.sent == launches(config)[kind], nodes.names


def vars_of(config):
    return {name: getattr(config, name) for name in config.__dataclass_fields__}


def loaded_kernels():
    modules = [module for name, module in sys.modules.items() if name.startswith("kernels.triton_")]
    return [value for module in modules for value in vars(module).values() if isinstance(value, JITFunction)]


def test_the_command_takes_shapes_and_says_what_it_made(built, capsys):
    assert precompile.main(["--shape", "embedded,1.7B", "--sm", "90"]) == 0
    made = json.loads(capsys.readouterr().out)["compiled"]
    assert made["1.7b, sm_90"] == built["1.7b", 90] and made["embedded, sm_90"] == built["embedded", 90]
    assert kernel_cache.is_compiled(SHAPES["1.7b"], torch.bfloat16, 90)
    assert precompile.main(["--shape", "2b", "--sm", "90"]) == 2
    assert "shape '2b' is not one of embedded, 0.6b" in capsys.readouterr().err
    assert precompile.main(["--sm", "90", "--dtype", "float64"]) == 2
    assert "dtype 'float64' is not one of" in capsys.readouterr().err


def test_what_a_program_cannot_have_is_refused(built, monkeypatch):
    found = precompile.compile_for(SHAPES["1.7b"], torch.bfloat16, 90)
    monkeypatch.setitem(precompile.SHARED_LIMIT, 90, 48 * 1024)
    with pytest.raises(OrthrusError) as error:
        precompile.used(found, 90)
    assert error.value.code == "kernel-too-large"


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what is missing where there is no GPU")
def test_without_a_gpu_and_a_target_it_refuses(capsys):
    assert precompile.main([]) == 2
    assert "there is no CUDA device here; --sm 90 compiles" in capsys.readouterr().err
