"""Makes Triton's numpy interpreter (3.6 to 3.9) fit to test exactness.

Salted sums. `tl.dot` and `tl.sum` add one term at a time in an order drawn from the tile's shape. Two launches that
cut their tiles differently therefore round differently, so a test of equal bits cannot pass by luck, as it can with
numpy's own matmul; and numpy's matmul would also fail it by itself: its rows depend on their place (20 of 32
placements differ for 16 rows).

bf16. The interpreter keeps it as raw uint16, truncates when casting and multiplies the bits in `tl.dot`. Here casts
round to nearest even and dots work on the values. Other bf16 arithmetic raises: our kernels compute in fp32.

Less work around each operation. Left alone, the interpreter puts its functions into `triton.language` anew at every
call of a device function, and follows every sum and product of 32-bit integers with the same one in 64 bits. That was
half of the lane's time: patched once a module, and without the second sum (`kernels.triton_common.check_offsets`
refuses what does not fit 32 bits before the launch), the lane needs half as long.
"""

import zlib
from dataclasses import replace
from functools import cache

import numpy as np
import triton.language as tl
from triton.runtime import interpreter

Handle, Builder = interpreter.TensorHandle, interpreter.InterpreterBuilder
BITWISE = (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.left_shift, np.right_shift)


def to_bf16(values: np.ndarray) -> np.ndarray:
    """fp32 -> uint16 bits, nearest even."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(values), np.uint16(0x7FC0), rounded).reshape(np.shape(values))


def from_bf16(bits: np.ndarray) -> np.ndarray:
    """uint16 bits -> fp32."""
    return (np.ascontiguousarray(bits).astype(np.uint32) << 16).view(np.float32).reshape(np.shape(bits))


@cache
def salted_order(length: int, *key) -> np.ndarray:
    """A permutation of range(length) that is a function of the key."""
    return np.random.default_rng(zlib.crc32(repr(key).encode())).permutation(length)


def install() -> None:
    Builder.cast_impl, Builder.create_fp_to_fp = _cast, lambda self, src, to, _rounding: _cast(self, src, to)
    Builder.binary_op, Builder.create_dot = _binary, _dot
    Builder.get_bf16 = lambda self, value: _cast(self, self.get_fp32(value), tl.bfloat16)
    interpreter.ReduceOps.sum = _sum
    interpreter._patch_lang_tensor, interpreter._patch_lang = _patch_lang_tensor, _patch_lang
    interpreter._get_np_dtype = _np_dtype
    builder = interpreter.interpreter_builder
    builder.options = replace(builder.options, sanitize_overflow=False)


_original_cast, _original_binary = Builder.cast_impl, Builder.binary_op
_original_sum, _original_patch = interpreter.ReduceOps.sum, interpreter._patch_lang_tensor
_original_patch_lang, _original_np_dtype = interpreter._patch_lang, interpreter._get_np_dtype
_np_dtypes: dict[str, np.dtype] = {}
_patched: set[int] = set()  # the modules (by the id of their names) whose view of triton.language is the interpreter's


def _cast(self, src, to):
    source, target = src.dtype.scalar, to.scalar
    if target == tl.bfloat16 and source != tl.bfloat16:
        return Handle(to_bf16(src.data.astype(np.float32)), tl.bfloat16)
    if source == tl.bfloat16 and target != tl.bfloat16:
        return _original_cast(self, Handle(from_bf16(src.data), tl.float32), to)
    return _original_cast(self, src, to)


def _binary(self, lhs, rhs, op):
    if lhs.dtype.scalar == tl.bfloat16 and op not in BITWISE:
        raise NotImplementedError(f"{op.__name__} on bf16: the kernels compute in fp32")
    result = _original_binary(self, lhs, rhs, op)
    if result.data.dtype == np.bool_:
        result.dtype = tl.int1  # comparisons keep their operands' dtype, and masks made of them are refused
    return result


def _dot(self, a, b, acc, *_options):
    left, right = (from_bf16(t.data) if t.dtype.scalar == tl.bfloat16 else t.data for t in (a, b))
    assert left.dtype == right.dtype == acc.data.dtype == np.float32, "fp32 and bf16 dots only"
    columns, rows = np.ascontiguousarray(left.T), np.ascontiguousarray(right)
    total, product = np.array(acc.data, copy=True), np.empty_like(acc.data)
    for k in salted_order(len(rows), left.shape, right.shape, str(a.dtype.scalar)):
        np.multiply(columns[k][:, None], rows[k][None, :], out=product)
        total += product
    return Handle(total, acc.dtype.scalar)


def _sum(self, tensor):
    values = tensor.handle.data
    if values.dtype != np.float32:
        return _original_sum(self, tensor)
    assert not self.keep_dims
    order = salted_order(values.shape[self.axis], values.shape, self.axis)
    running = np.cumsum(np.take(values, order, axis=self.axis), axis=self.axis, dtype=np.float32)
    return self.to_tensor(np.take(running, -1, axis=self.axis), tensor.dtype)


def _patch_lang_tensor(tensor, scope):
    _original_patch(tensor, scope)
    # numpy 2.4 no longer turns an array of one element into an int, which 3.6 asks of it for loop bounds
    scope.set_attr(tensor, "__index__", lambda self: int(self.handle.data.item()))


def _patch_lang(fn):
    """For good, since nothing in this process compiles: what is returned restores nothing."""
    names = id(fn.__globals__)
    if names not in _patched:
        _original_patch_lang(fn)
        _patched.add(names)
    return interpreter._LangPatchScope()


def _np_dtype(dtype):
    """Looked up: the original makes a table of all of them at every call. Pointers go there, whose names are many."""
    scalar = dtype.scalar
    if isinstance(scalar, tl.pointer_type):
        return _original_np_dtype(dtype)
    if scalar.name not in _np_dtypes:
        _np_dtypes[scalar.name] = _original_np_dtype(scalar)
    return _np_dtypes[scalar.name]
