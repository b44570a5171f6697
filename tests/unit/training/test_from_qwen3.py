"""A diffusion view for any Qwen3: prompts from files, the chunked objective, the plan, every step on a tiny base."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

import orthrus
from orthrus.checkpoints.folder import read_config
from orthrus.checkpoints.loading import load_model
from orthrus.checkpoints.safetensors_io import same_frozen_tensors
from orthrus.config import EMBEDDED_MODEL
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF
from orthrus.training import loop, stages
from orthrus.training.data import Document
from orthrus.training.from_qwen3 import cli, plan, report
from orthrus.training.from_qwen3.answers import load_answers
from orthrus.training.from_qwen3.chat_data import prompt_of, read_prompts
from orthrus.training.from_qwen3.distillation import DistilStage, Memory
from orthrus.training.loop import LoopConfig
from orthrus.training.mini.export import copy_ar_to_diffusion
from orthrus.training.objective import chunked_kl
from orthrus.training.position_kl import chunk_rows, cuts, position_kl
from orthrus.training.rollouts import Rollouts
from tests.refusals import refused
from tests.tiny import random_weights, tiny_config


def rows(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("backend", [None, "reference"])
@pytest.mark.parametrize("chunk", [1, 4, 7, 1000])
def test_position_kl_is_the_unchunked_kl_and_so_is_its_gradient(chunk, backend):
    student, teacher, head = rows(23, 16).requires_grad_(), rows(9, 16, seed=1), rows(50, 16, seed=2)
    index = torch.randint(0, 9, (23,), generator=torch.Generator().manual_seed(3))
    weight = rows(23, seed=4)
    kl, agree = position_kl(student, teacher, index, head, chunk, backend)
    (kl * weight).sum().backward()
    twin = student.detach().clone().requires_grad_()
    wanted, same = chunked_kl(twin, teacher[index], head, 23)
    (wanted * weight).sum().backward()
    torch.testing.assert_close(kl, wanted)
    torch.testing.assert_close(student.grad, twin.grad, rtol=1e-4, atol=1e-5)
    assert torch.equal(agree, same)
    with pytest.raises(AssertionError):  # one row taught by its neighbour's position is seen
        torch.testing.assert_close(position_kl(student, teacher, index.roll(1), head, chunk, backend)[0], wanted)


def test_a_teacher_row_is_computed_once(monkeypatch):
    """Of 40 block rows over 9 positions: 9 teacher rows and 40 student rows pass the head, whatever the chunk."""
    seen = []
    linear = torch.nn.functional.linear
    monkeypatch.setattr(torch.nn.functional, "linear", lambda x, w: seen.append(len(x)) or linear(x, w))
    index = torch.arange(40) % 9
    position_kl(rows(40, 16), rows(9, 16), index, rows(50, 16), 6)
    assert sum(seen[0::2]) == 9 and sum(seen[1::2]) == 40 and max(seen) <= 6 + 4


def test_chunks_end_between_positions_and_stay_in_their_budget():
    ordered = torch.tensor([0, 0, 0, 1, 1, 2, 3, 3, 3, 3, 4])
    assert cuts(ordered, 4) == [3, 6] and cuts(ordered, 100) == [] and cuts(ordered[:3], 1) == []
    assert chunk_rows(151_936, 1 << 30) * 151_936 * 20 <= 1 << 30 and chunk_rows(10**9, 1) == 16
    with pytest.raises(ValueError, match="the head learns"):
        position_kl(rows(2, 4), rows(2, 4), torch.arange(2), rows(5, 4).requires_grad_(), 8)


def documents(count: int = 6) -> list[Document]:
    return [Document(tuple(range(9 + i, 60 + i)), (False,) * 9 + (True,) * 42) for i in range(count)]


def distil(memory: Memory, **shape) -> DistilStage:
    model = random_weights(Orthrus(tiny_config()), seed=3)
    copy_ar_to_diffusion(model)
    answers = Rollouts({"any": documents()}, {"any": documents(2)}, 0)
    return DistilStage(model, answers, stages.BatchShape(**({"rows": 2, "length": 64, "blocks": 4} | shape)), 1, memory)


def test_the_stage_is_the_embedded_models_stage(monkeypatch):
    """Same loss, same gradient: logits in chunks or not, layers recomputed or not, attention fused or written out."""
    monkeypatch.setattr(stages, "compiled", lambda function: function)
    model = random_weights(Orthrus(tiny_config()), seed=3)
    copy_ar_to_diffusion(model)
    monkeypatch.setitem(stages.DRAFT_MIXTURE, "any", 6.0)
    old = stages.DiffusionStage(model, Rollouts({"any": documents()}, {}, 0), stages.BatchShape(2, 64, 4), seed=1)
    wanted, scalars, _ = old.loss(0)
    wanted.backward()
    chunked, kept = Memory(logits=16 * 20 * 320, recompute=True), Memory(recompute=False)
    for memory in (chunked, kept, Memory(recompute=False, attention="explicit")):
        stage = distil(memory)
        loss, found, _ = stage.loss(0)
        loss.backward()
        torch.testing.assert_close(loss, wanted, rtol=2e-2, atol=0)  # bfloat16 passes
        torch.testing.assert_close(found["kl"], scalars["kl"], rtol=2e-2, atol=0)
        for name, parameter in stage.trainable().items():
            theirs = old.trainable()[name].grad
            assert (parameter.grad - theirs).norm() < 0.05 * theirs.norm(), name


def test_gradients_of_several_losses_are_averaged(monkeypatch, tmp_path):
    apart, together = distil(Memory()), distil(Memory())
    for part in range(2):
        (apart.loss(part)[0] / 2).backward()
    caught = {}
    monkeypatch.setattr(
        torch.nn.utils,
        "clip_grad_norm_",
        lambda *_: caught.update({n: p.grad.clone() for n, p in together.trainable().items()}) or 0.0,
    )
    loop.run(together, LoopConfig(1, accumulate=2), tmp_path, lambda line: None)
    assert all(torch.allclose(caught[n], p.grad, atol=1e-6) for n, p in apart.trainable().items())
    with refused("out-of-range"):
        LoopConfig(1, accumulate=0)


def test_the_plan_counts_what_is_there():
    stage = distil(Memory(recompute=True), rows=1, blocks=6)
    model = stage.model
    count = plan.parameters(model.config)
    assert count["base"] == sum(p.numel() for n, p in model.named_parameters() if DIFF not in n)
    assert count["diffusion"] == sum(p.numel() for p in stage.trainable().values())
    untied = tiny_config(tie_word_embeddings=False)
    assert plan.parameters(untied)["base"] == sum(
        p.numel() for n, p in Orthrus(untied).named_parameters() if DIFF not in n
    )
    work = plan.Work(rows=1, length=64, blocks=6)
    held = plan.memory(model.config, work, 4)
    assert held["diffusion weights, float32"] == held["gradients"] == 4 * count["diffusion"]
    assert sum(held.values()) < sum(plan.memory(model.config, replace(work, rows=2), 4).values())


@pytest.mark.parametrize("recompute", [True, False])
def test_the_plans_operations_are_those_of_a_step(recompute):
    """The counter knows no fused operator of a CPU, so the attention is written out."""
    stage = distil(Memory(recompute=recompute, attention="explicit"), rows=1, blocks=6)
    with FlopCounterMode(display=False) as counter:
        stage.loss(0)[0].backward()
    work = plan.Work(rows=1, length=64, blocks=6, recompute=recompute, attention="explicit")
    planned = plan.step_flops(stage.model.config, work)
    assert planned == pytest.approx(
        counter.get_total_flops(), rel=0.08
    )  # rows without a target, the first layer's input


def write_lines(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_every_spelling_of_a_prompt():
    user = ("user", "Hi")
    assert prompt_of({"prompt": "Hi"}) == prompt_of({"instruction": "Hi", "output": "x"}) == (user,)
    assert prompt_of({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]}) == (
        user,
    )
    talk = [{"from": "system", "value": "S"}, {"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yes"}]
    assert prompt_of({"conversations": talk}) == (("system", "S"), user)
    assert prompt_of({"conversations": [*talk, talk[1]]})[2:] == (("assistant", "Yes"), user)


@pytest.mark.parametrize(
    ("record", "named"),
    [
        ([1], "list"),
        ({"text": "Hi"}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "'tool'"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "list"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "user"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "content"),
    ],
)
def test_what_is_no_chat_is_named(tmp_path, record, named):
    with refused("data-invalid", "a.jsonl, line 1", named):
        read_prompts([write_lines(tmp_path / "a.jsonl", record)])


def test_a_chat_file_that_was_edited_is_read_with_its_line_numbers(tmp_path):
    good = json.dumps({"prompt": "Hi"}).encode()
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + good + b"\r\n\r\n" + good.replace(b"Hi", b"Ho") + b"\n\n")
    assert read_prompts([path]) == {"a": [(("user", "Hi"),), (("user", "Ho"),)]}
    path.write_bytes(good + b"\n\n{\n")
    with refused("data-invalid", "a.jsonl, line 3"):
        read_prompts([path])
    path.write_bytes(good + b"\n\n\xff\n")
    with refused("not-utf-8", "a.jsonl, line 3"):
        read_prompts([path])


def test_files_that_cannot_be_read_are_a_sentence(tmp_path, monkeypatch):
    one = write_lines(tmp_path / "a.jsonl", {"prompt": "Hi"}, {"prompt": "Hi"}, {"prompt": "Ho"})
    assert read_prompts([one]) == {"a": [(("user", "Hi"),), (("user", "Ho"),)]}
    with refused("data-invalid"):
        read_prompts([one, write_lines(tmp_path / "b.jsonl", {"prompt": "Hi"})])
    (tmp_path / "c.jsonl").write_text('{"prompt": "Hi"}\n{"prompt"\n')
    with refused("data-invalid"):
        read_prompts([tmp_path / "c.jsonl"])
    monkeypatch.setattr("orthrus.training.from_qwen3.chat_data.MAX_LINE", 10)
    with refused("file-too-large"):
        read_prompts([one])
    with refused("data-invalid"):
        read_prompts([tmp_path / "d.csv"])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with refused("package-missing"):
        read_prompts([tmp_path / "e.parquet"])


def test_parquet_gives_the_same_prompts(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="parquet is read only where pyarrow is installed")
    from pyarrow import parquet

    chats = [[{"role": "user", "content": f"Say {i}."}, {"role": "assistant", "content": "No."}] for i in range(5)]
    parquet.write_table(pyarrow.table({"messages": chats, "source": ["x"] * 5}), tmp_path / "a.parquet")
    lines = write_lines(tmp_path / "b.jsonl", *({"messages": chat} for chat in chats))
    assert read_prompts([tmp_path / "a.parquet"])["a"] == read_prompts([lines])["b"]
    (tmp_path / "a.parquet").write_bytes(b"no")
    with refused("data-invalid"):
        read_prompts([tmp_path / "a.parquet"])


@pytest.fixture(scope="module")
def tiny_base(tmp_path_factory):
    """A plain Qwen3 of two layers as transformers writes it, sharded, with the embedded model's tokenizer."""
    folder = tmp_path_factory.mktemp("qwen3-tiny")
    torch.manual_seed(1)
    config = Qwen3Config(
        vocab_size=2112, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=256, tie_word_embeddings=True,
        initializer_range=0.15, eos_token_id=2, pad_token_id=0, bos_token_id=None,
    )  # fmt: skip
    Qwen3ForCausalLM(config).bfloat16().save_pretrained(folder, max_shard_size="200KB")
    AutoTokenizer.from_pretrained(EMBEDDED_MODEL).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_lines(folder / "sums.jsonl", *({"prompt": f"Add {i} and 2."} for i in range(6)))
    talk = ({"messages": [{"role": "user", "content": f"Name {i}?"}]} for i in range(4))
    return [str(folder / "sums.jsonl"), str(write_lines(folder / "talk.jsonl", *talk))]


def run(verb, folder, out, *more) -> int:
    sizes = "--device cpu --block-size 8 --length 64 --max-new 20 --rows 2 --blocks 4 --steps 4 --lr 1e-3 --batch 4"
    sizes += " --part 4 --valid 3 --eval-every 2 --save-every 1 --accumulate 2 --asked 2 --logits 1 --shard 1"
    return cli.main([verb, "--base", str(folder), "--out", str(out), *sizes.split(), *more])


class Interrupted(Exception):
    pass


def interrupt_at(monkeypatch, words):
    def note(line):
        if words in line:
            raise Interrupted(line)

    monkeypatch.setattr(loop, "to_stderr", note)


def test_from_a_plain_qwen3_to_a_checkpoint_that_drafts(tiny_base, data, tmp_path, monkeypatch, capsys):
    """Plan, convert, answer, train, evaluate, describe, generate; interrupted in the middle of both long steps."""
    out = tmp_path / "run"
    assert run("plan", tiny_base, out, "--data", *data) == 0
    assert "it fits" in capsys.readouterr().out and not out.exists()
    assert run("rollouts", tiny_base, out, "--data", *data) == 2  # nothing is converted yet
    assert "run `convert` first" in capsys.readouterr().err

    assert run("convert", tiny_base, out) == 0
    start = load_model(out / "start", "cpu", "float32", engine="torch")
    assert (start.config.block_size, start.config.mask_token_id) == (8, 5)
    assert run("convert", tiny_base, out) == 0 and "is there already" in capsys.readouterr().err
    assert run("diffusion", tiny_base, out) == 2 and "run `rollouts` first" in capsys.readouterr().err

    with monkeypatch.context() as patch:
        interrupt_at(patch, "part 2 of 3")
        with pytest.raises(Interrupted):
            run("rollouts", tiny_base, out, "--data", *data)
    first = {p.name: p.stat().st_mtime_ns for p in (out / "answers").glob("part-*.safetensors")}
    assert len(first) == 2
    assert run("rollouts", tiny_base, out, "--data", *data) == 0
    parts = {p.name: p.stat().st_mtime_ns for p in (out / "answers").glob("part-*.safetensors")}
    assert len(parts) == 3 and first.items() <= parts.items()  # what was answered is not answered again
    answers = load_answers(out / "answers")
    assert sum(map(len, answers.train.values())) == 7 and sum(map(len, answers.valid.values())) == 3
    assert run("rollouts", tiny_base, out, "--data", data[0]) == 2
    assert "was begun with another prompts" in capsys.readouterr().err

    with monkeypatch.context() as patch:
        interrupt_at(patch, "step 2 valid_kl")
        with pytest.raises(Interrupted):
            run("diffusion", tiny_base, out)
    shutil.copytree(out, tmp_path / "twin")
    assert run("diffusion", tiny_base, out) == 0
    assert "diffusion: resumed at step 1" in capsys.readouterr().err
    assert torch.load(out / "diffusion" / "last.pt", weights_only=True)["step"] == 4
    same_frozen_tensors(tiny_base, out / "checkpoint")
    trained = load_model(out / "checkpoint", "cpu", "float32", engine="torch")
    moved = dict(start.model.named_parameters())
    learnt = [n for n, p in trained.model.named_parameters() if not torch.equal(p, moved[n])]
    assert learnt and all(DIFF in n for n in learnt)

    assert run("card", tiny_base, out) == 2 and "run `evaluate` first" in capsys.readouterr().err
    assert run("evaluate", tiny_base, out) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["prompts"] == 2 == figures["identical"] and figures["tokens"] > figures["cycles"] > 0
    assert run("card", tiny_base, out) == 0
    card = (out / "checkpoint" / "README.md").read_text()
    assert f"| {figures['acceptance_length']} | {figures['tpf']} |" in card and "block 8" in card
    text = orthrus.generate("Add 3 and 2.", model=str(out / "checkpoint"), max_new_tokens=12)
    assert isinstance(text, str) and text

    other = tmp_path / "other"
    shutil.copytree(tiny_base, other)
    assert run("diffusion", other, out) == 2 and "was begun with --base" in capsys.readouterr().err


def test_a_full_embedding_has_no_room_for_a_mask(tiny_base, monkeypatch):
    config = read_config(tiny_base)

    class Words:
        def __init__(self, count):
            self.count = count

        def __len__(self):
            return self.count

        def get_vocab(self):
            return {}

    monkeypatch.setattr(cli, "read_tokenizer", lambda folder: Words(2048))
    assert cli.with_mask(config, tiny_base, 32).mask_token_id == 2048
    monkeypatch.setattr(cli, "read_tokenizer", lambda folder: Words(2112))
    with refused("no-mask-row"):
        cli.with_mask(config, tiny_base, 32)


def test_a_changed_ar_view_is_found(tiny_base, tmp_path):
    from safetensors.torch import load_file, save_file

    shutil.copytree(tiny_base, tmp_path / "changed")
    path = sorted((tmp_path / "changed").glob("*.safetensors"))[0]
    tensors = load_file(path)
    name = sorted(tensors)[0]
    tensors[name].view(-1)[0] += 1
    save_file(tensors, path, {"format": "pt"})
    with refused("tensor-changed"):
        same_frozen_tensors(tiny_base, tmp_path / "changed")


def test_upload_is_private_unless_asked_and_sends_no_code(tmp_path, monkeypatch):
    import huggingface_hub

    calls = []

    class Api:
        def create_repo(self, repo, private, exist_ok):
            calls.append((repo, private))

        def upload_folder(self, **asked):
            calls.append(asked)
            return "address"

    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    with refused("stage-missing"):
        report.upload(tmp_path, "me/mine", False)
    (tmp_path / "README.md").write_text("card")
    assert report.upload(tmp_path, "me/mine", False) == "address"
    assert calls[0] == ("me/mine", True) and "*.py" not in calls[1]["allow_patterns"]
    monkeypatch.setattr(Api, "create_repo", lambda *_, **__: (_ for _ in ()).throw(ConnectionError("down")))
    with refused("training-stopped"):
        report.upload(tmp_path, "me/mine", True)


def test_the_page_says_what_is_there():
    """docs/qwen3.md: every command is understood, every path exists."""
    from orthrus.cli import parser
    from tests.unit.test_docs import ROOT, missing

    text = (ROOT / "docs" / "qwen3.md").read_text(encoding="utf-8")
    commands = [shlex.split(line, comments=True) for line in text.splitlines() if line.startswith("    ")]
    parsers = {"orthrus": parser(), "orthrus.training": cli.parser()}
    found = [(words[words.index("-m") + 1], words[words.index("-m") + 2 :]) for words in commands]
    verbs = {parsers[module].parse_args(asked).verb for module, asked in found}
    assert verbs == {"generate", *cli.RUNNERS}
    assert missing(text) == []
