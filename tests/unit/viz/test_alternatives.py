"""Ghosts, lattice and what-if: what Python gives them, on made-up runs whose numbers are known by hand."""

from dataclasses import replace

from orthrus.events import Draft, RunStart, Verdict
from orthrus.trace import Trace
from tests import synthetic
from viz.views import catalogue, ghosts, inspector, lattice, whatif


def test_ghosts_are_compared_with_the_token_that_came_at_their_place():
    trace = Trace.of(synthetic.events(seed=1, tokens=60, sureness=0.7))
    text, first = trace.token_ids, trace.prefill.kv_len
    by_hand = {"exact": 0, "shifted": 0, "other": 0}
    for each in trace.cycles:
        statuses = each.statuses()
        for slot in range(1, each.draft.n_draft + 1):
            at = each.draft.pos0 + slot - first
            if "refused" not in statuses or statuses[slot] != "discarded" or at >= len(text):
                continue
            guess = each.draft.draft_ids[slot - 1]
            near = [text[i] for i in range(at - 3, at + 4) if 0 <= i < len(text)]
            by_hand["exact" if text[at] == guess else "shifted" if guess in near else "other"] += 1
    columns = catalogue.state("early", trace)["facts"]["columns"]
    assert {name: sum(columns[name]) for name in by_hand} == by_hand and by_hand["exact"] and by_hand["other"]
    assert columns["behind"] == list(range(1, len(columns["behind"]) + 1))
    n, exact = sum(by_hand.values()), by_hand["exact"]
    assert f"{exact} ({100 * exact / n:.0f} %)" in ghosts.note(columns)


def test_a_ghost_is_exact_shifted_or_neither():
    text = (1, 2, 3, 4, 5, 6, 7, 8, 9)
    kinds = [ghosts._kind(guess, 4, text) for guess in (5, 2, 8, 1, 9, 99)]
    assert kinds == ["exact", "shifted", "shifted", "other", "other", "other"]


def test_a_run_without_a_refusal_has_no_ghosts():
    trace = Trace.of(synthetic.events(seed=3, tokens=90, sureness=1.0, stop="eos"))
    facts = catalogue.state("early", trace)["facts"]
    assert facts["columns"]["behind"] == [] and "no guess" in facts["note"]


def test_lattice_and_what_if_follow_the_inspectors_block():
    trace = Trace.of(synthetic.events(seed=1, tokens=60))
    last = len(trace.verdicts) - 1
    assert catalogue.state("lattice", trace)["state"]["stop"] == last
    for view in (lattice, whatif):
        assert view.skeleton()["source"] == inspector.NAME in catalogue.VIEWS
    stop = catalogue.state("whatif", trace)["state"]["stop"]
    assert stop[:3] == [last, trace.cycle(last).accepted, trace.verdicts[-1].next_id]


def test_what_if_knows_the_question_and_what_cannot_be_typed():
    trace = Trace.of(synthetic.events(seed=1, tokens=120))
    assert catalogue.state("whatif", trace)["facts"]["run"] == {"prompt": "How many apples are left?", "sampled": False}
    start = trace.start
    two = replace(start, prompt=replace(start.prompt, messages=start.prompt.messages * 2))
    assert isinstance(two, RunStart) and whatif.patch(two, trace)[0].value["prompt"] is None
    for event in trace.events:
        if isinstance(event, Verdict):
            found = len(whatif.patch(event, trace)[0].value) == 4
            draft = trace.cycle(event.cycle).draft
            assert isinstance(draft, Draft)
            assert found == any(trace.glyph(i).s is None for i in draft.draft_ids if trace.glyph(i).b)
