"""The ablations: what a variant changes, drafting in several passes, and the figures that are published."""

from __future__ import annotations

import json
import sys

import pytest
import torch

from benchmarks.report import ablation_figures, plots, tables
from benchmarks.training import ablation_stage, ablations, denoise
from benchmarks.training.ablation_stage import AblationStage, Variant, Workbench, reveal
from orthrus.checkpoints.chat_template import chat_ids
from orthrus.config import DecodeConfig
from orthrus.decoding.engine import decode
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from orthrus.training.mask import anchored_blocks
from orthrus.training.rollouts import Rollouts
from orthrus.training.stages import BatchShape
from tests.tiny import random_weights, scripted, tiny_config, tiny_model
from tests.unit.benchmarks.test_figures import FACTS
from tests.unit.training.test_from_qwen3 import documents


@pytest.mark.parametrize("limit", [1, 2, 9, 40])
def test_one_drafting_pass_is_the_engines_cycle(limit):
    prompt, schedule = "Hello", [3, 0, 7, 1]
    trace = Trace.of(decode(scripted(prompt, schedule), prompt, DecodeConfig(max_new_tokens=limit, detail=-1)))
    lm, count = scripted(prompt, schedule), denoise.Count()
    ids = chat_ids(lm.tokenizer, [("user", prompt)])
    denoise.decode(lm.model, ids, count, limit, lm.config.block_size, 1, frozenset(lm.config.eos_token_ids))
    m = measure(trace)
    assert tuple(count.text) == tuple(token.id for token in trace.tokens)
    assert (count.cycles, count.accepted, count.passes) == (m.cycles, trace.sums.accepted, m.passes)


def test_several_passes_read_what_the_first_ones_fixed_and_leave_the_text_alone():
    lm = tiny_model(seed=2)
    seen, real = [], lm.model.forward_diffusion

    def noting(block, cache, n_draft):
        seen.append(block.clone())
        return real(block, cache, n_draft)

    lm.model.forward_diffusion = noting
    ids = chat_ids(lm.tokenizer, [("user", "Hello")])
    texts = {}
    for passes in (1, 3):
        count = denoise.Count()
        denoise.decode(lm.model, ids, count, 20, 8, passes, ())
        texts[passes] = count.text
        assert count.tokens == 20 and count.passes >= count.cycles * 2  # the last cycle may have nothing to draft
    assert texts[1] == texts[3]
    seen.clear()
    cache = lm.model.new_cache(40)
    lm.model.forward_ar(torch.tensor(ids), cache, last_only=True)
    window = torch.full((8,), lm.config.mask_token_id)
    window[0] = 70
    proposals = denoise.denoise(lm.model, window, cache, 7, 3)
    shown = [int((block[1:] != lm.config.mask_token_id).sum()) for block in seen]
    assert len(seen) == 3 and shown == sorted(shown) and 0 == shown[0] < shown[2]
    fixed = seen[2][1:] != lm.config.mask_token_id
    assert torch.equal(torch.tensor(proposals)[fixed], seen[2][1:][fixed])
    assert (window[1:] == lm.config.mask_token_id).all()


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.setattr(ablation_stage, "compiled", lambda function: function)
    own = Rollouts({"any": documents()}, {"any": documents(2)}, 0)
    corpus = Rollouts({"any": documents()[::-1]}, own.valid, 0)
    return Workbench(random_weights(Orthrus(tiny_config()), seed=3), own, corpus, BatchShape(2, 64, 4))


def variant(**changes) -> Variant:
    return Variant("v", "", **({"block": 8} | changes))


def test_every_variant_begins_as_a_copy_and_moves_the_diffusion_view_alone(bench):
    frozen = {n: p.clone() for n, p in bench.model.named_parameters() if DIFF not in n}
    for changes in ({}, {"loss": "ce"}, {"data": "corpus"}, {"weights": "reached"}, {"revealed": True}, {"block": 4}):
        stage = AblationStage(bench, variant(**changes), seed=1)
        tensors = dict(bench.model.named_parameters())
        assert all(torch.equal(p, tensors[n.replace(DIFF, "")]) for n, p in stage.trainable().items())
        loss, _, targets = stage.loss(0)
        loss.backward()
        assert all(p.grad is not None for p in stage.trainable().values())
        assert targets == 2 * 4 * (changes.get("block", 8) - 1)
        with torch.no_grad():
            for parameter in stage.trainable().values():
                parameter.add_(parameter.grad)
                parameter.grad = None
        assert all(torch.equal(p, frozen[n]) for n, p in bench.model.named_parameters() if DIFF not in n)


def test_each_choice_changes_the_loss(bench):
    changes = ({}, {"loss": "ce"}, {"data": "corpus"}, {"weights": "reached"}, {"revealed": True}, {"block": 4})
    losses = [AblationStage(bench, variant(**c), seed=1).loss(0)[0].item() for c in changes]
    assert len({round(loss, 5) for loss in losses}) == len(changes)
    assert AblationStage(bench, variant(), seed=1).loss(0)[0].item() == pytest.approx(losses[0], rel=1e-5)
    assert AblationStage(bench, variant(), seed=2).loss(0)[0].item() != pytest.approx(losses[0], rel=1e-4)
    figures = AblationStage(bench, variant(), seed=1).validate()
    assert set(figures["accepted_by_domain"]) == {"any"} and figures["score"] == pytest.approx(
        -figures["accepted"], abs=1e-3
    )


def test_what_is_shown_is_not_asked(bench):
    rows = bench.data["own"].rows("x", 2, 64, {"any": 1.0})
    anchors = torch.tensor([[10, 14, 20, 30], [10, 12, 24, 28]])
    blocks = anchored_blocks(rows, anchors, 8, 5)
    token = rows.ids.gather(1, blocks.target.flatten(1) + 1).view(blocks.target.shape)
    shown, counted = reveal(blocks, token, torch.Generator().manual_seed(2))
    ids, given = shown.ids.view(2, 4, 8), blocks.valid & ~counted
    assert given.any() and counted.any() and not (counted & ~blocks.valid).any()
    assert torch.equal(ids[:, :, 1:][given], token[given]) and (ids[:, :, 1:][~given] == 5).all()
    assert torch.equal(ids[:, :, 0], blocks.ids.view(2, 4, 8)[:, :, 0])


ROWS = [
    {"variant": name, "about": "x", "seed": seed, "K": 32, "held_out": {"accepted": 5.0 + seed}, "decoded": decoded}
    for name, tpf in (("recipe", 3.0), ("cross-entropy", 2.95), ("multi-step", 1.5))
    for seed in (1, 2)
    for decoded in [{p: {"acceptance_length": 4.0, "tpf": tpf + seed / 10} for p in ("1", "4")}]
]
RESULT = FACTS | {"threads": 1, "model": "abc", "rows": ROWS}
RESULT |= {"budget": {"steps": 2, "blocks": 8, "decoded_prompts": 1}}


def test_the_tables_say_what_was_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    assert ablation_figures.ablations().startswith("Not measured yet")
    (tmp_path / "ablations.json").write_text(json.dumps(RESULT))
    text = ablation_figures.ablations()
    assert "| recipe | x | 32 | 6.50 ± 0.50 | 4.00 ± 0.00 | 3.15 ± 0.05 | 2 |" in text
    assert "| one drafting pass / several | 6.35 / 3.53 TPF | 3.15 ± 0.05 / 1.65 ± 0.05 | yes |" in text
    assert "| forward KL / cross-entropy | KL is better | 3.15 ± 0.05 / 3.10 ± 0.05 | no |" in text
    assert "K = 32 / K = 8" not in text and "`python x.py`" in text


def test_the_plot_has_a_bar_a_row_and_a_dot_a_seed():
    rows = ablation_figures.bars(RESULT)
    axes = plots.bars(ablation_figures.TITLE, rows).axes[0]
    widths = [patch.get_width() for patch in axes.patches]
    assert widths == [row.mean for row in rows] == sorted(widths, reverse=True) and len(rows) == 6
    assert [tuple(dots.get_xdata()) for dots in axes.lines] == [row.values for row in rows]
    assert sum(len(dots.get_xdata()) for dots in axes.lines) == 12
    assert [text.get_text() for text in axes.get_yticklabels()] == [row.name for row in rows]
    assert axes.yaxis_inverted(), "the first row is on top"


def test_rows_of_another_model_or_budget_are_not_added_to(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["ablations", "--out", str(tmp_path / "a.json"), "--work", str(tmp_path / "w")])
    args = ablations.parser().parse_args()
    wanted = {"model": "abc", "budget": {"steps": 2}}
    assert ablations.begun(args, wanted) == []
    with pytest.raises(ValueError, match="was begun with another model: abc"):  # its checkpoints would be gone on with
        ablations.begun(args, wanted | {"model": "def"})
    (args.work / "rows.json").write_text(json.dumps(wanted | {"rows": [{"variant": "recipe"}]}))
    assert ablations.begun(args, wanted) == [{"variant": "recipe"}]
    with pytest.raises(ValueError, match="was begun with another budget"):
        ablations.begun(args, wanted | {"budget": {"steps": 3}})
    args.fresh = True
    assert ablations.begun(args, wanted | {"model": "def"}) == [] and not args.out.exists()
