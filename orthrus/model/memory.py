"""Memory checks before weights are read and before a run, so that a shortage is an error message, not a crash."""

from __future__ import annotations

from pathlib import Path

import torch

from orthrus.errors import OrthrusError

try:
    import psutil
except ImportError:  # decoding needs torch, transformers and triton alone
    psutil = None

CGROUP = Path("/sys/fs/cgroup")


def free_bytes(device: torch.device) -> int | None:
    """Memory a process may still allocate on a device; None if the system does not report it."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    known = [n for n in (_available(), _left_in_container()) if n is not None]
    return min(known, default=None)


def _available() -> int | None:
    return psutil.virtual_memory().available if psutil else None


def _left_in_container() -> int | None:
    """The container's limit less what it uses, the page cache not counted."""
    try:
        limit = (CGROUP / "memory.max").read_text().strip()
        used = int((CGROUP / "memory.current").read_text())
        stat = dict(line.split() for line in (CGROUP / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    return None if limit == "max" else max(0, int(limit) - used + int(stat.get("inactive_file", 0)))


def refuse_what_does_not_fit(wanted: int, what: str, device: torch.device) -> None:
    """Raise OrthrusError naming both numbers if `wanted` bytes are not free."""
    free = free_bytes(device)
    if free is not None and wanted > free:
        raise OrthrusError(
            "out-of-memory", f"{what} needs {mebibytes(wanted)}, {mebibytes(free)} are free on {device.type}"
        )


def mebibytes(count: int) -> str:
    """A size for users to read."""
    return f"{count / (1 << 20):,.0f} MiB"
