"""The certificate: what it counts, what it refuses, and the command."""

from __future__ import annotations

import json

import pytest
import torch

from orthrus.cli import main
from orthrus.config import DecodeConfig
from orthrus.corpus import DOMAINS
from orthrus.decoding.autoregressive import AutoregressiveLane
from orthrus.decoding.pass_costs import prices
from orthrus.evaluation.lossless import certify, shares
from tests.faults import FAULTS, SplitSums, strained, under
from tests.refusals import refused
from tests.tiny import compiled_model, on_engine, tiny_model

CONFIG = DecodeConfig(max_new_tokens=6, detail=-1)
pytestmark = pytest.mark.machine


@pytest.fixture(scope="module")
def exact():
    return compiled_model(max_position_embeddings=2048)


def test_every_domain_is_asked_and_every_row_agrees(exact):
    lines = []
    got = certify(exact, 13, 1, CONFIG, lines.append)
    assert got["prompts"] == got["identical"] == 13 and got["rows_equal"] == got["rows_compared"] > 13
    assert set(got["shapes"]) <= {"chain", "plain"} and got["shapes"]["chain"] >= 13 and got["prices"] is None
    assert list(got["domains"]) == list(DOMAINS) and len(lines) == len(DOMAINS)
    assert [counts["prompts"] for counts in got["domains"].values()] == [2, 2] + [1] * 9
    assert (got["engine"], got["promise"], got["divergences"]) == ("numba", "equal in every bit", [])
    assert got["device"] and got["dtype"] == "float32" and got["torch"]
    json.dumps(got)


@pytest.mark.parametrize("dtype", (torch.float32, torch.bfloat16), ids=str)
@pytest.mark.parametrize("fault", (None, *FAULTS), ids=lambda fault: fault.__name__ if fault else "none")
def test_a_broken_rule_turns_the_certificate_red(dtype, fault):
    lm = tiny_model(max_position_embeddings=2048, block_size=32)
    lm.model.to(dtype)
    lm = under(strained(lm), fault()) if fault else on_engine(strained(lm))
    got = certify(lm, 1, 1, DecodeConfig(max_new_tokens=12, detail=-1))
    assert got["rows_compared"] == 12 and (got["rows_equal"] == 12) is (fault is None)


def test_a_sampled_certificate_names_its_rule(exact):
    rule = {"temperature": 0.9, "top_k": 40, "top_p": 0.95, "seed": 3}
    got = certify(exact, 11, 3, DecodeConfig(max_new_tokens=8, detail=-1, **rule))
    assert got["identical"] == 11 and got["rows_equal"] == got["rows_compared"] > 11
    assert {name: got[name] for name in rule} == rule and got["coupling"] == "gumbel"
    greedy = certify(exact, 1, 1, CONFIG)
    assert (greedy["temperature"], greedy["coupling"], greedy["top_k"], greedy["top_p"]) == (0.0, None, None, None)


def test_a_certificate_of_auto_covers_its_shapes_whatever_passes_cost_here():
    """A tiny model drafts nothing well: trees are tried until plain steps are seen to pay."""
    lm = compiled_model(max_position_embeddings=2048)
    before = prices(lm.model, lm.config.block_size)
    got = certify(lm, 2, 1, DecodeConfig(90, detail=-1, draft="auto"))
    assert prices(lm.model, lm.config.block_size) is before, "the next run pays this machine's prices again"
    assert got["prices"] == "assumed" and got["identical"] == 2 and got["rows_equal"] == got["rows_compared"]
    assert got["shapes"]["tree"] and got["shapes"]["plain"]


def test_plain_torch_promises_no_more_than_was_measured():
    got = certify(under(tiny_model(max_position_embeddings=2048), SplitSums()), 2, 1, CONFIG)
    assert (got["engine"], got["promise"]) == ("torch", "equal tokens as measured")
    assert got["rows_equal"] < got["rows_compared"]


def test_a_divergence_is_told(exact, monkeypatch):
    """The AR lane is made to choose the second best token once."""
    choose = AutoregressiveLane._tokens

    def astray(lane):
        right, calls = lane.sampler, []

        class Wrong:
            def sample(self, logits, position):
                calls.append(position)
                return logits.topk(2).indices[:, 1] if len(calls) == 3 else right.sample(logits, position)

            contest = staticmethod(right.contest)

        lane.sampler = Wrong()
        return choose(lane)

    monkeypatch.setattr("orthrus.decoding.autoregressive.AutoregressiveLane._tokens", astray)
    got = certify(exact, 1, 1, CONFIG)
    assert got["identical"] == 0
    (told,) = got["divergences"]
    assert told["position"] == 2 and told["orthrus"]["id"] != told["ar"]["id"] and told["gap"] > 0
    assert told["prompt"] and told["domain"] == DOMAINS[0] and told["verdict"] in ("near_tie", "mismatch")


def test_refusals(exact):
    with refused("out-of-range"):
        certify(exact, 0, 1, CONFIG)
    with refused("not-comparable"):
        certify(exact, 1, 1, DecodeConfig(temperature=1.0, coupling="rejection"))


def test_shares():
    assert shares(13, 5) == [3, 3, 3, 2, 2] and sum(shares(200, 11)) == 200 and shares(1, 3) == [1, 0, 0]


def test_the_command(monkeypatch, capsys, exact):
    asked = {}

    def load(model, device, dtype, engine, threads):
        asked.update(dtype=dtype, engine=engine, threads=threads)
        return exact

    monkeypatch.setattr("orthrus.checkpoints.loading.load_model", load)
    words = (
        "lossless --prompts 2 --seed 1 --dtype bfloat16 --engine numba --threads 1 --max-new-tokens 4 --json".split()
    )
    assert main(words) == 0
    printed = json.loads(capsys.readouterr().out)
    assert asked == {"dtype": "bfloat16", "engine": "numba", "threads": 1}
    assert {
        "prompts", "identical", "rows_compared", "rows_equal", "engine", "dtype", "device", "domains", "divergences"
    } <= set(printed)  # fmt: skip
    assert main(["lossless", "--temperature", "1", "--coupling", "rejection"]) == 2
    assert "in distribution only" in capsys.readouterr().err
