"""Coverage-guided fuzzing: python -m tests.fuzz trace --runs 100000

Needs atheris (pip install atheris), which is no requirement of the tests. Its last line counts the executions.
A finding ends the program with its traceback and leaves the input in the temporary folder, in a file named crash-*.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["orthrus", "viz"]):
    import orthrus.checkpoints.loading
    import orthrus.checkpoints.safetensors_io  # noqa: F401 - targets import these two late, when imports are no longer watched
    from tests.fuzz.targets import TARGETS, seeds

from tests.fuzz.changing import changed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz one reader, guided by coverage.")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="folder that keeps what the fuzzer found worth keeping")
    args = parser.parse_args()

    def change(data: bytes, most: int, seed: int) -> bytes:
        """Half of the changes know JSON, the others are the fuzzer's own."""
        random_ = random.Random(seed)
        if random_.random() < 0.5:
            try:
                return changed(data.decode("utf-8"), random_).encode("utf-8", "surrogatepass")[:most]
            except UnicodeDecodeError:
                pass
        return atheris.Mutate(data, most)

    with tempfile.TemporaryDirectory() as temporary:
        corpus = args.corpus or Path(temporary)
        corpus.mkdir(parents=True, exist_ok=True)
        for at, data in enumerate(seeds(args.target)):
            (corpus / f"seed-{at:02d}").write_bytes(data)
        options = [f"-runs={args.runs}", f"-seed={args.seed}", "-max_len=60000", "-rss_limit_mb=3000", "-timeout=60"]
        options.append(f"-artifact_prefix={tempfile.gettempdir()}/")
        atheris.Setup([sys.argv[0], *options, str(corpus)], TARGETS[args.target], custom_mutator=change)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
