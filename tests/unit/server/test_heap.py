"""The heap's limit is taken by glibc and passed over elsewhere."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from orthrus.server import heap
from tests.running import ROOT

PROBE = """
import ctypes, threading
from orthrus.server.heap import bound_heap
assert bound_heap()
ready = threading.Barrier(25)
def fill():
    held = [bytes(4000) for _ in range(500)]
    ready.wait()
threads = [threading.Thread(target=fill) for _ in range(24)]
[t.start() for t in threads]
ctypes.CDLL(None).malloc_stats()
ready.wait()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has heaps by thread")
def test_many_threads_share_two_heaps():
    done = subprocess.run([sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, check=True)
    arenas = [line for line in done.stderr.splitlines() if line.startswith("Arena ")]
    assert 1 <= len(arenas) <= heap.ARENAS, done.stderr


@pytest.mark.parametrize("error", (AttributeError, OSError, TypeError))
def test_another_c_library_is_passed_over(monkeypatch, error):
    def none(name):
        raise error

    monkeypatch.setattr(heap.ctypes, "CDLL", none)
    assert heap.bound_heap() is False
