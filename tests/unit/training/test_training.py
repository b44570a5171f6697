"""Masks and targets of the diffusion stage, the losses, and a loop that resumes, stops and saves as it says."""

from __future__ import annotations

import math
import random
import re
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer

from orthrus.config import EMBEDDED_MODEL
from orthrus.corpus import domain_module
from orthrus.corpus.base import Example, split_of
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF, rope_table
from orthrus.training import loop, stages
from orthrus.training.ahead import Ahead
from orthrus.training.data import (
    PRETRAINING,
    Document,
    Rows,
    corpus_rows,
    draw,
    drill,
    echo,
    encode_dialogue,
    pack,
)
from orthrus.training.forward import causal_document_bias, forward_rows
from orthrus.training.loop import LoopConfig
from orthrus.training.mask import anchored_blocks, draw_anchors
from orthrus.training.mini import cli as mini_cli
from orthrus.training.mini.export import copy_ar_to_diffusion
from orthrus.training.objective import accepted_proxy, block_loss, chunked_kl, forward_kl
from orthrus.training.precision import autocast, optimizing
from orthrus.training.rollouts import Rollouts, answerer, greedy_batch
from orthrus.training.snapshots import load_weights
from tests.refusals import refused
from tests.tiny import byte_tokenizer, random_weights, tiny_config
from viz.export.training_report import read_run

K = 8


def two_documents() -> Rows:
    """Row of 40: document 0 = 4 prompt + 14 answer tokens, document 1 = 5 prompt + 11 answer tokens, padding."""
    documents = iter(
        [
            Document(tuple(range(10, 28)), (False,) * 4 + (True,) * 14),
            Document(tuple(range(40, 56)), (False,) * 5 + (True,) * 11),
        ]
    )
    spare = Document(tuple(range(39)), (True,) * 39)
    return pack(lambda: next(documents, spare), 1, 40, 0)


def test_packing_keeps_documents_whole():
    rows = two_documents()
    assert rows.document[0].tolist() == [0] * 18 + [1] * 16 + [-1] * 6
    assert rows.position[0].tolist() == [*range(18), *range(16), *([0] * 6)]
    assert rows.answer[0].tolist() == [False] * 4 + [True] * 14 + [False] * 5 + [True] * 11 + [False] * 6


def test_anchors_are_answer_tokens_without_replacement():
    rows = two_documents()
    anchors = draw_anchors(rows, 20, torch.Generator().manual_seed(0))[0].tolist()
    assert len(set(anchors)) == 20
    assert set(anchors) <= {*range(4, 17), *range(23, 33)}  # the last answer token has no target behind it
    few = draw_anchors(rows, 30, torch.Generator().manual_seed(0))
    blocks = anchored_blocks(rows, few, K, 5)
    assert int(blocks.valid.any(-1).sum()) == 23  # repeats fill up the row and carry no target


def test_block_targets_by_hand():
    rows = two_documents()
    blocks = anchored_blocks(rows, torch.tensor([[6, 14, 23]]), K, mask_id=5)
    assert blocks.ids.view(3, K)[0].tolist() == [16] + [5] * 7
    assert blocks.position.view(3, K)[2].tolist() == [*range(5, 13)]
    # row i learns from AR row anchor + i
    assert blocks.target[0, 0].tolist() == [6, 7, 8, 9, 10, 11, 12]
    # no target past the end of the document, none on the next document's prompt
    assert blocks.valid[0].tolist() == [[True] * 7, [True] * 3 + [False] * 4, [True] * 7]
    seen = (blocks.bias[0, 0] == 0).int().tolist()
    assert seen[0] == [1] * 6 + [0] * 34  # strictly before the anchor, same document
    assert seen[2] == [0] * 18 + [1] * 5 + [0] * 17


def test_kl_is_zero_on_itself_and_forward():
    logits = torch.randn(5, 11, generator=torch.Generator().manual_seed(0))
    other = torch.randn(5, 11, generator=torch.Generator().manual_seed(1))
    assert forward_kl(logits, logits).abs().max() < 1e-6
    p, q = other.softmax(-1), logits.softmax(-1)
    torch.testing.assert_close(forward_kl(logits, other), (p * (p / q).log()).sum(-1))
    assert not torch.allclose(forward_kl(logits, other), forward_kl(other, logits))  # the direction matters


def test_chunks_change_nothing():
    g = torch.Generator().manual_seed(0)
    student, teacher, head = (torch.randn(n, 16, generator=g) for n in (23, 23, 50))
    whole, chunked = chunked_kl(student, teacher, head, 23), chunked_kl(student, teacher, head, 4)
    torch.testing.assert_close(whole[0], chunked[0])
    assert torch.equal(whole[1], chunked[1])


def test_only_the_diffusion_view_gets_a_gradient():
    model = random_weights(Orthrus(tiny_config()))
    model.requires_grad_(False)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(DIFF in name)
    rows = two_documents()
    table = rope_table(model.config, 64)
    with torch.no_grad():
        hidden, prefix = forward_rows(
            model, rows.ids, causal_document_bias(rows.document), *stages.angles(table, rows.position)
        )
    blocks = anchored_blocks(rows, torch.tensor([[6, 24]]), K, 5)
    kl, agree = block_loss(model, hidden, prefix, blocks, *stages.angles(table, blocks.position))
    kl[blocks.valid].mean().backward()
    assert {n for n, p in model.named_parameters() if p.grad is not None} == set(stages_parameters(model))
    assert all(p.grad.abs().sum() > 0 for n, p in model.named_parameters() if DIFF in n)
    assert agree.shape == (1, 2, K - 1)


def stages_parameters(model) -> list[str]:
    return [n for n, _ in model.named_parameters() if DIFF in n]


def test_accepted_proxy_counts_leading_agreement_of_whole_blocks():
    agree = torch.tensor([[[True, True, False, True], [False, True, True, True], [True, True, True, True]]])
    valid = torch.tensor([[[True] * 4, [True] * 4, [True, True, False, False]]])
    assert accepted_proxy(agree, valid) == 1.0  # (2 + 0) / 2, the cut block is left out


def test_batch_generation_equals_the_decoder(tiny):
    from orthrus.config import DecodeConfig
    from orthrus.decoding.engine import decode_ar
    from orthrus.decoding.request import make_request
    from orthrus.trace import Trace

    prompts = ["abcd", "efghij", "k", "lm"]
    ids = [make_request(tiny, p, DecodeConfig(max_new_tokens=8)).ids for p in prompts]
    eos = tiny.config.eos_token_ids[0]
    batch, alone = greedy_batch(tiny.model, ids, 20, eos), answerer(tiny.model)(ids, 20, eos)
    assert alone == batch
    for prompt, got in zip(prompts, batch, strict=True):
        trace = Trace.of(decode_ar(tiny, prompt, DecodeConfig(max_new_tokens=20)))
        assert got == list(trace.ar_ids)


@pytest.mark.parametrize("seed", range(20))
def test_what_an_echo_asks_for_stands_before_it(seed):
    """Looking back is enough: an answer token follows one it followed before, or starts the only phrase again."""
    said, again = {}, echo(random.Random(seed), 2048)
    ids, answer = again.ids, again.answer
    assert len(ids) == len(answer) and any(answer) and not answer[0] and min(ids) >= 6
    for i, (before, token) in enumerate(pairwise(ids), 1):
        if answer[i]:
            assert token in said.get(before, set()) or token == ids[0]
        said.setdefault(before, set()).add(token)


def test_echoes_are_for_training_only():
    tokenizer = byte_tokenizer()
    for split, echoed in (("train", True), ("valid", False)):
        rows = corpus_rows(tokenizer, 1, 0, 32, 900, split, PRETRAINING)
        starts = {rows.ids[r, i].item() for r, i in (rows.position == 0).nonzero() if rows.document[r, i] >= 0}
        assert (len(starts) > 1) == echoed  # a dialogue starts with its special token, an echo with any other


def test_a_drill_is_several_tasks_of_its_split():
    tokenizer, copying = byte_tokenizer(), domain_module("copy")
    for seed in range(20):
        text = tokenizer.decode(drill(tokenizer, random.Random(seed)).ids)
        asked = re.findall(r"<\|im_start\|>user\n(.*?)<\|im_end\|>", text, re.DOTALL)
        told = re.findall(r"</think>\n\n(.*?)<\|im_end\|>", text, re.DOTALL)
        assert 2 <= len(asked) == len(told) <= 6
        for prompt, answer in zip(asked, told, strict=True):
            example = Example("copy", "", (("user", prompt), ("assistant", answer)), answer)
            assert split_of(example, copying.HELD_OUT) == "train"


def test_corpus_rows_depend_on_the_step_alone():
    tokenizer = byte_tokenizer()
    one, again, other = (corpus_rows(tokenizer, 1, step, 2, 900) for step in (3, 3, 4))
    assert torch.equal(one.ids, again.ids) and not torch.equal(one.ids, other.ids)


def test_dialogue_tokens_are_the_chat_template_s():
    tokenizer = byte_tokenizer()
    turns = [("user", "Hi"), ("assistant", "Yes?"), ("user", "2 + 2"), ("assistant", "4")]
    document = encode_dialogue(tokenizer, turns)
    text = tokenizer.apply_chat_template([{"role": r, "content": c} for r, c in turns], tokenize=False)
    assert list(document.ids) == tokenizer.encode(text, add_special_tokens=False)
    own = tokenizer.decode([i for i, a in zip(document.ids, document.answer, strict=True) if a])
    assert own == "Yes?<|im_end|>4<|im_end|>"


def test_an_answer_about_capitals_is_learnt_letter_by_letter():
    """The same text, and a capital and its small letter are one token each."""
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED_MODEL)
    rng, seen = random.Random(1), []
    while len(seen) < 40:
        example = draw("edit", rng, "train", 0.5, varied=1.0)
        document = encode_dialogue(tokenizer, example.messages, example.letters)
        own = [i for i, a in zip(document.ids, document.answer, strict=True) if a]
        assert tokenizer.decode(own) == example.answer + "<|im_end|>"
        if example.letters:
            seen.append(example.structure)
            texts = [tokenizer.decode([i]) for i in own[:-1]]
            assert all(len(text.strip()) == 1 for text in texts if text.strip().isalpha())
            for one, two in pairwise(texts):  # the space is the letter's; " q" alone is not in the vocabulary
                assert one != " " or not two.isalpha() or len(tokenizer.encode(one + two)) == 2
    assert {*seen} == {"upper", "lower"}


@pytest.fixture
def stage(monkeypatch):
    """A diffusion stage on a tiny model, eager (compiling takes longer than the whole test)."""
    monkeypatch.setattr(stages, "compiled", lambda function: function)

    def build() -> stages.DiffusionStage:
        model = random_weights(Orthrus(tiny_config()), seed=3)
        copy_ar_to_diffusion(model)
        documents = [Document(tuple(range(9 + i, 60 + i)), (False,) * 9 + (True,) * 42) for i in range(6)]
        rollouts = Rollouts({"math": documents}, {"math": documents}, 0)
        return stages.DiffusionStage(model, rollouts, stages.BatchShape(2, 64, 4), seed=1)

    return build


CONFIG = LoopConfig(steps=6, lr=3e-3, eval_every=3, save_every=2, seed=1)


def quiet(line: str) -> None:
    pass


def test_resumed_run_is_bit_for_bit_the_uninterrupted_one(stage, tmp_path):
    whole = stage()
    loop.run(whole, CONFIG, tmp_path / "whole", quiet)
    cut = stage()

    def interrupt(line: str) -> None:
        if "valid_kl" in line and "step 3" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loop.run(cut, CONFIG, tmp_path / "cut", interrupt)
    resumed = stage()
    loop.run(resumed, CONFIG, tmp_path / "cut", quiet)
    for name, parameter in whole.trainable().items():
        assert torch.equal(parameter, resumed.trainable()[name]), name


def test_training_lowers_the_loss_and_leaves_the_ar_view_alone(stage, tmp_path):
    run = stage()
    frozen = {n: p.clone() for n, p in run.model.named_parameters() if DIFF not in n}
    before = run.validate()["valid_kl"]
    after = loop.run(run, LoopConfig(steps=30, lr=3e-3, seed=1), tmp_path, quiet)["valid_kl"]
    assert after < 0.9 * before
    assert all(torch.equal(p, frozen[n]) for n, p in run.model.named_parameters() if n in frozen)


def test_reached_rows_end_with_the_first_disagreement():
    agree = torch.tensor([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [1, 1, 1, 1, 1]]).bool()
    assert stages.reached(agree).tolist() == [[1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 1]]


def test_first_stage_trains_both_views_through_one_cache(monkeypatch, tmp_path):
    """The block loss alone moves the AR view's keys and values: the cache learns to say what comes later."""
    monkeypatch.setattr(stages, "compiled", lambda function: function)
    monkeypatch.setattr(stages, "LOOKAHEAD_WEIGHT", 1.0)
    tokenizer = byte_tokenizer()
    config = replace(tiny_config(), vocab_size=len(tokenizer), max_position_embeddings=900)
    model = random_weights(Orthrus(config), seed=3)
    run = stages.AutoregressiveStage("ar", PRETRAINING, model, tokenizer, stages.BatchShape(2, 900, 3), seed=1)
    ar, block, agree, valid = run._losses(corpus_rows(tokenizer, 1, 0, 2, 900), 0)
    assert agree.shape == valid.shape == (2, 3, config.block_size - 1)
    block.backward(retain_graph=True)
    first = model.model.layers[0].self_attn
    assert all(p.grad.abs().sum() > 0 for p in (first.k_proj.weight, first.v_proj.weight, first.q_proj_diff.weight))
    assert model.model.layers[-1].self_attn.q_proj.weight.grad is None  # the AR view's own last output: not its task
    model.zero_grad(set_to_none=True)
    ar.backward()
    assert first.q_proj_diff.weight.grad is None and first.q_proj.weight.grad.abs().sum() > 0
    figures = loop.run(run, LoopConfig(steps=2, seed=1), tmp_path, quiet)
    assert figures["score"] == figures["valid_loss"] and math.isfinite(figures["valid_block_loss"])


def test_batches_made_ahead_are_those_of_their_steps():
    make = partial(corpus_rows, AutoTokenizer.from_pretrained(EMBEDDED_MODEL), 1, rows=2, length=320)
    ahead = Ahead(make, workers=1)
    for step in (3, 4, 4, 9):  # the next one, the same again, and one that nobody has begun
        assert all(map(torch.equal, ahead(step), make(step)))
    ahead.close()


@pytest.mark.parametrize("name", ("ar", "diffusion"))
def test_all_that_a_step_computes_with_is_on_the_models_device(name, monkeypatch):
    """Checked on the device that computes nothing, since a GPU need not be there."""
    monkeypatch.setattr(stages, "compiled", lambda function: function)
    monkeypatch.setattr(stages, "autocast", lambda device: nullcontext())
    tokenizer, seen = byte_tokenizer(), []
    config = replace(tiny_config(), vocab_size=len(tokenizer), max_position_embeddings=900)
    model, rows = Orthrus(config).to("meta"), corpus_rows(tokenizer, 1, 0, 2, 900)
    real = torch.nn.functional.linear

    def noted(x, *rest):
        seen.append(x.device.type)
        return real(x, *rest)

    monkeypatch.setattr(torch.nn.functional, "linear", noted)
    if name == "ar":
        run = stages.AutoregressiveStage(name, PRETRAINING, model, tokenizer, stages.BatchShape(2, 900, 3), seed=1)
        found = run._losses(rows, 0)
    else:
        run = stages.DiffusionStage(model, Rollouts({}, {}, 0), stages.BatchShape(2, 900, 3), seed=1)
        found = (run.row_weight, *run._blocks(rows, 0))
    assert {tensor.device.type for tensor in found} == set(seen) == {"meta"}


def test_muon_takes_the_matrices(stage):
    run = stage()
    optimizers = loop.build_optimizers(run.trainable(), LoopConfig(steps=1, hidden_lr=1e-3))
    sizes = {type(o).__name__: sum(p.ndim == 2 for g in o.param_groups for p in g["params"]) for o in optimizers}
    assert sizes == {"AdamW": 0, "Muon": 8}  # q, k, v, o of two layers; the head norms stay with AdamW


def test_a_loss_that_is_not_finite_stops_with_the_checkpoint_intact(stage, tmp_path):
    run, honest = stage(), stages.DiffusionStage.loss
    run.loss = lambda step: honest(run, step) if step < 4 else (torch.tensor(math.nan, requires_grad=True), {}, 1)
    with refused("training-stopped"):
        loop.run(run, CONFIG, tmp_path, quiet)
    assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] == 4


def test_a_full_disk_stops_with_the_checkpoint_intact(stage, tmp_path, monkeypatch):
    real, calls = torch.save, []

    def full(state, path):
        calls.append(path)
        if len(calls) > 1:
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")
        real(state, path)

    monkeypatch.setattr(torch, "save", full)
    with refused("training-stopped"):
        loop.run(stage(), CONFIG, tmp_path, quiet)
    assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] == 2
    assert not list(tmp_path.glob("*.tmp"))


def test_another_configuration_is_a_clear_stop(stage, tmp_path):
    loop.run(stage(), LoopConfig(steps=2, save_every=1), tmp_path, quiet)
    with refused("training-stopped"):
        loop.run(stage(), LoopConfig(steps=3, save_every=1), tmp_path, quiet)
    other = torch.nn.ParameterDict({"a": torch.nn.Parameter(torch.ones(2))})
    with refused("training-stopped"):
        load_weights(tmp_path / "last.pt", dict(other.items()))


def test_a_run_that_adopts_a_checkpoint_drafts_with_its_attention(tmp_path):
    arguments = ["adopt", "--of", str(EMBEDDED_MODEL), "--out", str(tmp_path)]
    assert mini_cli.main(arguments) == 0
    model = mini_cli.trained_ar(mini_cli.parser().parse_args(arguments), AutoTokenizer.from_pretrained(EMBEDDED_MODEL))
    stored, found = load_file(EMBEDDED_MODEL / "model.safetensors"), dict(model.named_parameters())
    for name, weight in found.items():
        assert torch.equal(weight.bfloat16(), stored[name.replace("_diff", "")])
    assert (tmp_path / "tokenizer" / "tokenizer.json").read_text() == (EMBEDDED_MODEL / "tokenizer.json").read_text()


def test_a_run_that_practises_further_keeps_both_views_of_what_it_adopts(tmp_path):
    arguments = ["adopt", "--practice-steps", "9", "--of", str(EMBEDDED_MODEL), "--out", str(tmp_path)]
    assert mini_cli.main(arguments) == 0
    kept = torch.load(tmp_path / "annealing" / "best.pt", weights_only=True)["model"]
    stored = load_file(EMBEDDED_MODEL / "model.safetensors")
    assert all(torch.equal(weight.bfloat16(), stored[name]) for name, weight in kept.items())
    assert not (tmp_path / "practice").exists()


def test_resumed_as_a_whole_a_run_keeps_its_tokenizer(tmp_path, monkeypatch):
    made: list[str] = []

    def make(stage, args):
        made.append(stage)
        mini_cli._left_by(stage, args).parent.mkdir(exist_ok=True)
        mini_cli._left_by(stage, args).touch()

    for stage in mini_cli.STAGES[1:]:
        monkeypatch.setattr(mini_cli, f"run_{stage}", partial(make, stage))
    monkeypatch.setattr(mini_cli, "train_tokenizer", lambda *sizes: byte_tokenizer())
    for _ in range(2):
        assert mini_cli.main(["all", "--practice-steps", "5", "--out", str(tmp_path)]) == 0
        monkeypatch.setattr(mini_cli, "train_tokenizer", None)  # a second call would fail
    assert made == [*mini_cli.STAGES[1:]] * 2
    made.clear()
    assert mini_cli.main(["all", "--out", str(tmp_path)]) == 0
    assert made == [stage for stage in mini_cli.STAGES[1:] if stage != "practice"]


@pytest.mark.parametrize("stage", mini_cli.STAGES[1:])
def test_a_stage_without_the_one_before_it_says_so(stage, tmp_path, capsys):
    assert mini_cli.main([stage, "--practice-steps", "5", "--out", str(tmp_path)]) == 2
    assert f"run `{mini_cli.STAGES[mini_cli.STAGES.index(stage) - 1]}` first" in capsys.readouterr().err


def test_without_practice_answers_come_from_annealing(tmp_path, capsys):
    assert mini_cli.main(["rollouts", "--out", str(tmp_path)]) == 2
    assert "run `annealing` first" in capsys.readouterr().err
    assert mini_cli.main(["practice", "--out", str(tmp_path)]) == 2
    assert "--practice-steps is missing" in capsys.readouterr().err


def test_a_second_round_of_practice_goes_on_from_the_first_with_other_examples(tmp_path, monkeypatch):
    monkeypatch.setattr(stages, "compiled", lambda function: function)
    begun: list[tuple[str, int, dict[str, torch.Tensor]]] = []
    real = loop.run

    def run(stage, config, folder, note):
        begun.append((folder.name, config.seed, {n: p.detach().clone() for n, p in stage.trainable().items()}))
        return real(stage, config, folder, note)

    monkeypatch.setattr(mini_cli.loop, "run", run)
    rounds = ["--practice-steps", "1", "2", "--rows", "1", "--length", "96", "--out", str(tmp_path)]
    assert mini_cli.main(["adopt", "--of", str(EMBEDDED_MODEL), *rounds]) == 0
    assert mini_cli.main(["practice", *rounds]) == 0
    assert [(name, seed) for name, seed, _ in begun] == [("practice", 2001), ("practice-2", 2002)]
    first, second = (torch.load(tmp_path / name / "best.pt", weights_only=True)["model"] for name, *_ in begun)
    assert all(torch.equal(weight, begun[1][2][name]) for name, weight in first.items())
    assert any(not torch.equal(weight, second[name]) for name, weight in first.items())
    averaged = torch.load(tmp_path / "averaged.pt", weights_only=True)["model"]
    for name, weight in begun[0][2].items():
        torch.testing.assert_close(averaged[name], (weight + first[name] + second[name]) / 3)
    assert [record["step"] for record in read_run(tmp_path) if "valid_loss" in record] == [1, 3]


def corpus_answers(model, tokenizer, prompts, held_out, seed, length, note):
    """In the place of the model's answers, which take a minute: the corpus's own."""
    rng = random.Random(seed)
    documents = [encode_dialogue(tokenizer, domain_module("units").sample(rng).messages) for _ in range(prompts)]
    return Rollouts({"units": documents}, {"units": documents[:held_out]}, tokenizer.pad_token_id)


def test_a_second_round_learns_from_other_answers_and_goes_on_from_the_first(tmp_path, monkeypatch):
    monkeypatch.setattr(stages, "compiled", lambda function: function)
    monkeypatch.setattr(mini_cli, "collect", corpus_answers)
    numbers = "--prompts 5 9 --held-out 2 --block-rows 1 --blocks 3 --diffusion-steps 3 2".split()
    for stage in ("adopt", "rollouts", "diffusion"):
        assert mini_cli.main([stage, "--of", str(EMBEDDED_MODEL), "--out", str(tmp_path), *numbers]) == 0
    first, second = (Rollouts.load(tmp_path / f"rollouts{suffix}.safetensors").train["units"] for suffix in ("", "-2"))
    assert len(first) == 5 and len(second) == 9 and not set(first) & set(second)
    one, two = (
        torch.load(tmp_path / f"diffusion{suffix}" / "best.pt", weights_only=True)["model"] for suffix in ("", "-2")
    )
    stored, adopted = (load_file(folder / "model.safetensors") for folder in (tmp_path / "checkpoint", EMBEDDED_MODEL))
    drafts = [name for name in two if "norm" not in name]
    assert all((two[n] - one[n]).norm() < (one[n] - adopted[n.replace(DIFF, "")]).norm() for n in drafts)
    assert all(torch.equal(weight.bfloat16(), stored[name]) for name, weight in two.items())
    assert all(torch.equal(weight, adopted[name]) for name, weight in stored.items() if DIFF not in name)


def test_rounds_want_as_many_numbers_of_each(capsys, tmp_path):
    assert mini_cli.main(["diffusion", "--out", str(tmp_path), "--diffusion-steps", "1", "2", "3"]) == 2
    assert "2, 3, 2, 2" in capsys.readouterr().err


@pytest.mark.parametrize("capability", ("DEFAULT", "AVX2", "AVX512"))
def test_products_are_float32_where_bfloat16_is_slow(capability, monkeypatch):
    """Muon's step is the same within bfloat16's precision, and leaves the gradient as it was."""
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    with autocast("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == (
            torch.bfloat16 if capability == "AVX512" else torch.float32
        )
    gradient = torch.randn(24, 16, generator=torch.Generator().manual_seed(0))
    moved = []
    for context in (optimizing("cpu"), nullcontext()):
        weight = torch.nn.Parameter(torch.ones(24, 16))
        weight.grad = gradient.clone()
        optimizer = torch.optim.Muon([weight], lr=0.1, weight_decay=0.0, momentum=0.0, nesterov=False)
        with context:
            optimizer.step()
        assert torch.equal(weight.grad, gradient)
        moved.append(weight.detach() - 1)
    assert moved[0].norm() > 0.1 and (moved[0] - moved[1]).norm() < 0.02 * moved[1].norm()
    assert torch.equal(*moved) == (capability == "AVX512")


def test_rollouts_round_trip(tmp_path):
    documents = [Document((1, 2, 3, 4), (False, False, True, True)), Document((5, 6), (False, True))]
    kept = Rollouts({"math": documents}, {"code": documents[:1]}, 9)
    kept.save(tmp_path / "r.safetensors")
    assert Rollouts.load(tmp_path / "r.safetensors") == kept


def test_schedule_warms_up_and_ends_at_its_share():
    config = LoopConfig(steps=100, warmup=0.1, final=0.1)
    rates = [config.rate(s) for s in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == 1.0 and rates[9] == 1.0
    assert rates[-1] == pytest.approx(0.1, abs=2e-3) and sorted(rates[10:], reverse=True) == rates[10:]
