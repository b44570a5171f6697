"""What importing one module of this project loads along, and what never."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.util import resolve_name
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("orthrus", "kernels", "viz")


class Import(NamedTuple):
    """One imported name; `later`: inside a function, or for type checking only."""

    name: str
    later: bool


@lru_cache
def sources() -> dict[str, str]:
    """module name -> source, of everything the table speaks about."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    found = {module_name(path): path.read_text(encoding="utf-8") for path in files}
    return found | {"app": (ROOT / "app.py").read_text(encoding="utf-8")}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def is_package(module: str) -> bool:
    return (ROOT / module.replace(".", "/") / "__init__.py").is_file()


def imports(module: str, source: str) -> Iterator[Import]:
    """What `source`, as the text of `module`, imports beyond the standard library."""
    for node, later in _walk(ast.parse(source), False):
        for name in _names(node, module):
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names:
                yield Import(name if top in (*PACKAGES, "app") else top, later)


def _walk(node: ast.AST, later: bool) -> Iterator[tuple[ast.AST, bool]]:
    yield node, later
    for child in ast.iter_child_nodes(node):
        inner = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        typing_only = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        yield from _walk(child, later or inner or typing_only)


def _names(node: ast.AST, module: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = module if is_package(module) else module.rpartition(".")[0]
        base = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module
        for alias in node.names:
            yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in sources() else base
    elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
        yield from _spelled(node.args[0])


def _spelled(node: ast.expr) -> Iterator[str]:
    """The names a dynamic import can mean: `f"kernels.triton_{stem}"` is kernels.triton_*, a variable is anything."""
    if isinstance(node, ast.Constant):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_spelled(node.body), *_spelled(node.orelse))
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        yield node.values[0].value + "*"
    else:
        yield "*"


def loaded_with(module: str) -> set[str]:
    """Everything that importing `module` imports in turn, its parent packages included."""
    seen, todo = set(), [module]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in sources():
            todo += [found for found, later in imports(name, sources()[name]) if not later]
            todo += [name.rpartition(".")[0]] if "." in name else []
    return seen


@pytest.mark.parametrize(
    ("modules", "never"),
    [
        ("orthrus.trace", "torch transformers"),
        ("orthrus.trace.files", "torch transformers"),
        ("orthrus.config", "torch"),
        (
            "orthrus.decoding.autoregressive",
            "orthrus.decoding.draft_verify orthrus.decoding.acceptance orthrus.training.*",
        ),
        ("orthrus.decoding.draft_verify", "orthrus.training.* orthrus.trace"),
        ("orthrus.*", "gradio plotly viz viz.*"),
        ("kernels*", "orthrus orthrus.* viz viz.* gradio plotly transformers"),
        ("viz*", "torch transformers gradio kernels.*"),
    ],
)
def test_what_is_never_loaded_along(modules, never):
    for module in (name for name in sources() if fnmatchcase(name, modules)):
        loaded = loaded_with(module)
        assert not [n for n in loaded if any(fnmatchcase(n, p) for p in never.split())], module


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


BLOCKED = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("gradio", "plotly"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
for name in ("gradio", "plotly.graph_objects"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    sys.exit(f"{name} is not blocked")
"""


def test_the_trace_loads_no_torch():
    assert run("import sys, orthrus, orthrus.trace; print('torch' in sys.modules)") == "False"


def test_all_but_the_page_and_the_charts_import_without_gradio_and_plotly():
    triton_only = [m for m in sources() if fnmatchcase(m, "kernels.triton_*")]
    needed = sorted(m for m in sources() if m not in ("app", "viz.export.figures", *triton_only))
    assert {"orthrus", "kernels", "orthrus.__main__", "viz.views.catalogue"} <= set(needed)
    assert run(f"{BLOCKED}\nimport {', '.join(needed)}\nprint('imported')") == "imported"


def test_our_kernels_package_is_found_and_transformers_leaves_it_alone():
    code = """
import kernels, transformers
from transformers import Qwen3ForCausalLM
from transformers.utils import is_kernels_available
print(kernels.__file__, kernels.__version__, is_kernels_available(), sep="\\n")
"""
    assert run(code).splitlines()[-3:] == [str(ROOT / "kernels" / "__init__.py"), "0.0.0", "False"]
