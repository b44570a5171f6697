"""The published checkpoint format, on small random checkpoints written in it: every key, every shape, and the AR view
against transformers' own Qwen3."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

from orthrus.checkpoints import hub
from orthrus.checkpoints.chat_template import chat_ids
from orthrus.checkpoints.folder import config_of, save_checkpoint
from orthrus.checkpoints.loading import load_model
from orthrus.checkpoints.safetensors_io import INDEX, MAX_HEADER, weight_files
from orthrus.config import EMBEDDED_MODEL, DecodeConfig, ModelConfig
from orthrus.decoding.engine import decode, decode_ar
from orthrus.model.dual_view import Orthrus
from orthrus.model.kv_cache import SharedCache
from orthrus.model.modules import DIFF
from orthrus.trace import Trace
from tests.refusals import refused
from tests.tiny import byte_tokenizer, random_weights, tiny_config

SHAPES = {
    "q_proj": (64, 64),
    "k_proj": (32, 64),
    "v_proj": (32, 64),
    "o_proj": (64, 64),
    "q_norm": (16,),
    "k_norm": (16,),
}


def published_shapes(tied: bool) -> dict[str, tuple[int, ...]]:
    """Every key of a tiny checkpoint in the published format, spelt out; 2 layers, 4 heads of 16 over 2."""
    found = {"model.embed_tokens.weight": (320, 64), "model.norm.weight": (64,)}
    found |= {} if tied else {"lm_head.weight": (320, 64)}
    for i in range(2):
        layer = f"model.layers.{i}"
        found |= {f"{layer}.self_attn.{n}{v}.weight": s for n, s in SHAPES.items() for v in ("", "_diff")}
        found |= {f"{layer}.mlp.{n}_proj.weight": (128, 64) for n in ("gate", "up")}
        found |= {f"{layer}.mlp.down_proj.weight": (64, 128)}
        found |= {f"{layer}.{n}_layernorm.weight": (64,) for n in ("input", "post_attention")}
    return found


def write_published(folder, tied=True, shards=1, **config):
    """A checkpoint as the authors publish them, written here by hand and not by `save_checkpoint`."""
    generator = torch.Generator().manual_seed(5)
    tensors = {
        name: torch.randn(shape, generator=generator) * 0.12 if len(shape) > 1 else torch.ones(shape)
        for name, shape in published_shapes(tied).items()
    }
    names = list(tensors)
    if shards == 1:
        save_file(tensors, folder / "model.safetensors")
    else:
        files = {name: f"model-{i % shards + 1:05d}-of-{shards:05d}.safetensors" for i, name in enumerate(names)}
        for file in sorted(set(files.values())):
            save_file({n: tensors[n] for n in names if files[n] == file}, folder / file, {"format": "pt"})
        (folder / INDEX).write_text(json.dumps({"metadata": {"total_size": 0}, "weight_map": files}))
    raw = {
        "architectures": ["OrthrusLM"],
        "auto_map": {"AutoModelForCausalLM": "modeling_orthrus.OrthrusLM"},
        "model_type": "orthrus",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "block_size": 8,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "head_dim": 16,
        "hidden_act": "silu",
        "hidden_size": 64,
        "initializer_range": 0.02,
        "intermediate_size": 128,
        "layer_types": ["full_attention"] * 2,
        "mask_token_id": 300,
        "max_position_embeddings": 256,
        "max_window_layers": 2,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-6,
        "rope_scaling": None,
        "rope_theta": 1_000_000,
        "sliding_window": None,
        "tie_word_embeddings": tied,
        "torch_dtype": "float32",
        "use_sliding_window": False,
        "vocab_size": 320,
    }
    (folder / "config.json").write_text(json.dumps(raw | config))
    byte_tokenizer().save_pretrained(folder)
    return tensors


@pytest.mark.parametrize(("tied", "shards", "kind"), [(True, 1, "orthrus"), (False, 3, "orthrus"), (True, 3, "qwen3")])
def test_a_published_checkpoint_loads_key_by_key(tmp_path, tied, shards, kind):
    written = write_published(tmp_path, tied, shards, model_type=kind)
    lm = load_model(tmp_path, "cpu", "float32", engine="torch")
    loaded = dict(lm.model.named_parameters())
    assert {n: tuple(p.shape) for n, p in loaded.items()} == published_shapes(tied)
    assert all(torch.equal(loaded[n], written[n]) for n in written)
    assert (lm.config.block_size, lm.config.mask_token_id, lm.config.rope_theta) == (8, 300, 1e6)
    assert lm.config.tie_word_embeddings is tied and lm.config.eos_token_ids == (2,)


@pytest.mark.parametrize("tied", [True, False])
def test_what_is_saved_has_the_published_keys_shapes_and_values(tmp_path, tied):
    model = random_weights(Orthrus(tiny_config(tie_word_embeddings=tied)))
    save_checkpoint(model, tmp_path, torch.bfloat16, shard_bytes=100_000)
    files = weight_files(tmp_path)
    assert len(files) > 2 and all(path.stat().st_size < 110_000 for path in files)
    assert [p.name for p in files] == [
        f"model-{i:05d}-of-{len(files):05d}.safetensors" for i in range(1, len(files) + 1)
    ]
    index = json.loads((tmp_path / INDEX).read_text())
    held = {}
    for path in files:
        with safe_open(path, "pt") as file:
            assert file.metadata() == {"format": "pt"}
            held |= {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            assert all(index["weight_map"][name] == path.name for name in file.keys())  # noqa: SIM118
    assert {n: tuple(t.shape) for n, t in held.items()} == published_shapes(tied)
    assert index["metadata"]["total_size"] == sum(t.nbytes for t in held.values())
    assert all(torch.equal(held[n], p.bfloat16()) for n, p in model.named_parameters())


def test_saving_again_leaves_nothing_of_the_earlier_save(tmp_path):
    model = random_weights(Orthrus(tiny_config()))
    byte_tokenizer().save_pretrained(tmp_path)
    for size, sharded in ((50_000, True), (1 << 30, False), (100_000, True)):
        save_checkpoint(model, tmp_path, torch.float32, size)
        assert (tmp_path / INDEX).exists() == sharded == (not (tmp_path / "model.safetensors").exists())
        loaded = dict(load_model(tmp_path, "cpu", "float32", engine="torch").model.named_parameters())
        assert all(torch.equal(loaded[n], p) for n, p in model.named_parameters())
        assert set(tmp_path.glob("*.safetensors")) == set(weight_files(tmp_path)) and not list(tmp_path.glob("*.tmp"))


def qwen3(folder, tied: bool, shard: str, eos=(2,)) -> Qwen3ForCausalLM:
    """A plain Qwen3 of random weights, written by transformers itself."""
    torch.manual_seed(7)
    config = Qwen3Config(
        vocab_size=320, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=256, tie_word_embeddings=tied,
        initializer_range=0.15, eos_token_id=list(eos), pad_token_id=0, bos_token_id=None,
    )  # fmt: skip
    model = Qwen3ForCausalLM(config).eval()
    model.save_pretrained(folder, max_shard_size=shard)
    byte_tokenizer().save_pretrained(folder)
    return model


@pytest.mark.parametrize(("tied", "shard"), [(True, "1GB"), (False, "100KB")])
def test_the_ar_view_is_transformers_qwen3(tmp_path, tied, shard):
    theirs = qwen3(tmp_path, tied, shard)
    lm = load_model(tmp_path, "cpu", "float32", engine="torch")
    assert (len(weight_files(tmp_path)) > 1) == (shard == "100KB")
    ids = torch.randint(0, 320, (90,), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = theirs(ids[None]).logits[0]
    got = lm.model.forward_ar(ids, SharedCache(lm.config, 96, torch.float32, torch.device("cpu")))
    assert wanted.std() > 0.5
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=2e-5)  # float32 rounding over two layers
    with pytest.raises(AssertionError):  # another rope base is seen at this tolerance
        turned = load_model(tmp_path, "cpu", "float32", engine="torch").model
        turned.rope = tuple(table.roll(1, 0) for table in turned.rope)
        cache = SharedCache(lm.config, 96, torch.float32, torch.device("cpu"))
        torch.testing.assert_close(turned.forward_ar(ids, cache), wanted, rtol=1e-4, atol=2e-5)


def test_transformers_reads_the_ar_view_of_what_is_saved(tmp_path):
    model = random_weights(Orthrus(tiny_config(rope_theta=50_000.0)))
    save_checkpoint(model, tmp_path, torch.float32, shard_bytes=100_000)
    theirs, report = Qwen3ForCausalLM.from_pretrained(tmp_path, output_loading_info=True, dtype=torch.float32)
    assert not report["missing_keys"] and all(DIFF in name for name in report["unexpected_keys"])
    ids = torch.arange(6, 60)
    with torch.no_grad():
        wanted = theirs(ids[None]).logits[0]
    got = model.fuse().forward_ar(ids, SharedCache(model.config, 64, torch.float32, torch.device("cpu")))
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=2e-5)


def test_chat_template_and_end_tokens_are_transformers_own(tmp_path):
    """The same prompt ids, and greedy text that ends at the same token, with a list of end tokens too."""
    theirs = qwen3(tmp_path, True, "1GB", eos=())
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    messages = [{"role": "user", "content": "Say abc."}]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, enable_thinking=False)
    ids = chat_ids(tokenizer, [("user", "Say abc.")])
    assert ids == tokenizer(text, add_special_tokens=False)["input_ids"]
    asked = {"max_new_tokens": 24, "do_sample": False, "pad_token_id": 0}
    free = theirs.generate(torch.tensor([ids]), **asked)[0, len(ids) :].tolist()
    stops = [318, free[next(i for i in range(6, 24) if free[i] not in free[:i])]]
    generation = tmp_path / "generation_config.json"
    generation.write_text(json.dumps({"eos_token_id": stops, "do_sample": False}))
    wanted = Qwen3ForCausalLM.from_pretrained(tmp_path).generate(torch.tensor([ids]), **asked)[0, len(ids) :].tolist()
    assert wanted[-1] == stops[1] and len(wanted) < 24
    lm = load_model(tmp_path, "cpu", "float32", engine="torch")
    assert lm.config.eos_token_ids == tuple(stops)
    config = DecodeConfig(max_new_tokens=24)
    assert list(Trace.of(decode_ar(lm, "Say abc.", config)).ar_ids) == wanted
    assert [t.id for t in Trace.of(decode(lm, "Say abc.", config)).tokens] == wanted


RAW = tiny_config().to_json()


@pytest.mark.parametrize("field", ["rope_theta", "rope_parameters", "rope_scaling"])
def test_every_spelling_of_the_rope_base(field):
    bare = {k: v for k, v in RAW.items() if k not in ("rope_theta", "rope_parameters")}
    value = 5e5 if field == "rope_theta" else {"rope_type": "default", "rope_theta": 5e5}
    assert ModelConfig.from_json(bare | {"rope_scaling": None, field: value}).rope_theta == 5e5


def test_defaults_are_those_of_transformers():
    sizes = {k: RAW[k] for k in ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers")}
    sizes |= {k: RAW[k] for k in ("num_attention_heads", "num_key_value_heads", "max_position_embeddings")}
    theirs, ours = Qwen3Config(**sizes), ModelConfig.from_json(sizes)
    assert (ours.head_dim, ours.rms_norm_eps) == (theirs.head_dim, theirs.rms_norm_eps)
    assert ours.rope_theta == theirs.rope_parameters["rope_theta"]
    assert ours.tie_word_embeddings == theirs.tie_word_embeddings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer_types": ["full_attention", "linear_attention"]}, "'linear_attention'"),
        ({"rope_parameters": {"full_attention": {"rope_type": "default"}}}, "rope parameters for each layer type"),
        ({"rope_parameters": {"rope_theta": 1e4, "partial_rotary_factor": 0.5}}, "a partial rotary embedding"),
        ({"architectures": ["OrthrusVL"], "auto_map": {"AutoModel": "x.Y"}}, "'OrthrusVL'"),
    ],
)
def test_more_that_is_refused_by_name(change, message):
    with refused("checkpoint-unsupported", message):
        ModelConfig.from_json(RAW | change)


FIRST_SHARD = "model-00001-of-00003.safetensors"


def break_index(folder, change):
    index = json.loads((folder / INDEX).read_text())
    change(index["weight_map"])
    (folder / INDEX).write_text(json.dumps(index))


def hold_twice(folder):
    (folder / INDEX).unlink()
    (folder / "other.safetensors").write_bytes((folder / "model-00001-of-00003.safetensors").read_bytes())


@pytest.mark.parametrize(
    ("spoil", "code", "named"),
    [
        (lambda f: (f / "model-00002-of-00003.safetensors").unlink(), "weights-missing", "model-00002-of-00003"),
        (lambda f: break_index(f, lambda m: m.update(a="../x.safetensors")), "index-invalid", "'../x.safetensors'"),
        (lambda f: break_index(f, lambda m: m.pop("model.norm.weight")), "index-invalid", "model.norm.weight"),
        (lambda f: break_index(f, lambda m: m.update(odd=FIRST_SHARD)), "index-invalid", "odd is in"),
        (lambda f: (f / INDEX).write_text('{"weight_map": []}'), "index-invalid", "weight_map"),
        (hold_twice, "weights-invalid", "other.safetensors"),
    ],
)  # fmt: skip
def test_a_broken_set_of_shards_is_a_sentence(tmp_path, spoil, code, named):
    write_published(tmp_path, shards=3)
    spoil(tmp_path)
    with refused(code, named):
        load_model(tmp_path, "cpu", "float32")


def test_headers_pickles_and_quantised_tensors_are_refused(tmp_path):
    tensors = write_published(tmp_path)
    path = tmp_path / "model.safetensors"
    save_file(tensors | {"model.norm.weight": torch.ones(64, dtype=torch.int8)}, path)
    with refused("checkpoint-unsupported"):
        load_model(tmp_path, "cpu", "float32")
    path.write_bytes((MAX_HEADER + 1).to_bytes(8, "little") + b" " * (MAX_HEADER + 10))
    with refused("weights-invalid"):
        load_model(tmp_path, "cpu", "float32")
    path.unlink()
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with refused("checkpoint-unsupported"):
        load_model(tmp_path, "cpu", "float32")


def test_a_tokenizer_of_its_own_code_is_refused(tmp_path):
    write_published(tmp_path)
    about = json.loads((tmp_path / "tokenizer_config.json").read_text())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(about | {"auto_map": {"AutoTokenizer": ["x.Y", None]}}))
    with refused("checkpoint-unsupported"):
        load_model(tmp_path, "cpu", "float32")


def test_loading_is_mapped_shown_and_named(tmp_path, capsys, monkeypatch):
    from orthrus.checkpoints import loading, safetensors_io

    write_published(tmp_path, shards=3)
    monkeypatch.setattr(loading, "shown", lambda what: safetensors_io.shown(what, at_least=0))
    lm = load_model(tmp_path, "cpu", "float32", engine="torch")
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("[load]")]
    assert 5 <= len(lines) <= 11 and all(tmp_path.name in line for line in lines)
    assert lm.id == tmp_path.name and len(lm.revision) == 12


def fake_hub(monkeypatch, folder, calls):
    import huggingface_hub

    def download(name, revision=None, allow_patterns=None):
        calls.append((name, revision, tuple(allow_patterns)))
        if isinstance(folder, Exception):
            raise folder
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)


def test_a_hub_id_is_read_at_one_commit(tmp_path, monkeypatch):
    snapshot = tmp_path / "models--a--b" / "snapshots" / ("0123456789" * 4)
    snapshot.mkdir(parents=True)
    write_published(snapshot)
    calls = []
    fake_hub(monkeypatch, snapshot, calls)
    lm = load_model("a/b@v1", "cpu", "float32", engine="torch")
    assert (lm.id, lm.revision) == ("a/b", "012345678901") and calls[0][:2] == ("a/b", "v1")
    assert not any(fnmatch in ("*", "*.py", "*.bin") for fnmatch in calls[0][2])
    assert config_of("a/b").block_size == 8 and calls[1][1] is None


def test_what_keeps_a_hub_id_away_is_a_sentence(monkeypatch):
    from huggingface_hub import errors

    def error(kind):
        made = kind.__new__(kind)
        Exception.__init__(made, "no")
        return made

    for kind, code in (
        (errors.GatedRepoError, "hub-gated"),
        (errors.RevisionNotFoundError, "hub-revision"),
        (errors.RepositoryNotFoundError, "hub-unknown"),
        (errors.LocalEntryNotFoundError, "hub-unreachable"),
        (ConnectionError, "hub-unreachable"),
        (errors.HFValidationError, "not-a-model"),
    ):
        fake_hub(monkeypatch, error(kind), [])
        with refused(code, "a/b"):
            hub.locate("a/b@v9")


def test_a_folder_beats_the_hub(monkeypatch):
    fake_hub(monkeypatch, AssertionError("the hub was asked"), [])
    assert hub.locate(str(EMBEDDED_MODEL)) == hub.Place(EMBEDDED_MODEL, "orthrus-mini")
