"""Shared fixtures, and how the default lane runs: one thread a test, several processes if pytest-xdist is there."""

from __future__ import annotations

import os

# No test may look for a network; set before transformers or gradio is imported.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# A test that needs more threads takes them. Others then compute the same on every number of cores, and as quickly.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

MOST_PROCESSES = 4  # each holds torch, transformers and gradio: about 1 GB

try:
    from hypothesis import settings

    settings.register_profile("shared-cores", deadline=None, derandomize=True)
    settings.load_profile("shared-cores")
except ImportError:  # a machine with only what decoding needs runs the tests that need no hypothesis
    pass


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Spread the default lane over the cores, a file at a time, so that what a file starts is started once.

    Only if pytest-xdist is installed, neither files nor -n nor --pdb are asked for, and the lane is not the browser's.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:  # one of those processes: it has none of its own
        return
    option, alone = config.option, config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    if alone or not config.pluginmanager.hasplugin("xdist") or option.usepdb or option.collectonly:
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if option.numprocesses is None and option.dist == "no" and option.markexpr != "ui" and cores > 1:
        option.numprocesses, option.dist = min(cores, MOST_PROCESSES), "loadfile"


@pytest.fixture(scope="session")
def tiny():
    """A LoadedModel of random weights: 2 layers, 64 wide, grouped heads, byte vocabulary, context 128."""
    from tests.tiny import tiny_model

    return tiny_model()


@pytest.fixture(scope="session")
def plain_mini():
    """The embedded model as a module, in float32, decoded by plain PyTorch."""
    from orthrus.checkpoints.loading import load_model

    return load_model(device="cpu", dtype="float32", engine="torch")


@pytest.fixture(scope="session")
def mini():
    """The embedded model on the compiled engine."""
    from orthrus.checkpoints.loading import load_model

    return load_model(device="cpu", threads=1)
