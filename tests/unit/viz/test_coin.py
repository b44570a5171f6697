"""The coin toss: what a run with random acceptance tells of each block, and that the others are told nothing."""

import math
from dataclasses import replace

import pytest

from orthrus.config import EMBEDDED_MODEL
from orthrus.trace.files import SUFFIX, load
from viz.views import catalogue, coin

TRACES = EMBEDDED_MODEL.parent / "traces"


def tosses(trace):
    """(cycle, toss) of each verdict, as the patches have them."""
    for cycle in trace.cycles:
        (change,) = coin.patch(cycle.verdict, trace)
        yield cycle, change.value


@pytest.fixture(scope="module")
def tossed():
    return load(TRACES / f"{coin.EXAMPLE}{SUFFIX}")


def test_the_numbers_say_what_was_kept(tossed):
    for cycle, toss in tosses(tossed):
        kept, judged = cycle.verdict.n_accept, len(toss["u"])
        assert judged in (kept, kept + 1)
        exact = list(zip(cycle.verdict.accept_p, cycle.verdict.u, strict=False))
        assert all(number < chance for chance, number in exact[:kept])
        assert all(number >= chance for chance, number in exact[kept:])
        assert toss["accept"] == [round(value, 3) for value in cycle.verdict.accept_p]


def test_the_chance_is_that_of_the_two_probabilities_shown(tossed):
    for cycle, toss in tosses(tossed):
        for i, (p, q) in enumerate(zip(toss["p"], toss["q"], strict=True)):
            ratio = math.exp(cycle.verdict.p_f[i] - cycle.draft.q_f[i])
            assert toss["accept"][i] == pytest.approx(min(1, ratio), abs=2e-3)
            assert 0 <= p <= 1000 and 0 <= q <= 1000
        if "rest" in toss:
            assert toss["mass"] > 0 and cycle.verdict.next_kind == "resample"
            assert len(toss["rest"]) == len(toss["rest_p"]) <= coin.LISTED and sum(toss["rest_p"]) <= 1001


@pytest.mark.parametrize(("run", "coupling"), [("13-story-by-seed", "gumbel"), ("02-short-story", None)])
def test_without_a_toss_nothing_is_patched_but_the_coupling(run, coupling):
    trace = load(TRACES / f"{run}{SUFFIX}")
    assert catalogue.state("coin", trace) == {"state": {"toss": None}, "facts": {"coupling": coupling}}
    changes = [change for event in trace.events for change in coin.patch(event, trace)]
    assert len(changes) == (coupling is not None)


def test_it_begins_anew_with_each_draft_and_can_do_without_the_numbers(tossed):
    first = tossed.cycles[0]
    (change,) = coin.patch(first.draft, tossed)
    assert (change.value, change.phase) == (None, "draft")
    (bare,) = coin.patch(replace(first.verdict, u=None), tossed)
    assert bare.value is None
