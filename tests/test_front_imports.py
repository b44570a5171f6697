"""Who may import whom, for the events, the trace, the views and the page."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED = {  # our own modules a module may import; the standard library is always allowed
    "orthrus/records.py": set(),
    "orthrus/growing.py": set(),
    "orthrus/events.py": {"orthrus.records"},
    "orthrus/text.py": {"orthrus.events"},
    "orthrus/metrics.py": {"orthrus.trace"},
    "orthrus/trace.py": {"orthrus.events", "orthrus.growing", "orthrus.metrics", "orthrus.text"},
    "orthrus/invariants.py": {"orthrus.events", "orthrus.trace"},
    "orthrus/recording.py": {"orthrus.events", "orthrus.trace"},
}
FOR_VIEWS = ("orthrus.events", "orthrus.trace", "orthrus.text", "orthrus.metrics", "orthrus.recording", "viz")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found - set(sys.stdlib_module_names) - {n for n in found if n.split(".")[0] in sys.stdlib_module_names}


@pytest.mark.parametrize("name", ALLOWED)
def test_the_facts_import_the_standard_library_and_what_lies_below(name):
    assert imported(ROOT / name) <= ALLOWED[name]


@pytest.mark.parametrize("path", sorted((ROOT / "viz").glob("*.py")), ids=lambda p: p.name)
def test_views_import_events_the_trace_each_other_and_plotly(path):
    for name in imported(path):
        assert name.startswith(FOR_VIEWS) or name.split(".")[0] == "plotly", f"{path.name} imports {name}"


def test_only_the_page_imports_gradio():
    ours = [*ROOT.glob("orthrus/**/*.py"), *ROOT.glob("viz/**/*.py"), *ROOT.glob("kernels/**/*.py")]
    assert [str(p) for p in ours if any(n.split(".")[0] == "gradio" for n in imported(p))] == []


@pytest.mark.parametrize(
    "module", ["orthrus.trace", "orthrus.recording", "orthrus.invariants", "viz.player", "viz.gallery"]
)
def test_reading_and_drawing_a_trace_loads_no_heavy_library(module):
    heavy = ("torch", "transformers", "gradio", "plotly", "numpy")
    code = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
