"""A GPU that is lent for one call: decided in the process that has it, for kernels that were compiled beforehand."""

from __future__ import annotations

import logging
import multiprocessing
import sys

import pytest
import torch

from orthrus.checkpoints import loading
from orthrus.checkpoints.hub import locate
from orthrus.config import EMBEDDED_MODEL
from orthrus.decoding.model_variants import Engines
from orthrus.gpu import kernel_cache, support
from orthrus.model.row_invariance import RowCheck
from orthrus.server import model_service, zerogpu
from orthrus.server.settings import Settings
from tests.refusals import refused
from tests.tiny import tiny_config, tiny_model

HOLDS, DIFFERS = (RowCheck("float32", 1, "", 9, equal) for equal in (9, 8))
CONFIG, BF16 = tiny_config(), torch.bfloat16


@pytest.fixture
def card(monkeypatch, tmp_path):
    """A folder of Triton's, and a model that stands on a card of compute capability 9.0."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(kernel_cache, "version", lambda name: "3.6.0")
    monkeypatch.setattr(kernel_cache, "capability", lambda device: 90)
    monkeypatch.setattr(support, "unsupported_reason", lambda model: None)
    monkeypatch.setattr(support, "_tried", lambda model: HOLDS)
    return tmp_path


def lent_model():
    """Loaded as `load_model` leaves it where the GPU comes later: not stacked, nothing decided."""
    lm = tiny_model()
    lm.model._fused = None
    return lm


# ---------------------------------------------------------------- notes
def test_a_note_is_of_one_shape_format_card_version_and_source(card, monkeypatch):
    assert not kernel_cache.is_compiled(CONFIG, BF16, 90)
    kernel_cache.note(CONFIG, BF16, 90, {})
    assert kernel_cache.is_compiled(CONFIG, BF16, 90)
    assert kernel_cache.is_compiled(tiny_config(num_hidden_layers=9), BF16, 90), "all layers have the same shapes"
    assert not kernel_cache.is_compiled(tiny_config(hidden_size=128), BF16, 90)
    assert not kernel_cache.is_compiled(CONFIG, torch.float32, 90) and not kernel_cache.is_compiled(CONFIG, BF16, 120)
    monkeypatch.setattr(kernel_cache, "version", lambda name: "3.9.0")
    assert not kernel_cache.is_compiled(CONFIG, BF16, 90)


def test_changed_kernels_are_not_those_that_were_compiled(card, monkeypatch, tmp_path):
    kernel_cache.note(CONFIG, BF16, 90, {})
    monkeypatch.setattr(kernel_cache, "KERNELS", tmp_path)
    assert not kernel_cache.is_compiled(CONFIG, BF16, 90)


# ---------------------------------------------------------------- what the process decides
def test_compiled_kernels_are_checked_and_taken(card):
    lm = lent_model()
    kernel_cache.note(lm.config, lm.model.dtype, 90, {})
    found = Engines(lm, None, is_zerogpu=True).get("auto")
    assert found.engine == "triton" and found.check is HOLDS and found.mode == "exact"


def test_kernels_that_are_not_compiled_are_not_tried(card, monkeypatch, caplog):
    monkeypatch.setattr(support, "_tried", lambda model: pytest.fail("compiling takes longer than a call is granted"))
    with caplog.at_level(logging.WARNING):
        found = Engines(lent_model(), None, is_zerogpu=True).get("auto")
    assert found.mode == "fast" and found.check is None and "sm_90" in caplog.text
    with refused("engine-unavailable"):
        Engines(lent_model(), None, is_zerogpu=True).get("triton")


def test_kernels_that_do_not_hold_there_are_stepped_back_from(card, monkeypatch):
    lm = lent_model()
    kernel_cache.note(lm.config, lm.model.dtype, 90, {})
    monkeypatch.setattr(support, "_tried", lambda model: DIFFERS)
    found = Engines(lm, None, is_zerogpu=True).get("auto")
    assert found.mode == "fast" and found.check is DIFFERS


def test_it_is_decided_once_a_process_and_mode(card, monkeypatch):
    lm, tries = lent_model(), []
    kernel_cache.note(lm.config, lm.model.dtype, 90, {})
    monkeypatch.setattr(support, "_tried", lambda model: tries.append(1) or HOLDS)
    engines = Engines(lm, None, is_zerogpu=True)
    assert engines.get("auto") is engines.get("auto") and len(tries) == 1
    assert engines.get("torch").mode == "fast" and len(tries) == 1


def test_the_parent_stacks_nothing_and_decides_nothing(card):
    lm = lent_model()
    kernel_cache.note(lm.config, lm.model.dtype, 90, {})
    engines, context = Engines(lm, None, is_zerogpu=True), multiprocessing.get_context("fork")
    found = context.SimpleQueue()
    process = context.Process(target=lambda: found.put(engines.get("auto").mode))
    process.start()
    process.join(60)
    assert found.get() == "exact" and lm.model._fused is None and engines._by_engine == {}


def test_loading_for_a_gpu_that_comes_later_leaves_the_weights_as_they_are(monkeypatch):
    monkeypatch.setattr(support, "lent_later", lambda model: True)
    place = locate(str(EMBEDDED_MODEL))
    model, check, _ = loading._load_on_gpu(place, torch.device("cpu"), "float32", "auto")
    assert model._fused is None and check is None and model.engine == "torch"
    pointers = {p.untyped_storage().data_ptr() for p in model.parameters()}
    assert len(pointers) == sum(1 for _ in model.parameters()), "no parameter is a view of another"


def test_a_gpu_comes_later_where_a_model_is_on_cuda_and_cuda_has_not_begun(monkeypatch):
    lm = tiny_model()
    assert not support.lent_later(lm.model)
    monkeypatch.setattr(type(lm.model), "device", property(lambda model: torch.device("cuda")))
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    assert support.lent_later(lm.model)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    assert not support.lent_later(lm.model)


# ---------------------------------------------------------------- compiling when the server starts
def test_a_server_compiles_in_a_process_of_its_own(monkeypatch):
    asked, lm = [], lent_model()
    monkeypatch.setattr(zerogpu, "is_zerogpu", lambda: True)
    monkeypatch.setattr(zerogpu, "spaces", type("Host", (), {"GPU": staticmethod(lambda duration: lambda task: task)}))
    monkeypatch.setattr(zerogpu, "compile_kernels", lambda *what: asked.append(what))
    monkeypatch.setattr("orthrus.checkpoints.loading.load_model", lambda *_: lm)
    server = model_service.Service(Settings(model=str(EMBEDDED_MODEL), threads=1))
    server._load(str(EMBEDDED_MODEL))
    assert asked == [], "a model on a CPU needs none"
    monkeypatch.setattr(type(lm.model), "device", property(lambda model: torch.device("cuda")))
    assert server._load(str(EMBEDDED_MODEL))._by_engine == {} and asked == [(str(EMBEDDED_MODEL), "float32")]


@pytest.mark.parametrize(("code", "level"), [("import sys; sys.exit('no compiler')", "WARNING"), ("", "INFO")])
def test_what_came_of_it_is_logged(code, level, monkeypatch, caplog):
    run = zerogpu.subprocess.run
    monkeypatch.setattr(zerogpu.subprocess, "run", lambda command, **how: run([sys.executable, "-c", code], **how))
    with caplog.at_level(logging.INFO):
        zerogpu.compile_kernels("model", "bfloat16").join(60)
    (record,) = [record for record in caplog.records if record.name == "orthrus.server.zerogpu"]
    assert record.levelname == level and (level == "INFO" or "no compiler" in record.getMessage())
