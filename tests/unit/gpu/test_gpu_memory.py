"""Memory of GPU runs, counted beforehand; and which way a model on a GPU is decoded."""

from __future__ import annotations

import pytest
import torch

from benchmarks.harness import SHAPES
from orthrus import diagnostics
from orthrus.config import DecodeConfig
from orthrus.decoding.engine import decode
from orthrus.decoding.verify_block import verify_block
from orthrus.gpu import memory_plan, support
from orthrus.gpu.support import GraphRuntime, choose_on_gpu
from orthrus.model import memory
from orthrus.model.row_invariance import RowCheck
from tests.gpu_fakes import graphed
from tests.refusals import refused
from tests.tiny import tiny_config, tiny_model

GIB = 1 << 30
BF16 = torch.bfloat16


@pytest.mark.parametrize(("rows", "size"), [(1, 1024), (1024, 1024), (1025, 2048), (9000, 10_000), (10_000, 10_000)])
def test_buckets_double_up_to_the_context(rows, size):
    assert memory_plan.bucket(tiny_config(max_position_embeddings=10_000), rows) == size


def test_weights_are_counted_with_the_copies_of_one_layer():
    lm = tiny_model()
    parameters = sum(p.nbytes for p in lm.model.parameters())
    layer = lm.model.fused_layers()[0]
    copies = layer.ar.qkv.nbytes + layer.diff.qkv.nbytes + layer.gate_up.nbytes
    assert memory_plan.weight_bytes(lm.config, torch.float32) == parameters + copies


@pytest.mark.parametrize("vocab_size", [320, 4000])
def test_what_a_run_keeps_is_within_what_was_counted(vocab_size):
    lm, _ = graphed(tiny_model(vocab_size=vocab_size))
    runner = lm.model.graphs.runner(lm.model)
    for block, sampled in ((lm.config.block_size, False), (lm.config.block_size, True), (1, False), (1, True)):
        runner.prepare(100, block, sampled)
    kept = [*runner.angles, runner.cache._keys, runner.cache._values]
    for cycle, graph in runner._cycles.values():
        kept += [t for t in vars(cycle).values() if isinstance(t, torch.Tensor)]
        kept += [t for t in graph.out if t is not None]
    held = sum({t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in kept}.values())
    counted = memory_plan.run_bytes(lm.config, torch.float32, runner.cache.capacity)
    assert 0.2 * counted < held < counted, "the rest is what passes leave behind them"
    runner.prepare(100, 3, False)
    assert list(runner._cycles) == [(8, True), (1, False), (1, True), (3, False)], "the oldest graph has made room"


@pytest.mark.parametrize("vocab_size", [320, 4000])
def test_what_single_passes_keep_is_within_what_was_counted(vocab_size):
    lm, _ = graphed(tiny_model(vocab_size=vocab_size))
    model = lm.model.graphs.passes(lm.model)
    wanted = model.cache_bytes(100)
    cache = model.new_cache(100)
    for rows in (1, 8, 16, 32, 64):
        model.forward_ar(torch.zeros(rows, dtype=torch.int64), cache)
        cache.crop(0)
    model.forward_tree(torch.zeros(33, dtype=torch.int64), cache, [(1,)])
    runner = lm.model.graphs.runner(lm.model)
    kept = [*runner.angles, cache._keys, cache._values, cache._side]
    for graph in runner._passes.values():
        kept += [graph.ids, graph.paths, graph.depths, graph._graph.out]
    held = sum({t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in kept}.values())
    assert 0.05 * wanted < held < wanted
    assert model.cache_bytes(100) == memory_plan.passes_bytes(lm.config, torch.float32, runner.cache.capacity), (
        "the cache is there"
    )


def test_a_card_of_8_gb_takes_the_1_7b_and_refuses_the_8b(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda device: int(7.4 * GIB))
    cuda = torch.device("cuda")
    memory_plan.refuse_model(SHAPES["1.7b"], BF16, cuda)
    with refused("out-of-memory"):
        memory_plan.refuse_model(SHAPES["8b"], BF16, cuda)
    free = int(7.4 * GIB) - memory_plan.weight_bytes(SHAPES["1.7b"], BF16)
    fits = memory_plan.longest(SHAPES["1.7b"], BF16, free)
    assert fits >= 8192 and memory_plan.run_bytes(SHAPES["1.7b"], BF16, fits) <= free
    assert memory_plan.longest(SHAPES["1.7b"], BF16, 1 << 20) == 0
    assert memory_plan.longest(SHAPES["1.7b"], BF16, 99 * GIB) == SHAPES["1.7b"].max_position_embeddings


def test_a_run_that_does_not_fit_is_refused_before_its_first_event(monkeypatch):
    lm, _ = graphed(tiny_model(max_position_embeddings=8192))
    assert [e.type for e in decode(lm, "Hi", DecodeConfig(4))][-1] == "done"
    held = memory_plan.run_bytes(lm.config, torch.float32, 1024)
    more = memory_plan.run_bytes(lm.config, torch.float32, 8192)
    for module in (memory, support):
        monkeypatch.setattr(module, "free_bytes", lambda device: more - held - 1)
    with refused("out-of-memory"):
        decode(lm, "Hi", DecodeConfig(6000))
    decode(lm, "Hi", DecodeConfig(900))
    for module in (memory, support):
        monkeypatch.setattr(module, "free_bytes", lambda device: more - held)
    decode(lm, "Hi", DecodeConfig(6000))


# ---------------------------------------------------------------- which way
CHECKS = {"holds": RowCheck("float32", 1, "", 9, 9), "differs": RowCheck("float32", 1, "", 9, 8)}


def on_gpu(monkeypatch, mode, why=None, check="holds"):
    monkeypatch.setattr(support, "unsupported_reason", lambda model: why)
    monkeypatch.setattr(support, "_tried", lambda model: CHECKS[check])
    model, found, fallback = choose_on_gpu(tiny_model().model, mode)
    assert (model.engine == "torch") is bool(fallback)
    return model.engine == "triton", found


def test_kernels_are_taken_where_they_run_and_hold(monkeypatch):
    for mode in ("auto", "triton"):
        assert on_gpu(monkeypatch, mode) == (True, CHECKS["holds"])
    assert on_gpu(monkeypatch, "auto", why="triton is not installed") == (False, None)
    assert on_gpu(monkeypatch, "auto", check="differs") == (False, CHECKS["differs"])
    for fault in ({"why": "triton is not installed"}, {"check": "differs"}):
        with refused("engine-unavailable"):
            on_gpu(monkeypatch, "triton", **fault)


def test_captured_kernels_step_back_to_plain_pytorch():
    lm, _ = graphed(tiny_model())
    plain = lm.in_plain_torch()
    assert (lm.engine, lm.mode) == ("triton", "exact") and (plain.engine, plain.mode) == ("torch", "fast")


def test_kernels_that_do_not_start_are_a_sentence(monkeypatch):
    def broken(model):
        raise RuntimeError("Failed to find C compiler.\nPlease specify via CC environment variable.")

    monkeypatch.setattr(support, "check_rows", broken)
    check = support._tried(tiny_model().model)
    assert not check.holds and check.words.endswith(
        "the kernels did not start: RuntimeError: Failed to find C compiler.)"
    )


def test_a_capture_that_fails_is_met_in_the_rehearsal(monkeypatch):
    lm, device = graphed(tiny_model())
    monkeypatch.setattr(support, "check_rows", lambda model: CHECKS["holds"])
    assert support._tried(lm.model) is CHECKS["holds"] and device.captured == 1 and device.replayed == 2
    other, device = graphed(tiny_model())
    device.fail_next = RuntimeError("CUDA error: operation not permitted when stream is capturing")
    check = support._tried(other.model)
    assert not check.holds and "operation not permitted when stream is capturing" in check.words


def test_obstacles_are_named():
    assert support.unsupported_reason(tiny_model().model) == "the kernels are for CUDA, the model is on cpu"
    assert isinstance(GraphRuntime().serves(DecodeConfig()), bool)


def test_the_check_compares_rows_of_the_first_layer_and_the_head():
    """On a CPU the reference's rows may differ: only that rows are compared is asked here."""
    check = support.check_rows(tiny_model(max_position_embeddings=400).model, "reference", sizes=(1, 32))
    assert check.compared == 3 * (3 + 32) and check.equal >= 3 * 32


def test_a_single_pass_outside_of_runs_is_called_what_it_is():
    lm, device = graphed(tiny_model())
    assert verify_block(lm, "Hi", "", "abc")["engine"] == "torch" and device.captured == 0


def test_the_doctor_says_what_decodes():
    lm, _ = graphed(tiny_model())
    assert "captured GPU kernels" in diagnostics.standing(lm) and "plain PyTorch" in diagnostics.standing(tiny_model())
    assert diagnostics._fits(lm) is None
