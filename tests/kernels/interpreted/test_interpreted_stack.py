"""All kernels together: the text and the logits of drafted cycles are those of plain decoding, bit for bit."""

import pytest
from kernel_cases import DTYPES, depending_on_rows
from mini_stack import Sizes, Stack, differing_rows

from kernels import triton_attention
from kernels.triton_attention import Config


@pytest.fixture(autouse=True)
def small_attention(monkeypatch):
    monkeypatch.setattr(triton_attention, "config_for", lambda *shape: Config(queries=8, keys=16, span=32))


@pytest.mark.parametrize("dtype", DTYPES)
def test_drafted_cycles_equal_plain_decoding(dtype):
    sizes = Sizes()
    same_text, different, accepted = differing_rows(Stack(dtype, sizes))
    assert same_text and different == []
    assert 0 < sum(accepted) < len(accepted) * (sizes.block - 1), "both accepted and refused proposals were met"


def test_a_linear_layer_that_depends_on_the_rows_is_caught(monkeypatch):
    depending_on_rows(monkeypatch)
    _, different, _ = differing_rows(Stack(DTYPES[0], Sizes(new_tokens=4)))
    assert different == [0, 1, 2], "every row after the first token, which the prefill chose"
