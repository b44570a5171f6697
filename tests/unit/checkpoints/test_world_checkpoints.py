"""Checkpoints as other tools and people leave them: harmless ones load, of the others the file or tensor is named."""

from __future__ import annotations

import json
import math

import pytest
import torch
from safetensors.torch import load_file, save_file

from orthrus.checkpoints.chat_template import chat_ids
from orthrus.checkpoints.loading import device_named, load_model
from orthrus.checkpoints.safetensors_io import INDEX, stored_dtype
from orthrus.config import DecodeConfig
from orthrus.decoding.engine import decode, decode_ar, run_both
from orthrus.decoding.verify_block import verify_block
from orthrus.model.modules import DIFF
from orthrus.trace import Trace
from tests.refusals import refused
from tests.tiny import tiny_model
from tests.unit.checkpoints.test_published_format import write_published

BOM = b"\xef\xbb\xbf"
SINGLE = "model.safetensors"


def load(folder):
    return load_model(folder, "cpu", "float32", engine="torch")


def text(lm) -> str:
    return Trace.of(decode(lm, "Hello", DecodeConfig(8))).text


@pytest.fixture
def folder(tmp_path):
    write_published(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def wanted(tmp_path_factory) -> str:
    place = tmp_path_factory.mktemp("plain")
    write_published(place)
    return text(load(place))


def edit(folder, change) -> None:
    tensors = load_file(folder / SINGLE)
    made = change(tensors)
    save_file(made if isinstance(made, dict) else tensors, folder / SINGLE)


FREQUENCIES = {
    "model.rotary_emb.inv_freq": torch.ones(8),
    "model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(8),
}
HARMLESS = {
    "stored rotary frequencies": lambda t: t.update(FREQUENCIES),
    "a second copy of the tied head": lambda t: t.update({"lm_head.weight": t["model.embed_tokens.weight"].clone()}),
    "names without the prefix": lambda t: {name.removeprefix("model."): value for name, value in t.items()},
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_is_harmless_loads(folder, wanted, change):
    edit(folder, change)
    assert text(load(folder)) == wanted and stored_dtype(folder) == torch.float32


def test_names_without_the_prefix_of_an_untied_plain_qwen3(tmp_path):
    write_published(tmp_path, tied=False)
    before = dict(load(tmp_path).model.named_parameters())
    edit(tmp_path, lambda t: {n.removeprefix("model."): value for n, value in t.items() if DIFF not in n})
    after = dict(load(tmp_path).model.named_parameters())
    assert all(torch.equal(after[name], before[name.replace(DIFF, "")]) for name in after)
    assert after["model.layers.0.self_attn.q_proj_diff.weight"].data_ptr() != (
        after["model.layers.0.self_attn.q_proj.weight"].data_ptr()
    )


def test_an_untied_head_that_is_missing_is_named(tmp_path):
    write_published(tmp_path, tied=False)
    edit(tmp_path, lambda t: {n: value for n, value in t.items() if n != "lm_head.weight"})
    with refused("tensor-missing", "lm_head.weight"):
        load(tmp_path)


@pytest.mark.parametrize("held", [True, False])
def test_an_index_may_name_a_tied_head_or_lack_it(tmp_path, held):
    tensors = write_published(tmp_path, shards=3)
    where = json.loads((tmp_path / INDEX).read_text())
    if held:  # a shard holds it, the index does not say so
        shard = tmp_path / where["weight_map"]["model.norm.weight"]
        save_file(load_file(shard) | {"lm_head.weight": tensors["model.embed_tokens.weight"]}, shard)
    else:  # the index names it, no shard holds it
        where["weight_map"]["lm_head.weight"] = where["weight_map"]["model.norm.weight"]
        (tmp_path / INDEX).write_text(json.dumps(where))
    assert torch.equal(load(tmp_path).model.model.norm.weight, tensors["model.norm.weight"])


def test_a_folder_without_a_tokenizer_says_so(folder):
    for path in folder.glob("*token*"):
        path.unlink()
    with refused("tokenizer-missing", str(folder), "tokenizer.json"):
        load(folder)


TEMPLATE = "chat_template.jinja"
BAD_TEMPLATES = {
    "raises": "{{ raise_exception('no user here') }}",
    "syntax": "{% for m in messages %}{{ m.content }",
    "empty": "",
    "says nothing": "{% if messages %}Hi{% endif %}",
    "unknown name": "{{ messages[0].content + undefined_name.x }}",
    "type": "{{ messages[0].content + 5 }}",
}


@pytest.mark.parametrize("template", BAD_TEMPLATES.values(), ids=BAD_TEMPLATES.keys())
def test_a_template_that_does_not_work_is_named(folder, template):
    (folder / TEMPLATE).write_text(template)
    with refused("template-invalid", str(folder / TEMPLATE)):
        load(folder)


def test_a_missing_template_is_named(folder):
    (folder / TEMPLATE).unlink()
    with refused("template-missing", str(folder)):
        load(folder)


def test_a_template_that_refuses_some_messages_says_why(folder):
    kind = "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system turns') }}{% endif %}"
    (folder / TEMPLATE).write_text(kind + "{{ m.content }}{% endfor %}")
    lm = load(folder)
    assert text(lm) is not None
    with refused("template-fails", "no system turns"):
        decode(lm, [{"role": "system", "content": "x"}, {"role": "user", "content": "Hi"}])


@pytest.mark.parametrize(
    "name", [TEMPLATE, "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"]
)
def test_a_byte_order_mark_is_read_away(folder, wanted, name):
    if name == "generation_config.json":
        (folder / name).write_text('{"eos_token_id": 2}')
    path, ids = folder / name, chat_ids(load(folder).tokenizer, (("user", "Hi"),))
    path.write_bytes(BOM + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n" * (name != TEMPLATE))
    lm = load(folder)
    assert text(lm) == wanted and chat_ids(lm.tokenizer, (("user", "Hi"),)) == ids


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize(("spoilt", "line"), [(b'{\n\n"a": 1,,\n}', 3), (b'{\n"a": "\xff"\n}', 2), (b"[]", 0)])
def test_a_broken_file_is_named_with_its_line(folder, name, spoilt, line):
    (folder / name).write_bytes(spoilt)
    with refused("json-invalid", name, *([f"line {line}"] if line else [])):
        load(folder)


def change_config(folder, **fields) -> None:
    raw = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(raw | fields))


def test_a_token_without_a_row_is_refused_with_both_numbers(folder):
    highest = max(load(folder).tokenizer.get_vocab().values())
    change_config(folder, vocab_size=highest, mask_token_id=5)
    with refused("tokenizer-too-large", f"id {highest}", f"{highest} rows"):
        load(folder)


@pytest.mark.parametrize(("mask", "named"), [(2, "2"), (50, "50"), (1, "<|im_start|>"), (320, "320"), (-1, "-1")])
def test_a_mask_that_text_or_template_uses_is_refused(folder, mask, named):
    change_config(folder, mask_token_id=mask)
    with refused("mask-token", named):
        load(folder)


def test_an_end_of_text_beyond_the_vocabulary_is_refused(folder):
    for eos in ([2, 320], -1):
        change_config(folder, eos_token_id=eos)
        with refused("eos-token", "320"):
            load(folder)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["model.norm.weight", "model.layers.0.mlp.up_proj.weight"])
def test_damaged_weights_end_a_run_with_a_sentence(folder, name, value):
    edit(folder, lambda t: t[name].fill_(value))
    lm = load(folder)
    for config in (DecodeConfig(8), DecodeConfig(8, temperature=1.0), REJECTING):
        for decoder in (decode, decode_ar, run_both):
            with refused("logits-not-finite"):
                list(decoder(lm, "Hello", config))
    with refused("logits-not-finite"):
        verify_block(lm, "Hello", "", "x")


REJECTING = DecodeConfig(8, temperature=1.0, coupling="rejection")


@pytest.mark.parametrize("config", [DecodeConfig(8), REJECTING], ids=["greedy", "rejection"])
def test_a_damaged_diffusion_view_ends_a_run_too(config):
    lm = tiny_model()
    with torch.no_grad():
        for name, parameter in lm.model.named_parameters():
            if DIFF in name:
                parameter.fill_(math.nan)
    lm = type(lm)(lm.model.fuse(), lm.tokenizer, lm.config, "tiny", "0" * 12)
    with refused("logits-not-finite"):
        list(decode(lm, "Hello", config))


@pytest.mark.parametrize("name", ["cpu:x", "cpu:", "cpux", "cuda:", "cuda:-1", "cuda:1e9", "mps", "", 5, "cuda:²"])
def test_devices_that_are_none(name):
    with refused("unknown-choice"):
        device_named(name)


def test_devices_that_are_some():
    assert device_named("cpu") == device_named("cpu:0") == torch.device("cpu")
    if not torch.cuda.is_available():
        with refused("no-gpu", "cuda:7"):
            device_named("cuda:7")
