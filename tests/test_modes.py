"""One model in its modes: made once, warmed up, and told apart honestly."""

from __future__ import annotations

import pytest

from orthrus import modes
from orthrus.doctor import report, standing
from orthrus.exact import SIZES, STARTS, NotExact
from orthrus.modes import Modes
from tests.faults import Halves
from tests.refusals import refused
from tests.tiny import tiny_model


def test_a_mode_is_made_once_and_warmed_up(monkeypatch):
    warmed = []
    monkeypatch.setattr(modes, "warm_up", lambda lm: warmed.append(lm.mode))
    found = Modes(tiny_model().in_mode("fast"), "fast")
    assert found.get("fast") is found.loaded and found.get("exact") is found.get("exact")
    assert found.get("exact").mode == "exact" and warmed == ["fast", "exact"]
    assert found.get("auto") in (found.get("fast"), found.get("exact")), "no third copy"
    with refused("unknown-choice"):
        found.get("quick")


def test_the_doctor_says_what_holds_here():
    said = report(tiny_model())
    assert said["exact_holds"] and said["passes_compared"] == list(SIZES) and said["at_positions"] == list(STARTS)
    assert set(SIZES) >= {1, 2, 3, 8, 31, 32}
    assert (said["mode"], said["promise"]) == ("fast", "equal tokens as measured")
    exact = tiny_model().in_mode("exact")
    assert report(exact)["promise"] == "equal in every bit"
    assert standing(exact).startswith("The exact mode holds on this machine: ")
    assert standing(exact).endswith("Runs are in the exact mode unless asked otherwise: equal in every bit.")
    assert standing(tiny_model()).startswith("The exact mode was not tried here.")


def test_where_nothing_holds_the_label_says_as_measured(monkeypatch):
    monkeypatch.setattr("orthrus.exact._linears", lambda model: iter([Halves(8)]))
    lm = tiny_model().in_mode("auto")
    assert (lm.mode, lm.promise) == ("fast", "equal tokens as measured")
    assert standing(lm).startswith("The exact mode does not hold on this machine: ")
    assert standing(lm).endswith("equal tokens as measured.") and not report(lm)["exact_holds"]
    with pytest.raises(NotExact):
        lm.in_mode("exact")
