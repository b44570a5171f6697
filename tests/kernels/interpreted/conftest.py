"""Triton's interpreter, repaired and salted: `TRITON_INTERPRET=1 python -m pytest tests/kernels/interpreted`."""

import os

import pytest

COMMAND = "TRITON_INTERPRET=1 python -m pytest tests/kernels/interpreted"


def pytest_configure(config):
    if os.environ.get("TRITON_INTERPRET") != "1":
        raise pytest.UsageError(f"these tests need Triton's interpreter and a process of their own: {COMMAND}")
    import torch

    from kernels import triton_common

    if not triton_common.interpreted():
        raise pytest.UsageError(f"Triton was imported before it was told to interpret: {COMMAND}")
    import interpreter_shim

    interpreter_shim.install()
    torch.set_num_threads(1)


@pytest.fixture
def launches(monkeypatch):
    """A list that fills with (kernel name, constexpr arguments) of every launch."""
    from triton.runtime.interpreter import InterpretedFunction

    seen, run = [], InterpretedFunction.run

    def noting(self, *args, **kwargs):
        seen.append((self.fn.__name__, {k: v for k, v in kwargs.items() if k.isupper()}))
        return run(self, *args, **kwargs)

    monkeypatch.setattr(InterpretedFunction, "run", noting)
    return seen
