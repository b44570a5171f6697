"""The anatomy's shapes and counts are those of the checkpoint, tensor by tensor, and of its card."""

import math
import re
from collections import Counter

import pytest

from orthrus.checkpoints.safetensors_io import shapes_of
from orthrus.config import EMBEDDED_MODEL, ModelConfig
from orthrus.trace.files import load
from tests.tiny import tiny_config
from viz.views import anatomy, catalogue

RECORDINGS = sorted((EMBEDDED_MODEL.parent / "traces").glob("*.gz"))


def tensors(part: anatomy.Part, layers: int) -> list[str]:
    return [part.tensor.replace("{layer}", str(i)) for i in range(layers if part.per_layer else 1)]


def dims_of(config: ModelConfig) -> dict[str, int]:
    values = (
        config.hidden_size,
        config.intermediate_size,
        config.num_attention_heads,
        config.num_key_value_heads,
        config.head_dim,
        config.vocab_size,
        config.num_hidden_layers,
        int(config.tie_word_embeddings),
    )
    return dict(zip(anatomy.DIMS, values, strict=True))


def check(dims: dict[str, int], stored: dict[str, tuple[int, ...]]) -> None:
    """Every tensor belongs to one part and has that part's shape; the counts are theirs."""
    found, seen = anatomy.counts(dims), Counter()
    for key, part in anatomy.PARTS.items():
        if key == "head" and dims["tied"]:
            assert found[key] == 0
            continue
        shape = tuple(math.prod(dims[name] for name in side) for side in part.shape)
        names = tensors(part, dims["layers"])
        assert {stored[name] for name in names} == {shape}, key
        assert found[key] == sum(math.prod(stored[name]) for name in names), key
        seen.update(names)
    assert seen == Counter(list(stored))


def test_the_recorded_runs_have_the_shapes_of_the_embedded_checkpoint():
    from safetensors import safe_open

    with safe_open(str(EMBEDDED_MODEL / "model.safetensors"), "pt") as file:
        stored = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    start = load(RECORDINGS[0]).start
    dims = anatomy.sizes(start)
    check(dims, stored)
    counts = anatomy.counts(dims)
    trained = sum(n for key, n in counts.items() if key.endswith("_diff"))
    assert trained == sum(math.prod(shape) for name, shape in stored.items() if "_diff" in name)
    assert round(trained / sum(counts.values()), 4) == start.model.trained_frac
    card = (EMBEDDED_MODEL / "README.md").read_text(encoding="utf-8")
    told = re.search(r"(\d+) layers, (\d+) wide, (\d+) heads over (\d+) key-value heads of (\d+), MLP (\d+)", card)
    names = ("layers", "hidden", "heads", "kv_heads", "head_dim", "intermediate")
    assert [int(n) for n in told.groups()] == [dims[name] for name in names]


@pytest.mark.parametrize("tied", [True, False])
def test_any_model_s_tensors_are_counted_once(tied):
    config = tiny_config(tie_word_embeddings=tied, num_hidden_layers=3)
    check(dims_of(config), shapes_of(config))


def test_head_and_embedding_are_tied_if_the_trained_share_says_so():
    from dataclasses import replace

    start = load(RECORDINGS[0]).start
    for tied in (0, 1):
        counts = anatomy.counts(anatomy.sizes(start) | {"tied": tied})
        share = sum(n for key, n in counts.items() if key.endswith("_diff")) / sum(counts.values())
        told = replace(start, model=replace(start.model, trained_frac=round(share, 4)))
        assert anatomy.sizes(told)["tied"] == tied
    assert anatomy.sizes(replace(start, model=replace(start.model, trained_frac=0.5))) is None
    assert anatomy.sizes(replace(start, config=replace(start.config, hidden=None))) is None


def test_each_pass_goes_through_its_own_attention_and_through_all_that_is_shared():
    for key, part in anatomy.PARTS.items():
        own = "self_attn" in part.tensor
        assert part.passes == (["draft"] if key.endswith("_diff") else ["verify"] if own else ["draft", "verify"])


def test_the_view_s_facts_come_once_with_the_start():
    trace = load(RECORDINGS[0])
    assert catalogue.state("anatomy", trace)["facts"]["sizes"] == list(anatomy.sizes(trace.start).values())
    assert all(anatomy.patch(event, trace) == [] for event in list(trace.events)[1:])
