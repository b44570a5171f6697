"""triton_accept against the reference, over every way a cycle can end."""

import pytest
import torch
from kernel_cases import scalar

from kernels import ops, records, reference

EOS = torch.tensor([90, 91, -1], dtype=torch.int32)


def both(block, choice, state, text_size=40, eos=EOS, ring_slots=4):
    """Runs both implementations on copies; returns (state, text, ring) of each."""
    results = []
    for run in (lambda *a: ops.accept(*a, backend="triton"), reference.accept):
        own, text = state.clone(), torch.full((text_size,), -7, dtype=torch.int32)
        ring = records.make_ring(ring_slots, block.shape[0])
        run(block, choice, own, eos, text, ring)
        results.append((own, text, ring))
    return results


def agree(results):
    return all(torch.equal(a, b) for a, b in zip(*results, strict=True))


def draft(slots, n_match, seed=0, end_at=None):
    """block, choice: the first n_match proposals are right; choice[end_at] ends the text."""
    generator = torch.Generator().manual_seed(seed)
    choice = torch.randint(1, 80, (slots,), generator=generator, dtype=torch.int32)
    if end_at is not None:
        choice[end_at] = 91
    block = torch.cat([scalar(5), choice[:-1]])
    block[n_match + 1 :] += 1
    return block, choice


@pytest.mark.parametrize("slots", [1, 2, 5, 32])
def test_every_prefix_length(slots):
    for n_match in range(slots):
        block, choice = draft(slots, n_match)
        (state, text, ring), expected = both(block, choice, records.make_state(10, 3, 5, 100, 200), text_size=100)
        assert agree([(state, text, ring), expected])
        record = records.read_record(ring, 0)
        assert (record.n_accept, record.n_commit, record.next_id) == (n_match, n_match + 1, int(choice[n_match]))
        assert state[records.LENGTH] == 10 + n_match + 1 and state[records.STOP] == 0


@pytest.mark.parametrize("n_match", [0, 4, 31])
def test_every_place_of_an_eos(n_match):
    for end_at in range(32):
        block, choice = draft(32, n_match, end_at=end_at)
        results = both(block, choice, records.make_state(10, 1, 5, 100, 200), text_size=100)
        assert agree(results)
        assert results[0][0][records.STOP] == (records.STOP_EOS if end_at <= n_match else 0)


@pytest.mark.parametrize("limit", ["max_tokens", "capacity"])
def test_every_distance_to_a_limit(limit):
    for left in range(1, 9):
        for n_match in (0, 3, 4):
            block, choice = draft(5, n_match, seed=left)
            max_tokens, capacity = (3 + left, 200) if limit == "max_tokens" else (100, 10 + left)
            results = both(block, choice, records.make_state(10, 3, 5, max_tokens, capacity), text_size=100)
            assert agree(results), (left, n_match)
            state = results[0][0]
            assert state[records.GENERATED] <= max_tokens and state[records.LENGTH] <= capacity


def test_random_cycles():
    generator = torch.Generator().manual_seed(0)

    def draw(low, high):
        return int(torch.randint(low, high, (), generator=generator))

    for seed in range(60):
        slots = draw(1, 33)
        block, choice = draft(slots, draw(0, slots), seed, end_at=draw(0, slots) if draw(0, 2) else None)
        state = records.make_state(draw(0, 50), draw(1, 20), 5, 20 + draw(0, 20), 50 + draw(0, 40))
        state[records.CYCLE] = draw(0, 9)
        assert agree(both(block, choice, state)), seed


def test_a_stopped_or_full_state_is_left_alone():
    block, choice = draft(5, 2)
    stopped = records.make_state(10, 3, 5, 100, 200)
    stopped[records.STOP] = records.STOP_EOS
    full = records.make_state(10, 3, 5, 100, 200)
    full[records.CAPACITY] = 10
    for state in (stopped, full):
        (after, text, ring), _ = both(block, choice, state)
        assert torch.equal(after, state) and (text == -7).all() and (ring == 0).all()


def test_text_past_its_end_is_not_written():
    block, choice = draft(5, 4)
    guard = torch.full((12,), -7, dtype=torch.int32)
    ring = records.make_ring(2, 5)
    ops.accept(block, choice, records.make_state(10, 6, 5, 100, 200), EOS, guard[:8], ring, backend="triton")
    assert guard[6:8].tolist() == choice[:2].tolist() and (guard[8:] == -7).all()


def test_an_acceptance_one_longer_is_rejected():
    block, choice = draft(32, 7)
    longer, _ = draft(32, 8)
    state = records.make_state(10, 3, 5, 100, 200)
    assert not agree([both(longer, choice, state)[0], both(block, choice, state)[1]])


def test_ring_slots_are_reused_in_turn():
    state, text, ring = (
        records.make_state(10, 1, 5, 100, 200),
        torch.zeros(100, dtype=torch.int32),
        records.make_ring(2, 5),
    )
    for cycle in range(3):
        ops.accept(*draft(5, cycle), state, EOS, text, ring, backend="triton")
    assert records.read_record(ring, 0) is None
    assert [records.read_record(ring, c).n_accept for c in (1, 2)] == [1, 2]
