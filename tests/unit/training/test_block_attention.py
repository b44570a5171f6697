"""Three forms of the blocks' attention are one: same states, same gradients; and the mask is what decides."""

from __future__ import annotations

import pytest
import torch

from orthrus.training import block_attention
from orthrus.training.block_attention import attention, form_for, shared_by
from orthrus.training.data import Rows
from orthrus.training.forward import Blocks
from orthrus.training.mask import anchored_blocks
from tests.refusals import refused

LENGTH, BLOCK, HEADS, KV_HEADS, SIZE = 40, 4, 4, 2, 16


def blocks(count: int = 6) -> Blocks:
    """Two rows of two documents each, anchors in both."""
    line = torch.arange(LENGTH)
    document = torch.stack([line // 20, (line >= 15).long()])
    rows = Rows(torch.arange(2 * LENGTH).view(2, -1), document, line % 20 + 0 * document, document >= 0)
    anchors = torch.linspace(1, LENGTH - 2, 2 * count).long().view(count, 2).T.contiguous()
    return anchored_blocks(rows, anchors, BLOCK, 5)


def inputs(count: int = 6) -> list[torch.Tensor]:
    """Queries, own keys and values, and the prefix's."""
    generator = torch.Generator().manual_seed(1)
    heads_and_rows = [(HEADS, count * BLOCK), *[(KV_HEADS, count * BLOCK)] * 2, *[(KV_HEADS, LENGTH)] * 2]
    return [torch.randn(2, h, n, SIZE, generator=generator) for h, n in heads_and_rows]


def plain(found: Blocks, q, own_k, own_v, keys, values) -> torch.Tensor:
    """Query by query, in float64: what is seen is listed, nothing is masked."""
    count, out = found.bias.shape[2], torch.zeros(q.shape, dtype=torch.float64)
    for row in range(2):
        for head in range(HEADS):
            kv = head // (HEADS // KV_HEADS)
            for at in range(count * BLOCK):
                mine = slice(at // BLOCK * BLOCK, at // BLOCK * BLOCK + BLOCK)
                before = found.bias[row, 0, at // BLOCK] == 0
                k = torch.cat([keys[row, kv, before], own_k[row, kv, mine]]).double()
                v = torch.cat([values[row, kv, before], own_v[row, kv, mine]]).double()
                out[row, head, at] = (k @ q[row, head, at].double() / SIZE**0.5).softmax(0) @ v
    return out.float()


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("count", [6, 7, 16])
@pytest.mark.parametrize("form", ["explicit", "sdpa", "flex"])
def test_every_form_is_attention_to_the_prefix_and_the_own_block(form, count):
    found, given = blocks(count), inputs(count)
    wanted = plain(found, *given)
    with torch.no_grad():
        torch.testing.assert_close(attention(form, found)(*given), wanted, rtol=1e-4, atol=1e-5)
        other = found._replace(bias=found.bias.roll(1, dims=2))  # every block behind its neighbour's prefix
        with pytest.raises(AssertionError):
            torch.testing.assert_close(attention(form, other)(*given), wanted, rtol=1e-4, atol=1e-5)


def test_sdpa_has_the_gradients_of_the_written_out_form():
    found, slopes = blocks(), {}
    for form in ("explicit", "sdpa"):
        given = [t.requires_grad_() for t in inputs()]
        attention(form, found)(*given).square().sum().backward()
        slopes[form] = [t.grad for t in given]
    for ours, theirs in zip(slopes["sdpa"], slopes["explicit"], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_blocks_share_a_copy_of_the_prefix():
    assert [shared_by(count) for count in (1, 6, 7, 8, 24, 25, 256)] == [1, 6, 7, 8, 8, 5, 8]
    mask = block_attention.sdpa_mask(blocks(16))
    assert mask.shape == (2 * 2, 1, 8 * BLOCK, LENGTH + 8 * BLOCK)
    own = mask[0, 0, :, LENGTH:]
    assert own.sum() == 8 * BLOCK * BLOCK and own[:BLOCK, :BLOCK].all()


def test_the_device_chooses_and_an_unknown_form_is_refused():
    assert form_for("auto", torch.device("cpu")) == "sdpa" and form_for("auto", torch.device("cuda")) == "flex"
    assert form_for("explicit", torch.device("cuda")) == "explicit"
    with refused("unknown-choice"):
        form_for("flash", torch.device("cpu"))
