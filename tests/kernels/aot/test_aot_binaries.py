"""What the compiler makes of every launch of a decode cycle: it fits, it adds no floats atomically, and it is one."""

import re

import compiling
import pytest
import torch
import triton
import triton.language as tl
from launches import MODELS, launches
from triton.runtime.jit import JITFunction

from kernels import (
    triton_accept,
    triton_argmax,
    triton_attention,
    triton_common,
    triton_kl,
    triton_linear,
    triton_qk_norm_rope,
    triton_rmsnorm,
    triton_silu_mul,
    triton_stamp,
)

MODULES = [
    *(triton_accept, triton_argmax, triton_attention, triton_common, triton_kl, triton_linear),
    *(triton_qk_norm_rope, triton_rmsnorm, triton_silu_mul, triton_stamp),
]
SHARED_LIMIT = {80: 163 * 1024, 90: 227 * 1024, 100: 227 * 1024, 120: 99 * 1024}  # bytes a program may ask for

# kernel: registers a thread may use, bytes of shared memory. Seen: 80 and 72 KiB, 204 and 64 KiB, then at most 56
# registers and 64 bytes. Nothing spills.
BUDGET = {
    "_linear_kernel": (96, 80 * 1024),
    "_span_kernel": (224, 72 * 1024),
    "_merge_kernel": (96, 64),
    "_qk_norm_rope_kernel": (40, 0),
    "_rmsnorm_kernel": (64, 64),
    "_silu_mul_kernel": (40, 0),
    "_tile_best_kernel": (64, 64),
    "_row_best_kernel": (32, 64),
    "_accept_kernel": (40, 0),
    "_stamp_kernel": (32, 0),
    "_kl_kernel": (64, 256),
    "_kl_slope_kernel": (40, 0),
}
HELPERS = {"_gumbel", "_span_start", "_spans", "whole"}  # called by kernels, never launched

# Everything for the embedded model; of the others what their sizes change. Qwen3-0.6B and 1.7B share head shapes.
ALL, LAYERS = list(launches(MODELS["embedded"])), ["qkv", "o", "gate_up", "down", "head"]
CASES = [
    *(("embedded", name, sm) for name in ALL for sm in (80, 90, 100, 120)),
    *(("0.6B", name, 90) for name in LAYERS),
    *(("1.7B", name, 90) for name in [*LAYERS, "rope_cache", "rmsnorm", "silu_mul", "argmax", "gumbel_argmax"]),
    *(("1.7B", name, 90) for name in ("kl", "kl_slope")),
    *(("1.7B", name, sm) for name in ("attend_ar", "attend_diffusion") for sm in (80, 90, 100, 120)),
    *(("8B", name, sm) for name in ("attend_ar", "attend_diffusion") for sm in (80, 90, 100, 120)),
    *(("8B", name, sm) for name in ("qkv", "gate_up", "down", "rope_cache", "add_rmsnorm") for sm in (80, 90, 120)),
]


@pytest.fixture(scope="module")
def built():
    """binaries(model, name, sm): what launching it with 32 rows compiles; each only once."""
    calls, done = {model: launches(sizes) for model, sizes in MODELS.items()}, {}

    def binaries(model, name, sm):
        if (model, name, sm) not in done:
            with compiling.compile_only(sm) as done[model, name, sm]:
                calls[model][name](32)
        return done[model, name, sm]

    return binaries


@pytest.mark.parametrize(("model", "name", "sm"), CASES)
def test_resources(model, name, sm, built):
    for binary in built(model, name, sm):
        registers, shared = BUDGET[binary.name]
        used = compiling.resources(binary)
        assert used["REG"] <= registers and used["STACK"] == 0 and used["LOCAL"] == 0, (binary.name, used)
        assert binary.shared + used["SHARED"] <= min(shared + 1024, SHARED_LIMIT[sm]), (binary.name, binary.shared)


@pytest.mark.parametrize("name", ALL)
def test_ptx(name, built):
    for binary in built("embedded", name, 90):
        assert not re.search(r"\b(atom|red)\.[\w.:]*\.b?f(16|32|64)", binary.ptx), "a float atomic has no fixed order"
        assert "enable_fp_fusion" in binary.settings and "num_warps" in binary.settings


def test_accept_publishes_its_record_with_release_order_for_the_system(built):
    (binary,) = built("embedded", "accept", 90)
    (publish,) = re.finditer(r"atom\.global\.sys\.release\.exch\.b32|atom\.release\.sys\.global\.exch\.b32", binary.ptx)
    stores = [match.start() for match in re.finditer(r"st\.global", binary.ptx)]
    barrier = binary.ptx.rindex("bar.")
    assert max(stores) < barrier < publish.start()


@pytest.mark.parametrize("name", ["attend_ar", "attend_diffusion"])
def test_keys_are_copied_16_bytes_at_a_time(name, built):
    """Also where each row's address is chosen between cache and block."""
    ptx = built("1.7B", name, 80)[0].ptx
    copies = re.findall(r"cp\.async\.c[ag]\.shared\.global \[[^]]*\], \[[^]]*\], (0x\w+)", ptx)
    assert copies and set(copies) == {"0x10"}


@pytest.mark.parametrize("name", ["qkv", "attend_ar"])
def test_fp32_fits_every_target(name):
    """The checking mode: the sums may spill registers, the tiles must fit the smallest shared memory."""
    with compiling.compile_only(120) as binaries:
        launches(MODELS["8B"], torch.float32)[name](32)
    assert all(binary.shared + 1024 <= SHARED_LIMIT[120] for binary in binaries)


# ---------------------------------------------------------------- one binary
@pytest.mark.parametrize("name", [name for name in ALL if name != "accept"])
def test_one_binary_for_every_number_of_rows(name):
    calls = launches(MODELS["embedded"])
    with compiling.compile_only(90) as binaries:
        for rows in (1, 2, 7, 16, 31, 32, 33):
            calls[name](rows)
    keys = {(binary.name, binary.key) for binary in binaries}
    assert len(keys) == len({binary.name for binary in binaries}), keys


def test_one_binary_wherever_a_row_begins_and_wherever_the_length_stands():
    """Rows of 83 bf16 values begin on 16 bytes only now and then; the length may be any word of the decode state."""
    weight, table = torch.empty(83, dtype=torch.bfloat16), torch.empty(64, 8)
    cache = [torch.empty(1, 64, 16, dtype=torch.bfloat16) for _ in range(2)]
    with compiling.compile_only(90) as binaries:
        for start in range(8):
            triton_rmsnorm.rmsnorm(torch.empty(40, 83, dtype=torch.bfloat16)[start : start + 2], weight, 1e-6)
            triton_linear.linear(torch.empty(40, 83)[start : start + 2], torch.empty(20, 83))
            length = torch.empty(8, dtype=torch.int32)[start : start + 1]
            triton_attention.attention(torch.empty(2, 2, 16, dtype=torch.bfloat16), *cache, length)
            qkv, norm = torch.empty(2, 64, dtype=torch.bfloat16), torch.empty(16, dtype=torch.bfloat16)
            triton_qk_norm_rope.qk_norm_rope(qkv, norm, norm, table, table, length, *cache, "cache", 1e-6)
    keys = {(binary.name, binary.key) for binary in binaries}
    assert len(keys) == len({binary.name for binary in binaries}) == 5


def test_an_ordinary_kernel_has_three():
    """What do_not_specialize is for, and that the test above would see it."""

    @triton.jit
    def _scale_kernel(x_ptr, n_rows, N: tl.constexpr):
        n = tl.arange(0, N)
        tl.store(x_ptr + n, tl.load(x_ptr + n) * n_rows)

    with compiling.compile_only(90) as binaries:
        for rows in (1, 2, 7, 16, 31, 32, 33):
            _scale_kernel[(1,)](torch.empty(64), rows, N=64, enable_fp_fusion=False)
    assert len({binary.key for binary in binaries}) == 3


def test_every_kernel_is_launched_here():
    kernels = {name for module in MODULES for name, value in vars(module).items() if isinstance(value, JITFunction)}
    assert kernels == BUDGET.keys() | HELPERS


def test_every_triton_module_is_listed_here():
    from pathlib import Path

    folder = Path(triton_common.__file__).parent
    assert {p.stem for p in folder.glob("triton_*.py")} == {m.__name__.split(".")[1] for m in MODULES}
