"""Lanes that need their own process: left alone by default, run or refused when asked for, never skipped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def collect(*arguments, interpret=None):
    env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    env |= {"TRITON_INTERPRET": interpret} if interpret else {}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def test_the_default_run_collects_neither():
    done = collect("tests/kernels")
    assert done.returncode == 0 and "test_ops.py" in done.stdout
    assert not any(f"tests/kernels/{lane}/" in done.stdout for lane in ("interpreted", "aot"))


@pytest.mark.parametrize(
    ("lane", "interpret"), [("interpreted", None), ("aot", "1"), ("interpreted/test_interpreted_linear.py", "0")]
)
def test_a_lane_asked_for_in_the_wrong_process_refuses(lane, interpret):
    done = collect(f"tests/kernels/{lane}", interpret=interpret)
    assert done.returncode == 4 and "process of" in done.stderr, done.stderr


@pytest.mark.parametrize(("lane", "interpret"), [("interpreted", "1"), ("aot", None)])
def test_a_lane_asked_for_rightly_is_collected(lane, interpret):
    pytest.importorskip("triton", reason="the lanes themselves fail without Triton; here there is nothing to collect")
    done = collect(f"tests/kernels/{lane}", interpret=interpret)
    assert done.returncode == 0 and f"{lane}/" in done.stdout, done.stdout + done.stderr
