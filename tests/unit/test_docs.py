"""README and pages of docs/ say only what is there: paths, commands, names; and leave no module out."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from orthrus.checkpoints.folder import revision_of
from orthrus.checkpoints.hub import locate
from orthrus.config import EMBEDDED_MODEL

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", *(f"docs/{name}.md" for name in ("CONTRIBUTING", "architecture", "cli", "exactness", "page")))
TOP = ("orthrus", "kernels", "viz", "tests", "assets", "benchmarks", "docs", "examples")
PATH = re.compile(
    rf"(?<![\w./-])((?:(?:{'|'.join(TOP)})/|\.ci/)[\w./*-]*[\w*/]|[\w-]+\.(?:py|md|toml|txt)|Dockerfile|LICENSE)(?![\w/])"
)


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def missing(text: str) -> list[str]:
    """The paths a text names that do not exist; a `*` must fit at least one."""
    named = {path for path in PATH.findall(text) if "://" not in path}
    return sorted(path for path in named if not any(ROOT.glob(path.rstrip("/"))))


@pytest.mark.parametrize("page", PAGES)
def test_every_path_exists(page):
    assert missing(read(page)) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file(page):
    targets = [t for t in re.findall(r"\]\(([^)#]+)", read(page)) if "://" not in t]
    assert [t for t in targets if not (ROOT / page).parent.joinpath(t).exists()] == []


def test_every_benchmark_that_is_named_can_be_run():
    """In the documents, in the results they are written from, and in what the benchmarks say of themselves."""
    named = set()
    for pattern in ("README.md", "docs/*.md", "benchmarks/**/*.py", "benchmarks/**/*.json"):
        for path in ROOT.glob(pattern):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"python\S* benchmarks/", text), f"{path}: benchmarks are modules"
            named |= set(re.findall(r"-m (benchmarks\.\w[\w.]*\w)", text))
    assert len(named) > 10
    for module in named:
        path = ROOT / f"{module.replace('.', '/')}.py"
        assert path.is_file() and '__name__ == "__main__"' in path.read_text(encoding="utf-8"), module


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("see `orthrus/tracer.py`.", ["orthrus/tracer.py"]),
        ("| `kernels/cuda_*.py` | fast |", ["kernels/cuda_*.py"]),
        ("[here](tests/nowhere/)", ["tests/nowhere/"]),
        ("`python main.py`", ["main.py"]),
        ("`orthrus/trace/trace.py`, `viz/static/`, `kernels/triton_*.py` and `app.py` exist", []),
    ],
)
def test_a_wrong_path_is_found(text, gone):
    assert missing(text) == gone


def test_the_map_leaves_no_module_out():
    named = set(PATH.findall(read("docs/architecture.md")))
    folders = tuple(path for path in named if path.endswith("/") and path.count("/") > 1)
    ours = [p for top in ("orthrus", "kernels", "viz") for p in (ROOT / top).rglob("*.py") if p.stem != "__init__"]
    paths = [p.relative_to(ROOT).as_posix() for p in ours] + ["app.py"]
    left_out = [p for p in paths if not p.startswith(folders) and not any(fnmatchcase(p, name) for name in named)]
    assert left_out == []


def shell_lines(text: str) -> list[list[str]]:
    """The commands of the shell blocks, split into words, without comments; a chain is several."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    chained = (part for block in blocks for line in block.splitlines() for part in line.split("&&"))
    return [words for part in chained if (words := shlex.split(part, comments=True))]


def test_the_commands_are_understood():
    from orthrus.cli import parser
    from orthrus.training.mini.cli import parser as training_parser

    parsers = {"orthrus": parser, "orthrus.training": training_parser}
    seen = set()
    for words in (words for page in ("README.md", "docs/cli.md") for words in shell_lines(read(page))):
        if words[1:2] == ["-m"] and words[2] in parsers:
            seen.add(words[2] + " " + vars(parsers[words[2]]().parse_args(words[3:])).get("verb", ""))
    assert {"orthrus generate", "orthrus lossless", "orthrus evaluate", "orthrus.training "} <= seen


def test_python_examples_name_what_exists():
    blocks = re.findall(r"```python\n(.*?)```", read("docs/cli.md"), re.DOTALL)
    assert blocks
    for block in blocks:
        tree = ast.parse(block)
        modules = {a.name for node in tree.body if isinstance(node, ast.Import) for a in node.names}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                assert hasattr(importlib.import_module(node.value.id), node.attr), node.attr


def test_the_readme_says_the_numbers_of_the_results():
    """Each number stands in a row with its command; who measures anew writes it there, too."""

    def result(name: str) -> dict:
        return json.loads(read(f"benchmarks/results/{name}.json"))

    readme = read("README.md")
    row = re.compile(r"^\|[^|]+\| ([^|]+) \| `[^`|]*?(lossless|evaluate|cpu_speed)\b[^|]*\|$", re.MULTILINE)
    numbers = {command: number for number, command in row.findall(readme)}
    lossless, evaluate = result("lossless"), result("evaluate")
    timed = [result(name) for name in ("cpu-speed", "cpu-speed-avx2")]
    math = next(f["threads"]["1"]["math"] for f in timed if f["model"]["revision"] == evaluate["model"])
    assert numbers == {
        "lossless": f"{lossless['identical']} of {lossless['prompts']}",
        "evaluate": f"{evaluate['tpf']:.2f}",
        "cpu_speed": f"{math['ways']['Orthrus']['over_ar']:.2f}",
    }
    stored = revision_of(locate(str(EMBEDDED_MODEL)))
    assert lossless["revision"] == evaluate["model"] == stored, "the numbers are of the weights that are there"
    assert lossless["rows_equal"] == lossless["rows_compared"]
    assert f" is {math['ratios']['AR over llama.cpp float16']:.2f} times as fast as llama.cpp's in float16" in " ".join(
        readme.split()
    )


def test_the_map_of_the_gpu_folder_names_its_modules():
    """Each line begins with a module's name; a line of two names holds both."""
    package = importlib.import_module("orthrus.gpu")
    lines = [line for line in package.__doc__.splitlines()[1:] if re.match(r"[a-z_]+(,|\s{2,}|$)", line)]
    named = {name for line in lines for name in re.match(r"[a-z_]+(?:, [a-z_]+)*", line)[0].split(", ")}
    assert named == {path.stem for path in (ROOT / "orthrus" / "gpu").glob("*.py")} - {"__init__"}


def test_the_drafters_mixture_is_told_as_it_is():
    from orthrus.training.stages import DRAFT_MIXTURE

    times = {0.5: "half", 1.5: "one and a half times", 2.0: "twice", 4.5: "four and a half times"}
    shares = {"copying": "copy", "reckoning": "math", "code": "code", "stories": "stories"}
    told = ", ".join(f"{word} {times[DRAFT_MIXTURE[domain]]}" for word, domain in shares.items())
    assert f"all alike, but {told};" in " ".join(read("docs/training.md").split())
    assert {d for d, share in DRAFT_MIXTURE.items() if share != 1} == set(shares.values())


def tensor_functions(source: str) -> dict[str, str]:
    """Public functions that take or return a tensor -> their docstrings."""
    typed = re.compile(r"\b(Tensor|ndarray)\b")

    def of(node: ast.AST) -> Iterator[ast.FunctionDef]:
        for child in getattr(node, "body", ()):
            if isinstance(child, ast.ClassDef):
                yield from of(child)
            elif isinstance(child, ast.FunctionDef) and not child.name.startswith("_"):
                yield child

    annotated = {
        f: [a.annotation for a in (*f.args.args, *f.args.kwonlyargs)] + [f.returns] for f in of(ast.parse(source))
    }
    return {
        f.name: ast.get_docstring(f) or ""
        for f, types in annotated.items()
        if any(kind is not None and typed.search(ast.unparse(kind)) for kind in types)
    }


@pytest.mark.parametrize("package", ["orthrus", "kernels"])
def test_a_public_function_of_tensors_states_their_shapes(package):
    silent = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / package).rglob("*.py")
        for name, said in tensor_functions(path.read_text(encoding="utf-8")).items()
        if "[" not in said
    ]
    assert silent == []
    assert tensor_functions("def f(x: Tensor):\n '''Doubles it.'''") == {"f": "Doubles it."}
