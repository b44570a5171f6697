"""The compiled engine: the reference's function, the same bits in every pass, on every thread and on every CPU."""

from __future__ import annotations

import gc
import hashlib
import os
import stat
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest
import torch
from torch import Tensor

from kernels import numba_common
from orthrus.checkpoints import loading
from orthrus.checkpoints.folder import save_checkpoint
from orthrus.checkpoints.loading import load_model
from orthrus.config import DecodeConfig
from orthrus.decoding.engine import decode, decode_ar, run_both
from orthrus.errors import EngineUnavailable, OrthrusError
from orthrus.model.compiled_model import PASS_ROWS, CompiledCache, compiled, pass_rows, unserved
from orthrus.model.dual_view import Orthrus
from orthrus.model.row_invariance import bit_equal, check_rows
from orthrus.trace import Trace
from orthrus.trace.invariants import check
from tests.faults import FAULTS, strained, under
from tests.tiny import byte_tokenizer, compiled_model, on_engine, random_weights, tiny_config, tiny_model

ROOT = Path(__file__).resolve().parents[3]
SHAPES = {
    "grouped": {},
    "tied, one key-value head": {"num_key_value_heads": 1},
    "untied, odd vocabulary": {"tie_word_embeddings": False, "vocab_size": 331},
    "published heads": {"head_dim": 128, "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": 80},
    "odd units": {"hidden_size": 48, "intermediate_size": 176, "num_hidden_layers": 1},
}
DTYPES = (torch.float32, torch.bfloat16)


def tokens(count: int, seed: int = 0, vocab: int = 320) -> Tensor:
    return torch.randint(vocab, (count,), generator=torch.Generator().manual_seed(seed))


def same(a: Tensor, b: Tensor) -> bool:
    return bool(bit_equal(a, b).all())


# ---------------------------------------------------------------- the function
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_both_views_are_those_of_the_reference(shape, dtype):
    lm = tiny_model(**SHAPES[shape])
    with torch.no_grad():
        for parameter in lm.model.parameters():
            parameter.copy_(parameter.to(dtype))  # the reference computes in float32 with the same numbers
    ours = compiled(lm.model, dtype)
    a, b = ours.new_cache(120), lm.model.new_cache(120)
    ids, block = tokens(45), torch.tensor([7] + [lm.config.mask_token_id] * 7)
    for model_a, model_b in (
        (ours.forward_ar(ids, a), lm.model.forward_ar(ids, b)),
        (ours.forward_diffusion(block, a, 7), lm.model.forward_diffusion(block, b, 7)),
        (ours.forward_ar(ids[:1], a, True), lm.model.forward_ar(ids[:1], b, True)),
    ):
        assert model_a.shape == model_b.shape and a.length == b.length
        torch.testing.assert_close(model_a, model_b, rtol=1e-3, atol=2e-3)
        assert not torch.allclose(model_a, model_b.roll(1, -1), rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("view", ("forward_ar", "forward_diffusion"))
def test_a_weight_that_is_wrong_by_a_little_shows(view):
    """The bounds above are narrow enough to see one wrong number of one matrix of either view."""
    lm = tiny_model()
    part = lm.model.model.layers[1].self_attn.part("v_proj", "" if view == "forward_ar" else "_diff")
    before = compiled(lm.model)
    with torch.no_grad():
        part.weight[3, 5] += 0.5
    after = compiled(lm.model)
    found = []
    for model in (before, after):
        cache = model.new_cache(60)
        model.forward_ar(tokens(9), cache)
        passes = {"forward_ar": (tokens(3), cache), "forward_diffusion": (tokens(8), cache, 7)}
        found.append(getattr(model, view)(*passes[view]))
    assert not torch.allclose(*found, rtol=1e-3, atol=2e-3)


# ---------------------------------------------------------------- the bits
@pytest.mark.machine
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("start", (0, 1, 15, 230))
def test_verify_rows_equal_one_row_decoding(dtype, start):
    model = compiled_model(dtype=dtype, max_position_embeddings=512, block_size=32).model
    ids, cache = tokens(start + 32), model.new_cache(300)
    if start:
        model.forward_ar(ids[:start], cache, True)
    together = model.forward_ar(ids[start:], cache)
    for size in (1, 2, 3, 5, 8, 19, 31):
        for place in sorted({0, 5, 32 - size} & set(range(33 - size))):
            cache.length = start + place
            assert same(model.forward_ar(ids[start + place :][:size], cache), together[place : place + size])


@pytest.mark.machine
def test_a_prompt_cut_anywhere_gives_the_same_bits():
    model = compiled_model(max_position_embeddings=512).model
    ids, found = tokens(150), []
    for cuts in ((150,), (1, 149), (40, 40, 70), (31, 33, 86), (7,) * 21 + (3,)):
        cache = model.new_cache(200)
        for part in ids.split(cuts):
            last = model.forward_ar(part, cache, True)
        found.append((last, model.forward_diffusion(tokens(8, 3), cache, 7)))
    assert all(same(a, found[0][0]) and same(b, found[0][1]) for a, b in found[1:])


@pytest.mark.machine
@pytest.mark.parametrize("threads", (2, 3))
def test_threads_do_not_show(threads):
    lm = tiny_model(num_key_value_heads=4, max_position_embeddings=512)
    alone, many = compiled(lm.model, threads=1), compiled(lm.model, threads=threads)
    caches = alone.new_cache(400), many.new_cache(400)
    for step in range(60):  # sizes of the team are tried in turn
        ids = tokens(1 + step % 9, step)
        assert same(*(model.forward_ar(ids, cache) for model, cache in zip((alone, many), caches, strict=True)))


def test_helpers_touch_nothing_of_a_pass_that_is_over():
    """Pieces of a prompt ask for no logits, the pass behind them does, from another cache and into another buffer."""
    lm = tiny_model(num_key_value_heads=4, max_position_embeddings=2048)
    alone, many = compiled(lm.model, threads=1), compiled(lm.model, threads=4)
    many.team.size_for = lambda rows: 4
    ids = tokens(200)
    for _ in range(150):
        found = []
        for model in (alone, many):
            cache = model.new_cache(300)
            found.append(model.forward_ar(ids, cache, True))
            found.append(model.forward_diffusion(ids[:8], cache, 7))
        assert same(found[0], found[2]) and same(found[1], found[3])


def test_the_interpreter_ends_quietly_with_helpers_at_work():
    code = (
        "import torch; from orthrus.checkpoints.loading import load_model\n"
        "m = load_model(device='cpu', threads=4).model\n"
        "m.team.size_for = lambda rows: 4\n"
        "c = m.new_cache(100); m.forward_ar(torch.arange(60), c, True); m.forward_ar(torch.arange(8), c)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_two_runs_may_share_a_model():
    lm = compiled_model(max_position_embeddings=512)
    alone = [Trace.of(decode(lm, f"Prompt {i}", DecodeConfig(30))).token_ids for i in range(2)]
    found: dict[int, tuple[int, ...]] = {}

    def run(i: int) -> None:
        found[i] = Trace.of(decode(lm, f"Prompt {i}", DecodeConfig(30))).token_ids

    runs = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert [found[0], found[1]] == alone


# The same on every CPU: `.ci/run` asks again under lowered instruction sets. Written by the engine itself, once.
GOLDEN = "8632bf727484517475ed6365f6114aceb566aa0809966bdb616397c0121d75d8"
GOLDEN_IDS = [
    404,
    707,
    351,
    575,
    309,
    226,
    24,
    93,
    292,
    226,
    26,
    273,
    226,
    23,
    21,
    19,
    204,
    882,
    226,
    26,
    441,
    601,
    634,
    31,
    226,
    24,
    93,
    273,
    226,
    23,
    21,
    319,
    226,
    26,
    273,
    226,
    22,
    26,
    19,
    204,
    1046,
    601,
    634,
    392,
    226,
    24,
    31,
    575,
    273,
    226,
    22,
    26,
    394,
    226,
    24,
    273,
    226,
    26,
    19,
    204,
]


@pytest.mark.machine
def test_logits_and_text_are_those_of_every_other_machine(mini):
    cache = mini.model.new_cache(200)
    logits = mini.model.forward_ar(tokens(41, vocab=2048), cache)
    draft = mini.model.forward_diffusion(torch.tensor([7] + [mini.config.mask_token_id] * 31), cache, 31)
    digest = hashlib.sha256(logits.contiguous().numpy().tobytes() + draft.contiguous().numpy().tobytes())
    trace = Trace.of(run_both(mini, "Solve 3x + 5 = 20.", DecodeConfig(60)))
    assert (digest.hexdigest(), list(trace.token_ids)) == (GOLDEN, GOLDEN_IDS)
    assert trace.lossless.rows_equal == trace.lossless.rows_compared == len(trace.token_ids)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_row_check_sees_a_row_that_knows_its_neighbours(fault):
    lm = strained(tiny_model(max_position_embeddings=512))
    assert check_rows(on_engine(lm).model).holds
    found = check_rows(under(lm, fault()).model)
    assert not found.holds and 0 < found.equal < found.compared


# ---------------------------------------------------------------- runs
@pytest.mark.parametrize(
    "rule",
    (
        {},
        {"temperature": 0.9, "seed": 4},
        {"temperature": 0.7, "top_k": 20, "top_p": 0.9},
        {"detail": 1, "draft": "auto"},
        {"block_size": 5, "detail": 0},
    ),
    ids=str,
)
def test_both_lanes_write_one_text(rule):
    lm = compiled_model(max_position_embeddings=512, block_size=32)
    trace = Trace.of(run_both(lm, "What is 3 x 4?", DecodeConfig(**({"max_new_tokens": 50, "detail": -1} | rule))))
    assert check(trace) == []
    assert trace.lossless.verdict == "identical" and trace.lossless.rows_equal == trace.lossless.rows_compared
    assert (trace.start.model.mode, trace.start.host.threads) == ("exact", 1)


def test_the_text_is_that_of_plain_pytorch():
    """Of a model whose choices are clear: random tiny ones have near-ties."""
    plain = load_model(engine="torch", dtype="float32")
    for prompt in ("Solve 3x + 5 = 20.", "Count from 1 to 9."):
        texts = [Trace.of(decode_ar(lm, prompt, DecodeConfig(80))).ar_ids for lm in (plain, load_model())]
        assert texts[0] == texts[1]


def test_a_run_to_the_last_position_of_the_context():
    lm = compiled_model(max_position_embeddings=96, block_size=32)
    trace = Trace.of(run_both(lm, "abc", DecodeConfig(96, detail=-1)))
    assert check(trace) == [] and trace.done.stop in ("capacity", "eos")
    assert trace.lossless.verdict == "identical"


def test_weights_that_are_not_finite_end_the_run():
    lm = tiny_model()
    with torch.no_grad():
        lm.model.model.layers[0].mlp.up_proj.weight[0, 0] = torch.nan
    for run in (decode, decode_ar):
        with pytest.raises(OrthrusError) as error:
            list(run(on_engine(lm), "abc", DecodeConfig(5)))
        assert error.value.code == "logits-not-finite"


# ---------------------------------------------------------------- memory
def test_matrices_are_held_once_in_the_format_they_are_stored_in(tmp_path):
    lm = tiny_model(tie_word_embeddings=False, vocab_size=336)
    save_checkpoint(lm.model, tmp_path, torch.bfloat16)
    byte_tokenizer().save_pretrained(tmp_path)
    matrices = sum(p.numel() for p in lm.model.parameters() if p.ndim == 2)
    kept, wide = load_model(tmp_path, "cpu"), load_model(tmp_path, "cpu", "float32")
    assert (kept.model.dtype, wide.model.dtype) == (torch.bfloat16, torch.float32)
    assert kept.model._weights.pool.nbytes == 2 * matrices and wide.model._weights.pool.nbytes == 4 * matrices
    ids = tokens(20)
    assert same(*(each.model.forward_ar(ids, each.model.new_cache(30)) for each in (kept, wide))), "widening is exact"


def test_a_cache_is_counted_before_it_is_made():
    config = tiny_config()
    cache = CompiledCache(config, 100)
    assert cache.nbytes == CompiledCache.bytes_for(config, 100) == compiled_model().model.cache_bytes(100)
    assert cache.bytes_per_position == config.kv_bytes_per_position * 4
    assert cache.stored >= 100 + pass_rows(config) and cache.stored % 16 == 0
    with pytest.raises(ValueError):
        CompiledCache(config, 0)


def test_what_does_not_fit_is_refused():
    model = compiled_model().model
    cache = model.new_cache(8)
    with pytest.raises(ValueError):
        model.forward_ar(tokens(9), cache)
    with pytest.raises(ValueError):
        model.forward_ar(tokens(4).repeat(70), model.new_cache(400))
    assert cache.length == 0 and PASS_ROWS == 64


def test_a_model_and_its_threads_go_when_nobody_holds_it():
    before = set(threading.enumerate())
    lm = compiled_model(threads=3)
    lm.model.forward_ar(tokens(4), lm.model.new_cache(9))
    known = weakref.ref(lm.model)
    helpers = [t for t in threading.enumerate() if t.name.startswith("pass-") and t not in before]
    assert len(helpers) == 2
    del lm
    gc.collect()
    assert known() is None
    for helper in helpers:
        helper.join(5)
        assert not helper.is_alive()


# ---------------------------------------------------------------- where it does not run
def saved(tmp_path, **changes):
    model = random_weights(Orthrus(tiny_config(**changes)))
    save_checkpoint(model, tmp_path, torch.float32)
    byte_tokenizer().save_pretrained(tmp_path)
    return tmp_path


def test_a_shape_that_is_not_served_runs_on_pytorch_and_says_so(tmp_path):
    folder = saved(tmp_path, head_dim=20, num_hidden_layers=1)
    lm = load_model(folder, "cpu")
    assert (
        (lm.engine, lm.mode) == ("torch", "fast")
        and lm.fallback == unserved(lm.config)
        and "head_dim is 20" in lm.fallback
    )
    assert Trace.of(decode(lm, "abc", DecodeConfig(5))).done is not None
    with pytest.raises(EngineUnavailable) as error:
        load_model(folder, "cpu", engine="numba")
    assert error.value.code == "engine-unavailable"


def test_without_numba_pytorch_decodes(tmp_path, monkeypatch):
    folder = saved(tmp_path, num_hidden_layers=1)
    assert load_model(folder, "cpu").engine == "numba"
    monkeypatch.setattr(loading, "find_spec", lambda name: None)
    lm = load_model(folder, "cpu")
    assert (lm.engine, lm.fallback) == ("torch", "numba is not installed")
    with pytest.raises(EngineUnavailable):
        load_model(folder, "cpu", engine="numba")


@pytest.mark.parametrize(("engine", "code"), (("quick", "unknown-choice"), ("triton", "engine-unavailable")))
def test_an_engine_that_is_not_there_is_refused(engine, code):
    with pytest.raises(OrthrusError) as error:
        load_model(device="cpu", engine=engine)
    assert error.value.code == code


def test_a_cache_folder_that_cannot_be_written_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "a"))
    numba_common.cache_folder.cache_clear()
    try:
        found = numba_common.cache_folder()
        assert found is not None and found.parent == tmp_path / "a" and found.is_dir()
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
        monkeypatch.setattr(numba_common.tempfile, "gettempdir", lambda: str(tmp_path / "b"))
        numba_common.cache_folder.cache_clear()
        assert numba_common.cache_folder().parent == tmp_path / "b"
        monkeypatch.setattr(numba_common.tempfile, "gettempdir", lambda: str(tmp_path / "file"))
        numba_common.cache_folder.cache_clear()
        assert numba_common.cache_folder() is None
        assert numba_common.entry(lambda x: x + 1)(2) == 3, "compiled all the same, for this process alone"
    finally:
        monkeypatch.undo()
        numba_common.cache_folder.cache_clear()


def test_a_cache_folder_of_somebody_else_is_passed_over(tmp_path, monkeypatch):
    """Machine code is read back from it: nobody else may be able to write it."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    numba_common.cache_folder.cache_clear()
    try:
        mine = numba_common.cache_folder()
        assert stat.S_IMODE(os.stat(mine).st_mode) & 0o022 == 0
        mine.chmod(0o777)
        numba_common.cache_folder.cache_clear()
        assert numba_common.cache_folder() != mine
    finally:
        monkeypatch.undo()
        numba_common.cache_folder.cache_clear()
