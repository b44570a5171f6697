"""The lane of the page: who asks for it gets it run, and without a browser it fails."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_without_chromium_the_lane_fails():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "ui", "tests/ui", "-k", "exported"]
    env = os.environ | {"CHROMIUM": "/nowhere/chromium", "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "skipped" not in said, said
    assert "there is no Chromium at /nowhere/chromium" in said or "needs playwright" in said, said
