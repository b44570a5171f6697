"""times[cycle % slots, mark] = the device's clock in ns: measures passes if the host enqueues cycles ahead.

One program. It has no reference and no entry in `kernels.ops`: its result differs every time and needs a device clock.
"""

import triton
import triton.language as tl
from torch import Tensor

from kernels import records
from kernels.triton_common import begin, dependent

CYCLE = tl.constexpr(records.CYCLE)


@triton.jit(do_not_specialize=["mark", "n_slots", "n_marks"])
def _stamp_kernel(times_ptr, state_ptr, mark, n_slots, n_marks, PDL: tl.constexpr):
    begin(PDL)
    at = (tl.load(state_ptr + CYCLE) % n_slots) * n_marks + mark
    tl.store(times_ptr + at, tl.extra.cuda.globaltimer())


def stamp(times: Tensor, state: Tensor, mark: int) -> None:
    """times [slots, marks] int64, state [8] int32; `mark` is a column of times."""
    _stamp_kernel[(1,)](times, state, mark, *times.shape, num_warps=1, enable_fp_fusion=False, **dependent(times))
