"""The compiler without a GPU: `python -m pytest tests/kernels/aot`."""

import os

import pytest

COMMAND = "python -m pytest tests/kernels/aot, without TRITON_INTERPRET"


def pytest_configure(config):
    if os.environ.get("TRITON_INTERPRET", "0") not in ("", "0"):
        raise pytest.UsageError(f"interpreted kernels cannot be compiled, run this in a process of its own: {COMMAND}")
    from kernels import triton_common

    if triton_common.interpreted():
        raise pytest.UsageError(f"Triton was imported as an interpreter: {COMMAND}")


@pytest.fixture(scope="session", autouse=True)
def cold_cache(tmp_path_factory):
    """Compile everything: a binary from an earlier run proves nothing about this source."""
    os.environ["TRITON_CACHE_DIR"] = str(tmp_path_factory.mktemp("triton"))
