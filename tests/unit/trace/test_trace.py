"""The fold, its derived numbers, the invariants (each with a trace that breaks it), and recorded files."""

import gzip
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orthrus.events import ArChunk, Done, Draft, Kv, Lossless, Piece, Prefill, RunStart, Verdict, to_json
from orthrus.trace import Trace
from orthrus.trace.append_only import AppendOnly
from orthrus.trace.files import load, replay, save
from orthrus.trace.invariants import check, same_ids
from orthrus.trace.metrics import measure
from tests import synthetic
from tests.refusals import refused
from tests.synthetic import EOS, TEXT_IDS


def with_change(kind, change, number=0, **run):
    """A synthetic run in which the number-th event of one kind is changed by a function, folded."""
    events = synthetic.events(**run)
    places = [i for i, event in enumerate(events) if isinstance(event, kind)]
    place = places[number]
    events[place] = change(events[place])
    return Trace.of(events)


def cut_cycle(trace):
    """The first cycle with a refused proposal and something behind it."""
    return next(c for c in trace.cycles if "refused" in c.statuses() and "discarded" in c.statuses())


@pytest.mark.parametrize("stop", ["length", "eos"])
@pytest.mark.parametrize("block", [1, 2, 32])
@pytest.mark.parametrize("detail", [-1, 0, 1])
def test_a_valid_run_breaks_no_invariant(stop, block, detail):
    for seed in range(4):
        assert check(Trace.of(synthetic.events(seed, stop=stop, block=block, detail=detail))) == []


def test_a_cancelled_or_unfinished_run_breaks_none_either():
    assert check(Trace.of(synthetic.events(cancel_after=2))) == []
    events = synthetic.events()
    for end in range(len(events)):
        assert check(Trace.of(events[:end])) == []


# -- the fold


def test_adding_never_changes_an_older_trace():
    events = synthetic.events(tokens=40)
    traces = [Trace()]
    for event in events:
        traces.append(traces[-1].add(event))
    for n, trace in enumerate(traces):
        assert trace == Trace.of(events[:n])
        assert measure(trace) == measure(Trace.of(events[:n]))


def test_two_branches_of_one_trace_do_not_meet():
    events = synthetic.events()
    place = next(i for i, e in enumerate(events) if isinstance(e, Verdict))
    base = Trace.of(events[:place])
    other = replace(events[place], t_verify_ms=99.0)
    one, two = base.add(events[place]), base.add(other)
    assert one.verdicts[-1] is events[place] and two.verdicts[-1] is other
    assert one.add(events[place + 1]).events[-1] is events[place + 1]
    assert len(base.verdicts) == 0


def test_an_old_trace_does_not_know_later_pieces():
    events = synthetic.events()
    first, second = [i for i, e in enumerate(events) if isinstance(e, Piece)][:2]
    old, index = Trace.of(events[: first + 1]), next(iter(events[second].items))
    new = Trace.of(events[: second + 1])
    assert old.glyph(index).s == f"<{index}>" and new.glyph(index) == events[second].items[index]


def bare(**run):
    """A run without pieces: run_start, prefill, draft, verdict, ..."""
    return renumbered([e for e in synthetic.events(**run) if e.type != "piece"])


def renumbered(events):
    return [replace(e, seq=i) for i, e in enumerate(events)]


ORDERS = {
    "a gap in seq": lambda e: e[:2] + e[3:],
    "no run_start": lambda e: renumbered(e[1:]),
    "two run_starts": lambda e: renumbered([e[0], *e]),
    "another run": lambda e: [e[0], replace(e[1], run="other")],
    "after done": lambda e: renumbered([*e, e[1]]),
    "two prefills": lambda e: renumbered([*e[:2], *e[1:]]),
    "a draft before the prefill": lambda e: renumbered([e[0], *e[2:]]),
}


@pytest.mark.parametrize("name", ORDERS)
def test_an_event_out_of_order_is_refused(name):
    with pytest.raises(ValueError):
        Trace.of(ORDERS[name](bare()))


def test_draft_and_verdict_alternate_with_matching_numbers():
    events = bare(detail=-1)
    upto = Trace.of(events[:2])
    draft, verdict = events[2], events[3]
    for wrong in (replace(verdict, seq=2), replace(draft, cycle=1)):
        with pytest.raises(ValueError):
            upto.add(wrong)
    drafted = upto.add(draft)
    for wrong in (replace(draft, seq=3, cycle=1), replace(verdict, cycle=1), replace(verdict, ar_ids=(1, 2))):
        with pytest.raises(ValueError):
            drafted.add(wrong)


def test_the_ar_lane_has_no_gap():
    with pytest.raises(ValueError, match="ar_chunk begins at token 9; the AR lane holds 8"):
        with_change(ArChunk, lambda e: replace(e, i0=9), number=1)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=30))
def test_a_growing_sequence_behaves_like_a_tuple(steps):
    versions = [(AppendOnly(), ())]
    for branch, value in steps:
        grown, plain = versions[len(versions) // 2 if branch else -1]
        versions.append((grown.plus(value), (*plain, value)))
    for grown, plain in versions:
        assert tuple(grown) == plain and len(grown) == len(plain)
        if plain:
            assert grown[-1] == plain[-1] and grown[0] == plain[0]
        with pytest.raises(IndexError):
            grown[len(plain)]


# -- derived


def test_statuses_name_each_slot_once():
    trace = Trace.of(synthetic.events(sureness=0.8))
    cycle = cut_cycle(trace)
    kept, n = cycle.accepted, cycle.draft.n_draft
    assert cycle.statuses() == ("anchor", *["accepted"] * kept, "refused", *["discarded"] * (n - kept - 1))
    assert cycle.next_status == "correction"
    pending = Trace.of([e for e in trace.events if e.seq <= cycle.draft.seq]).cycles[-1]
    assert pending.statuses() == ("anchor", *["pending"] * n) and pending.next_status is None


def test_a_full_block_earns_a_bonus_and_refuses_nothing():
    cycle = Trace.of(synthetic.events(sureness=1.0)).cycles[0]
    assert cycle.statuses() == ("anchor", *["accepted"] * 31) and cycle.next_status == "bonus"
    assert len(cycle.appended) == 32


def test_an_accepted_eos_ends_the_text_and_what_follows_is_not_judged():
    trace = Trace.of(synthetic.events(tokens=20, sureness=1.0, stop="eos"))
    cycle = trace.cycles[0]
    assert cycle.appended[-1] == EOS and cycle.verdict.next_id is None
    assert cycle.statuses().count("accepted") == 19 and "refused" not in cycle.statuses()
    assert cycle.verdict.n_accept >= cycle.accepted
    assert trace.text == trace.data(TEXT_IDS[:19]).decode()


def test_metrics_follow_the_definitions():
    trace = Trace.of(synthetic.events(seed=5))
    m, cycles = measure(trace), trace.cycles
    total = trace.prefill.ms + sum(c.ms for c in cycles)
    assert m.tokens == trace.done.n_tokens == len(trace.token_ids)
    assert m.acceptance_length == pytest.approx(sum(c.accepted for c in cycles) / len(cycles))
    assert m.tokens_per_cycle == pytest.approx(sum(c.verdict.n_commit for c in cycles) / len(cycles))
    assert m.tpf == pytest.approx(m.tokens / (1 + trace.done.passes_draft + trace.done.passes_verify))
    assert m.total_ms == pytest.approx(total) and m.ttft_ms == trace.prefill.ms
    assert m.tokens_per_s_total == pytest.approx(1e3 * m.tokens / total)
    assert m.speedup == pytest.approx(trace.ar_ms[-1] / total)
    assert m.survival[0] == sum(c.accepted >= 1 for c in cycles) / sum(c.draft.n_draft >= 1 for c in cycles)
    assert m.kv_rows == trace.cycles[-1].draft.pos0 + trace.cycles[-1].verdict.kv.kept
    assert m.block_bytes == 32 * 512 and m.kv_written - m.kv_cropped == sum(c.verdict.kv.kept for c in cycles)


def test_a_speedup_exists_only_where_the_ar_lane_was_measured():
    assert measure(Trace.of(synthetic.events(lanes=("orthrus",)))).speedup is None
    assert measure(Trace()).tokens_per_s is None


# -- invariants: each one with a trace that breaks it


def plus_one(ids, at=0):
    return (*ids[:at], ids[at] + 1, *ids[at + 1 :])


BROKEN = {
    "(i) another prefix": (Verdict, lambda e: replace(e, ar_ids=plus_one(e.ar_ids))),
    "(i) another next": (Verdict, lambda e: replace(e, next_id=e.next_id + 1)),
    "(i) bonus without a full block": (Verdict, lambda e: replace(e, next_kind="bonus")),
    "(ii) wrong count appended": (Verdict, lambda e: replace(e, n_commit=e.n_commit + 1)),
    "(ii) a stop that is none": (Verdict, lambda e: replace(e, stop="eos")),
    "(ii) another anchor": (Draft, lambda e: replace(e, anchor_id=e.anchor_id + 1)),
    "(ii) done by eos": (Done, lambda e: replace(e, stop="eos")),
    "(iii) kept": (Verdict, lambda e: replace(e, kv=replace(e.kv, kept=e.kv.kept + 1))),
    "(iii) cropped": (Verdict, lambda e: replace(e, kv=replace(e.kv, cropped=e.kv.cropped + 1))),
    "(iii) written": (Verdict, lambda e: replace(e, kv=Kv(before=e.kv.before, written=2, kept=2, cropped=0))),
    "(iii) pos0": (Draft, lambda e: replace(e, pos0=e.pos0 + 1)),
    "(iii) the prompt": (Prefill, lambda e: replace(e, kv_len=4)),
    "(iv) tokens": (Done, lambda e: replace(e, n_tokens=e.n_tokens - 1)),
    "(iv) cycles": (Done, lambda e: replace(e, cycles=e.cycles + 1)),
    "(v) the hash": (Done, lambda e: replace(e, text_sha256="0" * 64)),
    "(vi) more measured than passed": (Verdict, lambda e: replace(e, t_verify_ms=1e6)),
    "(vi) prefill": (Prefill, lambda e: replace(e, ms=1e6)),
    "(vi) time falls": (Done, lambda e: replace(e, t=0.0)),
    "(vi) the AR lane's times fall": (ArChunk, lambda e: replace(e, t_ms=tuple(reversed(e.t_ms)))),
    "(viii) n_draft": (Draft, lambda e: replace(e, n_draft=e.n_draft - 1)),
    "(ix) another AR token": (ArChunk, lambda e: replace(e, ids=plus_one(e.ids))),
    "(ix) lossless says fewer": (Lossless, lambda e: replace(e, identical=3, first_div=3)),
    "(ix) lossless says mismatch": (Lossless, lambda e: replace(e, verdict="mismatch")),
    "(ix) lossless compared less": (Lossless, lambda e: replace(e, n_compared=e.n_compared - 1)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_invariant_is_found_and_named(name):
    kind, change = BROKEN[name]
    found = check(with_change(kind, change, seed=2, sureness=0.85))
    invariant = name.split(")")[0] + ")"
    assert any(problem.startswith(invariant) for problem in found), found


def test_a_text_that_goes_on_after_eos_is_found():
    trace = with_change(RunStart, lambda e: replace(e, config=replace(e.config, eos_ids=(TEXT_IDS[3],))))
    assert any("is EOS, but" in problem for problem in check(trace))


def test_a_draft_without_verdict_needs_a_cancel():
    events = synthetic.events(lanes=("orthrus",))
    last = max(i for i, e in enumerate(events) if isinstance(e, Verdict))
    rest = Trace.of(renumbered(events[:last] + events[last + 1 :]))
    assert any("no verdict" in problem for problem in check(rest))


def test_a_near_tie_that_is_reported_is_no_violation():
    events = synthetic.events()
    place = next(i for i, e in enumerate(events) if isinstance(e, ArChunk))
    events[place] = replace(events[place], ids=plus_one(events[place].ids, 2))
    at = next(i for i, e in enumerate(events) if isinstance(e, Lossless))
    near = {"identical": 2, "first_div": 2, "n_compared": 3, "gap_block": 0.01, "gap_single": 0.02}
    events[at] = replace(events[at], verdict="near_tie", **near)
    assert check(Trace.of(events)) == []


def test_detail_must_not_change_the_ids():
    runs = [Trace.of(synthetic.events(detail=detail)) for detail in (-1, 1)]
    assert same_ids(runs[0], runs[0]) == []
    changed = with_change(Draft, lambda e: replace(e, draft_ids=plus_one(e.draft_ids, 30)), detail=-1)
    assert [p for p in same_ids(runs[0], changed) if p.startswith("(vii)")]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 33), st.floats(0, 1), st.sampled_from(["length", "eos"])
)
def test_any_synthetic_run_is_valid_and_survives_a_file(tmp_path_factory, seed, tokens, block, sureness, stop):
    trace = Trace.of(synthetic.events(seed, tokens, 0, block, sureness=sureness, stop=stop))
    assert check(trace) == []
    path = tmp_path_factory.mktemp("runs") / "run.jsonl.gz"
    save(trace, path)
    again = load(path)
    assert again.events.since(1) == trace.events.since(1) and measure(again) == measure(trace)


# -- files


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.jsonl.gz"


def test_a_saved_run_says_it_is_recorded_and_is_otherwise_the_same(path):
    trace = Trace.of(synthetic.events())
    save(trace, path)
    again = load(path)
    assert again.start == replace(trace.start, source="recorded")
    assert list(replay(path)) == list(again.events)
    first = path.read_bytes()
    save(again, path)
    assert path.read_bytes() == first, "the same run gives the same file"


def test_only_a_finished_run_can_be_saved(path):
    with refused("run-unfinished"):
        save(Trace.of(synthetic.events()[:-1]), path)


def write(path, lines):
    path.write_bytes(gzip.compress("".join(line + "\n" for line in lines).encode()))


def lines():
    return [json.dumps(to_json(event)) for event in synthetic.events(tokens=12)]


NO_TRACES = {
    "plain text": lambda p: p.write_text("hello"),
    "empty file": lambda p: p.write_bytes(b""),
    "empty archive": lambda p: write(p, []),
    "cut off": lambda p: p.write_bytes(gzip.compress("\n".join(lines()).encode())[:-40]),
    "no json": lambda p: write(p, ["{"]),
    "deep json": lambda p: write(p, ["[" * 100_000]),
    "not utf-8": lambda p: p.write_bytes(gzip.compress(b"\xff\xfe\n")),
    "NaN": lambda p: write(p, ['{"v": NaN}']),
    "another schema": lambda p: write(p, ['{"v": 7, "type": "draft"}']),
    "no done": lambda p: write(p, lines()[:-1]),
    "a missing event": lambda p: write(p, lines()[:3] + lines()[4:]),
}


@pytest.mark.parametrize("name", NO_TRACES)
def test_a_file_that_is_no_trace_is_refused(name, path):
    NO_TRACES[name](path)
    with pytest.raises(ValueError) as caught:
        load(path)
    assert path.name in str(caught.value)


def test_a_file_is_read_within_bounds(path, monkeypatch):
    save(Trace.of(synthetic.events()), path)
    for name, limit, named in [
        ("MAX_FILE_BYTES", 10, " 10"),
        ("MAX_TEXT_BYTES", 2000, "2,000"),
        ("MAX_LINE_BYTES", 100, "100"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(f"orthrus.trace.files.{name}", limit)
            with refused("file-too-large", named):
                load(path)


def test_a_compressed_bomb_is_not_unpacked_whole(path, monkeypatch):
    monkeypatch.setattr("orthrus.trace.files.MAX_LINE_BYTES", 1 << 20)
    path.write_bytes(gzip.compress(b" " * (64 << 20)))
    with refused("file-too-large"):
        load(path)
