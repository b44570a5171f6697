"""Two lanes need a process each, and neither can be this one: Triton decides at its first import whether it interprets.

    TRITON_INTERPRET=1 python -m pytest tests/kernels/interpreted
    python -m pytest tests/kernels/aot

They are collected only when a path inside them is given. Then they run, or their own conftest refuses: asking for a
lane never skips it.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LANES = [HERE / "interpreted", HERE / "aot"]
sys.path.insert(0, str(HERE))  # kernel_cases and mini_stack serve several folders


def pytest_ignore_collect(collection_path, config):
    for lane in LANES:
        if collection_path == lane or lane in collection_path.parents:
            return None if _asked(lane, config) else True
    return None


def _asked(lane: Path, config) -> bool:
    given = [(config.invocation_params.dir / arg.split("::")[0]).resolve() for arg in config.args]
    return any(path == lane or lane in path.parents for path in given)
