"""triton_kl against the reference: tiles, shared teacher rows, slopes, and rows that stand alone."""

import pytest
import torch
from kernel_cases import DTYPES, assert_close, changed_rows, randn

from kernels import ops, reference, triton_kl

SHAPES = {"ordinary": (31, 2048), "odd": (7, 333), "one": (1, 1), "longest": (3, 5000)}


def case(rows, vocab, dtype=torch.float32):
    """Logits of both, a third as many teacher rows, and which row each is taught by."""
    positions = -(-rows // 3)
    index = torch.arange(rows) % positions
    return randn(rows, vocab, dtype=dtype, scale=3.0), randn(positions, vocab, dtype=dtype, seed=1, scale=3.0), index


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_kl_and_slope_equal_reference(shape, dtype, launches):
    given = case(*shape, dtype)
    (found, lse), (expected, wanted) = ops.kl(*given, backend="triton"), reference.kl(*given)
    assert_close(found, expected)
    assert_close(lse, wanted)
    assert_close(ops.kl_slope(*given, lse, backend="triton"), reference.kl_slope(*given, wanted))
    assert [name for name, _ in launches] == ["_kl_kernel", "_kl_slope_kernel"]
    assert launches[0][1] == {"V": shape[1], "TILE": triton_kl.TILE}


def test_the_neighbours_teacher_is_rejected():
    student, teacher, index = case(9, 333)
    expected, lse = reference.kl(student, teacher, index)
    with pytest.raises(AssertionError):
        assert_close(ops.kl(student, teacher, index.roll(1), backend="triton")[0], expected)
    with pytest.raises(AssertionError):
        other = ops.kl_slope(student, teacher, index.roll(1), lse, backend="triton")
        assert_close(other, reference.kl_slope(student, teacher, index, lse))


def test_a_row_depends_on_itself_alone():
    student, teacher, index = case(32, 2100)

    def rows(start, count):
        part = slice(start, start + count)
        return ops.kl(student[part], teacher, index[part], backend="triton")[0]

    assert changed_rows(rows) == {}


def test_logits_far_from_zero_and_filtered_tokens():
    """A maximum that grows from tile to tile, and tokens the teacher never says."""
    student, teacher, index = case(2, 5000)
    student, teacher = student + 300 + torch.arange(5000) / 50, teacher - 300 + torch.arange(5000) / 50
    teacher[:, 100:200] = -float("inf")
    expected = reference.kl(student.double(), teacher.double(), index)[0]
    assert expected.isfinite().all()
    # fp32 numbers near 400 are 3e-5 apart
    torch.testing.assert_close(ops.kl(student, teacher, index, backend="triton")[0], expected, rtol=1e-4, atol=2e-4)
