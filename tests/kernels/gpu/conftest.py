"""The kernels on a device: `python -m pytest -m gpu tests/kernels/gpu`. Without a GPU this fails, it does not skip."""

import pytest


@pytest.fixture(scope="session")
def device():
    import torch

    assert torch.cuda.is_available(), "the gpu lane was asked for, but there is no CUDA device"
    torch.backends.cuda.matmul.allow_tf32 = False  # the reference is fp32
    return "cuda"
