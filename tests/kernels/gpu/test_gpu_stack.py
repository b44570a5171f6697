"""All kernels together on the device: drafted cycles equal plain decoding, also replayed as one CUDA graph."""

import pytest
import torch
from kernel_cases import DTYPES
from mini_stack import Sizes, Stack, decode, differing_rows

from kernels import records

pytestmark = pytest.mark.gpu
SIZES = Sizes(block=32, capacity=512, prompt=70, new_tokens=300)  # across borders of 128-position spans


@pytest.mark.parametrize("dtype", DTYPES)
def test_drafted_cycles_equal_plain_decoding(dtype, device):
    same_text, different, accepted = differing_rows(Stack(dtype, SIZES, device))
    assert same_text and different == []
    assert 0 < sum(accepted) < len(accepted) * (SIZES.block - 1)


def test_a_captured_cycle_replays_to_the_same_text_and_stays_there(device):
    stack = Stack(torch.bfloat16, SIZES, device)
    oracle, _, _ = decode(stack, 1)
    expected, _, accepted = decode(stack, SIZES.block, oracle)
    eos = torch.tensor([-1], dtype=torch.int32, device=device)
    cache, state, text = stack.prefill()
    ring = records.make_ring(64, SIZES.block, device)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):  # compiles and loads every kernel, on copies: loading is not allowed in a capture
        stack.cycle(SIZES.block, cache.clone(), state.clone(), text.clone(), ring.clone(), eos, oracle)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        stack.cycle(SIZES.block, cache, state, text, ring, eos, oracle)
    for _ in range(len(accepted) + 3):  # the host runs three cycles ahead of the end
        graph.replay()
    torch.cuda.synchronize()
    assert torch.equal(text, expected)
    assert int(state[records.CYCLE]) == len(accepted) and int(state[records.STOP]) == records.STOP_LENGTH
    replayed = [records.read_record(ring.cpu(), cycle) for cycle in range(max(0, len(accepted) - 64), len(accepted))]
    assert [record.n_accept for record in replayed] == accepted[-64:]
