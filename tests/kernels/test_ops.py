"""The front door: who answers, what is refused, and that three signatures stay one. Needs no Triton."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from kernel_cases import randn, rope_table, scalar

import kernels
from kernels import ops, records, reference

FOLDER = Path(ops.__file__).parent
LAUNCHERS = {
    **{name: name for name in ("linear", "attention", "rmsnorm", "qk_norm_rope", "argmax", "accept")},
    **{
        "linear_parts": "linear",
        "tree_attention": "attention",
        "linear_silu_mul": "linear",
        "add_rmsnorm": "rmsnorm",
        "gumbel_argmax": "argmax",
        "kl": "kl",
        "kl_slope": "kl",
    },
}


def arguments(name):
    """A small valid call of each operation."""
    x, qkv = randn(2, 16), randn(2, 64)
    cache = [randn(1, 8, 16, seed=s) for s in (1, 2)]
    tree = torch.tensor([[0, 0], [0, 1], [0, 2]], dtype=torch.int32), torch.tensor([0, 1, 1], dtype=torch.int32)
    words = [torch.zeros(n, dtype=torch.int32) for n in (3, 3)]
    return {
        "linear": (x, randn(4, 16)),
        "linear_parts": (x, randn(4, 16)),
        "linear_silu_mul": (x, randn(4, 16)),
        "attention": (randn(2, 2, 16), *cache, scalar(3)),
        "tree_attention": (randn(3, 2, 16), *cache, scalar(3), *[randn(1, 3, 16)] * 2, *tree),
        "rmsnorm": (x, torch.ones(16), 1e-6),
        "add_rmsnorm": (x, x, torch.ones(16), 1e-6),
        "qk_norm_rope": (qkv, *[torch.ones(16)] * 2, *rope_table(8, 16), scalar(3), *cache, "cache", 1e-6),
        "argmax": (x,),
        "kl": (x, x, torch.tensor([1, 0])),
        "kl_slope": (x, x, torch.tensor([1, 0]), randn(2, 2)),
        "gumbel_argmax": (x, scalar(3), scalar(1, torch.int64), scalar(1.0, torch.float32)),
        "accept": (
            *words,
            records.make_state(1, 1, 5, 9, 9),
            scalar(-1),
            torch.zeros(9).int(),
            records.make_ring(2, 3),
        ),
    }[name]


def clones(values):
    return [v.clone() if isinstance(v, torch.Tensor) else v for v in values]


# ---------------------------------------------------------------- the package
def test_the_package_is_ours_imports_nothing_and_stands_beside_transformers():
    assert Path(kernels.__file__).parent == FOLDER and kernels.__version__ == "0.0.0"
    lines = ast.parse(Path(kernels.__file__).read_text()).body
    assert not any(isinstance(line, ast.Import | ast.ImportFrom) for line in lines)
    run("import kernels, transformers; from transformers import Qwen3ForCausalLM")


def test_importing_and_using_the_front_door_needs_no_triton():
    run(
        "import sys; sys.modules['triton'] = None\n"
        "import torch; from kernels import ops\n"
        "assert ops.linear(torch.ones(1, 4), torch.ones(2, 4)).tolist() == [[4.0, 4.0]]"
    )


def run(code):
    subprocess.run([sys.executable, "-c", code], check=True, cwd=FOLDER.parent)


def test_triton_is_imported_only_in_its_own_files():
    for path in FOLDER.glob("*.py"):
        imported = {
            (node.module if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert "triton" not in imported or path.stem.startswith("triton_")
        assert not imported & {"numba", "llvmlite"} or path.stem.startswith("numba_")
        known = {"torch", "triton", "kernels", "math", "os", "typing", "importlib", "collections"}
        compiling = {"__future__", "numba", "llvmlite", "numpy", "functools", "hashlib", "itertools", "pathlib"}
        compiling |= {"platform", "stat", "sys", "tempfile"}
        assert imported <= known | (compiling if path.stem.startswith("numba_") else set()), path


# ---------------------------------------------------------------- signatures
@pytest.mark.parametrize("name", LAUNCHERS)
def test_the_three_signatures_agree(name):
    front, plain = inspect.signature(getattr(ops, name)), inspect.signature(getattr(reference, name))
    *parameters, backend = front.parameters.values()
    assert backend.name == "backend" and backend.default == "auto"
    assert parameters == list(plain.parameters.values())
    assert front.return_annotation == plain.return_annotation
    assert written_signature(FOLDER / f"triton_{LAUNCHERS[name]}.py", name) == written_signature(
        FOLDER / "reference.py", name
    )


def written_signature(path, name):
    """Arguments, defaults and annotations as source: reading them must not import Triton."""
    (found,) = (n for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef) and n.name == name)
    return ast.unparse(found.args), ast.unparse(found.returns)


def test_every_front_door_is_listed_here():
    public = {n for n, f in vars(ops).items() if inspect.isfunction(f) and "backend" in inspect.signature(f).parameters}
    assert {n for n in public if not n.startswith("_")} - {"backend_for", "distribution", "gaps"} == set(LAUNCHERS)


# ---------------------------------------------------------------- choice
@pytest.mark.parametrize("name", LAUNCHERS)
@pytest.mark.parametrize("backend", ["auto", "reference"])
def test_the_reference_answers_on_the_cpu(name, backend):
    through, direct = clones(arguments(name)), clones(arguments(name))
    result, expected = getattr(ops, name)(*through, backend=backend), getattr(reference, name)(*direct)
    torch.testing.assert_close([result], [expected], rtol=0, atol=0) if result is not None else None
    for a, b in zip(through, direct, strict=True):
        assert not isinstance(a, torch.Tensor) or torch.equal(a, b), "written in place alike"


@pytest.mark.parametrize("name", LAUNCHERS)
def test_triton_on_a_cpu_tensor_is_refused(name):
    with pytest.raises(ValueError, match="backend 'triton' was requested, but"):
        getattr(ops, name)(*arguments(name), backend="triton")


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="backend is 'cuda'"):
        ops.argmax(torch.zeros(1, 4), backend="cuda")


# ---------------------------------------------------------------- shapes
INT64 = torch.tensor([3])
REFUSED = {
    "columns differ": ("linear", {0: randn(2, 15)}, r"weight is \[4, 16\], expected \[rows, 15\]"),
    "no rows": ("linear", {0: randn(0, 16)}, r"x is \[0, 16\]"),
    "dtypes differ": ("linear", {1: randn(4, 16).bfloat16()}, r"x torch.float32, weight torch.bfloat16"),
    "int64 length": ("attention", {3: INT64}, r"length is torch.int64 \[1\], expected torch.int32 \[1\]"),
    "flat query": ("attention", {0: randn(2, 32)}, r"q is \[2, 32\]"),
    "uneven heads": ("attention", {1: randn(4, 8, 16), 2: randn(4, 8, 16), 0: randn(2, 6, 16)}, r"6 query heads .* 4"),
    "other head_dim": ("attention", {0: randn(2, 2, 8)}, r"expected both \[kv_heads, rows, 8\]"),
    "strides differ": ("attention", {2: randn(1, 16, 8).mT}, r"strides \(128, 16, 1\) and \(128, 1, 8\)"),
    "norm weight": ("rmsnorm", {1: torch.ones(15)}, r"weight is torch.float32 \[15\], expected torch.float32 \[16\]"),
    "odd rows of two halves": ("linear_silu_mul", {1: randn(5, 16)}, r"gate_up is \[5, 16\]: two halves need"),
    "slices of another width": ("add_rmsnorm", {0: randn(2, 2, 15)}, r"x is \[2, 2, 15\], residual is \[2, 16\]"),
    "rounded slices": (
        "add_rmsnorm",
        {0: randn(2, 2, 16).bfloat16()},
        r"x is torch.bfloat16 \[2, 2, 16\]: slices come",
    ),
    "product in another dtype": (
        "add_rmsnorm",
        {0: randn(2, 16).half()},
        r"x torch.float16, what it goes into torch.float32",
    ),
    "residual": ("add_rmsnorm", {1: randn(3, 16)}, r"x is \[2, 16\], residual is \[3, 16\]"),
    "no query heads": ("qk_norm_rope", {0: randn(2, 32)}, r"qkv has 32 columns"),
    "into": ("qk_norm_rope", {8: "somewhere"}, r"into is 'somewhere'"),
    "short table": (
        "qk_norm_rope",
        {3: rope_table(7, 16)[0], 4: rope_table(7, 16)[1]},
        r"7 positions, the cache 8 rows",
    ),
    "flat logits": ("argmax", {0: randn(16)}, r"logits is \[16\]"),
    "other vocabulary": ("kl", {1: randn(2, 15)}, r"teacher is \[2, 15\], expected \[rows, 16\]"),
    "int32 index": ("kl", {2: torch.zeros(2).int()}, r"index is torch.int32 \[2\], expected torch.int64 \[2\]"),
    "int32 seed": ("gumbel_argmax", {2: scalar(1)}, r"seed is torch.int32 \[1\]"),
    "choice": ("accept", {1: torch.zeros(4).int()}, r"choice is torch.int32 \[4\], expected torch.int32 \[3\]"),
    "no eos": ("accept", {3: torch.zeros(0).int()}, r"eos is empty"),
    "ring": ("accept", {5: torch.zeros(2, 12).int()}, r"ring is torch.int32 \[2, 12\], expected int32 \[slots, 13\]"),
}


@pytest.mark.parametrize(("name", "changes", "message"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_named(name, changes, message):
    values = list(arguments(name))
    for place, value in changes.items():
        values[place] = value
    with pytest.raises(ValueError, match=message):
        getattr(ops, name)(*values)


def test_blocks_that_do_not_fit_are_named():
    q, k_cache, v_cache, length = arguments("attention")
    block = randn(1, 3, 16)
    with pytest.raises(ValueError, match="come together"):
        ops.attention(q, k_cache, v_cache, length, block)
    ops.attention(q, k_cache, v_cache, length, block, block)
    with pytest.raises(ValueError, match=r"block keys are \[2, 3, 16\], the cache has 1"):
        ops.attention(q, k_cache, v_cache, length, randn(2, 3, 16), randn(2, 3, 16))
    with pytest.raises(ValueError, match="block of 1 rows cannot take 2"):
        values = list(arguments("qk_norm_rope"))
        values[6:9] = [randn(1, 1, 16), randn(1, 1, 16), "block"]
        ops.qk_norm_rope(*values)
