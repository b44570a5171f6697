"""Learning to draft: which checkpoints of a training are recorded, and under which names."""

import pytest

from benchmarks.training.record_learning import OUT, snapshots
from orthrus.trace.files import SUFFIX


def checkpoints(run, *names):
    for name in names:
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).touch()
    return run


@pytest.fixture
def first(tmp_path):
    steps = [f"ar/step-{step:06d}.pt" for step in (100, 300, 800, 2000, 4000)]
    last = [f"{stage}/best.pt" for stage in ("ar", "annealing", "diffusion", "diffusion-2")]
    return checkpoints(tmp_path / "mini", *steps, *last)


def test_the_stored_recordings_are_those_of_the_two_runs(first, tmp_path):
    further = checkpoints(tmp_path / "further", "annealing/best.pt", "averaged.pt", "diffusion/best.pt")
    cards = dict(snapshots(first, further))
    assert [*cards] == sorted(path.name.removesuffix(SUFFIX) for path in OUT.glob(f"*{SUFFIX}"))
    assert cards["07-before-distillation"] == [first / "annealing" / "best.pt"]
    assert cards["11-end-of-round-3-of-distillation"] == [further / "averaged.pt", further / "diffusion" / "best.pt"]


def test_what_is_not_there_is_no_card(first):
    (first / "diffusion-2" / "best.pt").unlink()
    assert [name for name, _ in snapshots(first)][-1] == "08-end-of-distillation"
