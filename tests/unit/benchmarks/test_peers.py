"""What this project is compared with decodes the same weights: names, numbers, ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.decode.peers import LlamaCpp, by_llama_cpp, by_transformers, transformers_model
from orthrus.checkpoints.loading import LoadedModel, load_model
from orthrus.checkpoints.safetensors_io import open_weights
from orthrus.config import EMBEDDED_MODEL, DecodeConfig
from orthrus.decoding.engine import decode_ar
from orthrus.model.modules import DIFF
from orthrus.trace import Trace
from tests.tiny import compiled_model

ASKED = [{"role": "user", "content": "Solve 3x + 5 = 20."}]
LIMIT = 12


@pytest.fixture(scope="module")
def plain() -> LoadedModel:
    return load_model(EMBEDDED_MODEL, "cpu", engine="torch", threads=1)


@pytest.fixture(scope="module")
def ours(plain) -> list[int]:
    return list(Trace.of(decode_ar(plain, ASKED, DecodeConfig(LIMIT))).ar_ids)


def test_transformers_writes_the_same_ids(plain, ours):
    assert by_transformers(plain, "sdpa", "dynamic", LIMIT)(ASKED)[0] == ours


def test_a_compiled_model_has_no_modules_to_hand_over():
    with pytest.raises(TypeError, match="numba"):
        transformers_model(compiled_model(), "sdpa")


@pytest.fixture(scope="module", params=("float32", "float16"))
def written(request, tmp_path_factory) -> tuple[str, Path]:
    pytest.importorskip("gguf")
    from benchmarks.decode.gguf_file import write_gguf

    path = tmp_path_factory.mktemp("gguf") / "ar.gguf"
    write_gguf(EMBEDDED_MODEL, path, request.param)
    return request.param, path


def test_a_gguf_file_holds_the_ar_view_and_nothing_else(written, plain):
    import gguf

    from benchmarks.decode.gguf_file import gguf_name

    numbers, path = written
    held = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    names = [name for name in open_weights(EMBEDDED_MODEL) if DIFF not in name]
    assert set(held) == {gguf_name(name) for name in names}
    dtype = getattr(torch, numbers)
    for name in names:
        weight = plain.model.get_parameter(name)
        wanted = weight.to(dtype if weight.ndim == 2 else torch.float32)
        assert np.array_equal(held[gguf_name(name)].data.reshape(wanted.shape), wanted.numpy()), name


def test_llama_cpp_writes_the_same_ids(written, plain, ours):
    pytest.importorskip("llama_cpp")
    engine = LlamaCpp(written[1], 1, 256)
    try:
        run = by_llama_cpp(plain, engine, LIMIT)
        assert [ids for ids, _ in (run(ASKED), run(ASKED))] == [ours, ours], "a second answer begins anew"
    finally:
        engine.close()
