"""Shared fixtures: a byte-level tokenizer, tiny random models, and a drafter whose acceptance is set by the test."""

from __future__ import annotations

import os

# No test may look for a network; set before transformers or gradio is imported.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest

try:
    from hypothesis import settings

    settings.register_profile("shared-cores", deadline=None, derandomize=True)
    settings.load_profile("shared-cores")
except ImportError:  # a machine with only what decoding needs runs the tests that need no hypothesis
    pass


@pytest.fixture(scope="session")
def tiny():
    """A LoadedModel of random weights: 2 layers, 64 wide, grouped heads, byte vocabulary, context 128."""
    from tests.tiny import tiny_model

    return tiny_model()


@pytest.fixture(scope="session")
def mini():
    """The embedded model on the compiled engine."""
    from orthrus.checkpoint import load_model

    return load_model(device="cpu", threads=1)
