"""What the compiler makes of every launch of a decode cycle: it fits, it adds no floats atomically, and it is one."""

import re

import pytest
import torch
import triton
import triton.language as tl
from conftest import SHAPES_BY_SM
from launches import launches
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
    triton_stamp,
)
from orthrus.checkpoints.folder import config_of
from orthrus.gpu.cost import SHAPES
from orthrus.gpu.datasheets import CARDS, SHARED_LIMIT
from orthrus.precompile import compile_for, compiled_only, resources

MODULES = [
    *(triton_accept, triton_argmax, triton_attention, triton_common, triton_kl, triton_linear),
    *(triton_qk_norm_rope, triton_rmsnorm, triton_stamp),
]

# kernel: registers a thread may use, bytes of shared memory. Seen: 80 and 73 KiB, 204 and 65 KiB, then at most 89
# registers and 1 KiB. Nothing spills, but for 8 bytes per thread of attention at head dimension 128 on 8.6 and 8.9.
BUDGET = {
    "_linear_kernel": (96, 80 * 1024),
    "_span_kernel": (224, 72 * 1024),
    "_merge_kernel": (96, 64),
    "_qk_norm_rope_kernel": (40, 0),
    "_rmsnorm_kernel": (64, 128),
    "_tile_best_kernel": (64, 64),
    "_row_best_kernel": (32, 64),
    "_accept_kernel": (40, 0),
    "_stamp_kernel": (32, 0),
    "_kl_kernel": (64, 256),
    "_kl_slope_kernel": (40, 0),
}
HELPERS = {"_gumbel", "_span_start", "_spans", "whole", "begin", "fetch"}  # called by kernels, never launched
TRAINING = {"_kl_kernel", "_kl_slope_kernel"}
SPILLED = {("_span_kernel", 86): 8, ("_span_kernel", 89): 8}
RESERVED = 1024  # bytes of shared memory that the driver takes of each program from 9.0 on

EMBEDDED = config_of()
ALL = list(launches(EMBEDDED))
CASES = [(shape, sm) for sm, shapes in SHAPES_BY_SM.items() for shape in shapes]


def fits(took, name, sm):
    registers, shared = BUDGET[name]
    assert took["registers"] <= registers and took["spilled"] <= SPILLED.get((name, sm), 0), (name, took)
    assert took["shared"] <= min(shared + RESERVED, SHARED_LIMIT[sm]), (name, took)


@pytest.mark.parametrize(("shape", "sm"), CASES)
def test_every_kernel_of_a_run_fits_the_card(shape, sm, built):
    assert built[shape, sm].keys() == BUDGET.keys() - TRAINING
    for name, took in built[shape, sm].items():
        fits(took, name, sm)


def test_every_card_that_is_named_is_compiled_for():
    assert {card.capability for card in CARDS} <= SHAPES_BY_SM.keys() == SHARED_LIMIT.keys()


@pytest.mark.parametrize("name", ["kl", "kl_slope"])
def test_the_kernels_of_training_fit(name):
    with compiled_only(90) as binaries:
        launches(SHAPES["1.7b"])[name](32)
    (binary,) = binaries
    use = resources(binary)
    took = {"registers": use["REG"], "spilled": use["STACK"] + use["LOCAL"], "shared": binary.shared + use["SHARED"]}
    fits(took, binary.name, 90)


@pytest.fixture(scope="module")
def embedded(built):
    """name -> binaries of a launch with 32 rows on 9.0."""
    calls, made = launches(EMBEDDED), {}
    for name in ALL:
        with compiled_only(90) as made[name]:
            calls[name](32)
    return made


@pytest.mark.parametrize("name", ALL)
def test_ptx(name, embedded):
    for binary in embedded[name]:
        assert not re.search(r"\b(atom|red)\.[\w.:]*\.b?f(16|32|64)", binary.ptx), "a float atomic has no fixed order"
        assert "griddepcontrol" not in binary.ptx, "dependent launches are off"
        assert "enable_fp_fusion" in binary.settings and "num_warps" in binary.settings


@pytest.mark.parametrize("name", ["attend_ar", "attend_diffusion"])
def test_keys_are_copied_16_bytes_at_a_time(name, built):
    """Also where each row's address is chosen between cache and block."""
    with compiled_only(80) as binaries:
        launches(SHAPES["1.7b"])[name](32)
    copies = re.findall(r"cp\.async\.c[ag]\.shared\.global \[[^]]*\], \[[^]]*\], (0x\w+)", binaries[0].ptx)
    assert copies and set(copies) == {"0x10"}


@pytest.mark.parametrize("name", ["qkv", "attend_ar"])
def test_fp32_fits_every_target(name):
    """The checking mode: the sums may spill registers, the tiles must fit the smallest shared memory."""
    with compiled_only(120) as binaries:
        launches(SHAPES["8b"], torch.float32)[name](32)
    assert all(binary.shared + RESERVED <= SHARED_LIMIT[120] for binary in binaries)


def test_dependent_launches_wait_before_they_touch_what_another_kernel_wrote(built, monkeypatch):
    """Behind the switch. Only a product asks for something before it waits: for weights, by a prefetch."""
    monkeypatch.setattr(triton_common, "PDL", True)
    binaries = compile_for(EMBEDDED, torch.bfloat16, 90)
    assert {binary.name for binary in binaries} == BUDGET.keys() - TRAINING
    for binary in binaries:
        code = binary.ptx[binary.ptx.index("{", binary.ptx.index(".entry")) :]
        waits = [match.start() for match in re.finditer(r"griddepcontrol\.wait", code)]
        touched = re.search(r"\b(ld|st|atom|red)\.(relaxed\.)?global|cp\.async|\bret;", code).start()
        assert len(waits) == 1 and code.index("griddepcontrol.launch_dependents") < waits[0] < touched, binary.name
        assert binary.settings["launch_pdl"] is True
        fetched = [match.start() for match in re.finditer(r"prefetch\.global", code)]
        assert bool(fetched) == (binary.name == "_linear_kernel") and all(at < waits[0] for at in fetched)


# ---------------------------------------------------------------- one binary
@pytest.mark.parametrize("name", [name for name in ALL if name != "accept"])
def test_one_binary_for_every_number_of_rows(name, built):
    calls = launches(EMBEDDED)
    with compiled_only(90) as binaries:
        for rows in (1, 2, 7, 16, 31, 32, 33):
            calls[name](rows)
    keys = {(binary.name, binary.key) for binary in binaries}
    assert len(keys) == len({binary.name for binary in binaries}), keys


def test_one_binary_wherever_a_row_begins_and_wherever_the_length_stands():
    """Rows of 83 bf16 values begin on 16 bytes only now and then; the length may be any word of the decode state."""
    weight, table = torch.empty(83, dtype=torch.bfloat16), torch.empty(64, 8)
    cache = [torch.empty(1, 64, 16, dtype=torch.bfloat16) for _ in range(2)]
    with compiled_only(90) as binaries:
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

    with compiled_only(90) as binaries:
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
