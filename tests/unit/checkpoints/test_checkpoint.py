"""Checkpoint folders: round trip, plain Qwen3, and every way a folder can be wrong."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from orthrus.checkpoints.folder import save_checkpoint
from orthrus.checkpoints.loading import load_model
from orthrus.config import ModelConfig
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF
from orthrus.server.settings import settings_from_environment
from tests.refusals import refused
from tests.tiny import byte_tokenizer, random_weights, tiny_config

K_PROJ_DIFF = "model.layers.1.self_attn.k_proj_diff.weight"


@pytest.fixture
def folder(tmp_path):
    model = random_weights(Orthrus(tiny_config()))
    save_checkpoint(model, tmp_path, torch.float32)
    byte_tokenizer().save_pretrained(tmp_path)
    return tmp_path


def edit(folder, change):
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


def test_round_trip_keeps_every_bit_and_the_published_names(folder):
    lm = load_model(folder, "cpu", "float32", engine="torch")
    original = dict(random_weights(Orthrus(tiny_config())).named_parameters())
    loaded = dict(lm.model.named_parameters())
    assert loaded.keys() == original.keys()
    assert all(torch.equal(loaded[n], original[n]) for n in original)
    attention = {n for n in loaded if n.startswith("model.layers.0.self_attn.")}
    stems = [f"{p}_proj" for p in "qkvo"] + ["q_norm", "k_norm"]
    assert attention == {f"model.layers.0.self_attn.{s}{view}.weight" for s in stems for view in ("", "_diff")}
    assert "lm_head.weight" not in loaded and lm.config == tiny_config()


def test_untied_head_is_a_tensor_of_its_own(tmp_path):
    model = random_weights(Orthrus(tiny_config(tie_word_embeddings=False)))
    save_checkpoint(model, tmp_path, torch.float32)
    assert "lm_head.weight" in load_file(tmp_path / "model.safetensors")


def test_plain_qwen3_starts_with_the_diffusion_view_as_a_copy(folder):
    edit(folder, lambda t: [t.pop(n) for n in list(t) if DIFF in n])
    tensors = dict(load_model(folder, "cpu", "float32", engine="torch").model.named_parameters())
    assert all(torch.equal(p, tensors[n.replace(DIFF, "")]) for n, p in tensors.items() if DIFF in n)


@pytest.mark.parametrize(
    ("change", "code", "named"),
    [
        (lambda t: t.pop("model.norm.weight"), "tensor-missing", "model.norm.weight"),
        (lambda t: t.pop(K_PROJ_DIFF), "tensor-missing", K_PROJ_DIFF),
        (lambda t: t.update({"model.odd": torch.ones(1)}), "tensor-unknown", "model.odd"),
        (lambda t: t.update({"model.norm.weight": torch.ones(63)}), "tensor-shape", "(63,)"),
    ],
)
def test_wrong_tensors_are_named(folder, change, code, named):
    edit(folder, change)
    with refused(code, named):
        load_model(folder, "cpu", "float32")


def test_folders_that_are_no_checkpoints(folder, tmp_path_factory):
    with refused("not-a-model"):
        load_model(tmp_path_factory.mktemp("empty"))
    with refused("unknown-choice"):
        load_model(folder, "cpu", "int8")
    (folder / "model.safetensors").write_bytes(b"not a tensor file")
    with refused("weights-invalid"):
        load_model(folder)
    (folder / "model.safetensors").unlink()
    with refused("weights-missing"):
        load_model(folder)
    (folder / "config.json").write_text("{")
    with refused("json-invalid"):
        load_model(folder)


def test_a_hub_id_without_network_is_a_sentence():
    with refused("hub-unreachable"):
        load_model("nobody/nothing")


RAW = tiny_config().to_json()


def test_config_round_trip_and_both_rope_spellings():
    assert ModelConfig.from_json(json.loads(json.dumps(RAW))) == tiny_config()
    old = {k: v for k, v in RAW.items() if k != "rope_parameters"}
    new = {k: v for k, v in RAW.items() if k != "rope_theta"}
    assert ModelConfig.from_json(old) == ModelConfig.from_json(new) == tiny_config()
    many = ModelConfig.from_json(RAW | {"eos_token_id": [2, 3]})
    assert many.eos_token_ids == (2, 3) and ModelConfig.from_json(many.to_json()) == many


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "llama"}, "'llama'"),
        ({"use_sliding_window": True}, "sliding-window"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "'yarn'"),
        ({"rope_scaling": {"type": "linear"}}, "'linear'"),
        ({"quantization_config": {"bits": 4}}, "quantised"),
        ({"attention_bias": True}, "attention_bias"),
        ({"hidden_act": "gelu"}, "'gelu'"),
    ],
)
def test_unsupported_models_are_refused_by_name(change, message):
    with refused("checkpoint-unsupported", message):
        ModelConfig.from_json(RAW | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocab_size": None}, "vocab_size"),
        ({"num_key_value_heads": 3}, "3 key-value heads"),
        ({"head_dim": 15}, "head_dim is 15"),
        ({"block_size": 1}, "block_size is 1"),
        ({"hidden_size": 0}, "hidden_size is 0"),
    ],
)
def test_impossible_configs_name_the_field(change, message):
    with refused("config-invalid", message):
        ModelConfig.from_json(RAW | change)


def test_environment_is_read_in_one_place():
    made = settings_from_environment({"ORTHRUS_MODEL": "/m", "ORTHRUS_PORT": "8080"})
    assert (made.model, made.port) == ("/m", 8080)
    hosted = {"GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": "7861", "ORTHRUS_PORT": "8080"}
    made = settings_from_environment(hosted)
    assert (made.host, made.port) == ("0.0.0.0", 8080)
    with refused("out-of-range"):
        settings_from_environment({"ORTHRUS_PORT": "x"})
