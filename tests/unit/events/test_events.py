"""The event schema: strict in both directions, exact round trip, stamped in order."""

import gzip
import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orthrus.events import (
    EVENTS,
    RETIRED,
    SCHEMA_VERSION,
    ArChunk,
    Done,
    Draft,
    Glyph,
    Kv,
    Piece,
    Retired,
    Stamper,
    from_json,
    log_probs,
    to_json,
    validate,
)
from orthrus.trace import Trace
from orthrus.trace.files import load
from tests import synthetic


def round_trip(event):
    return from_json(json.loads(json.dumps(to_json(event))))


def plain(kind: str, **run) -> dict:
    """One event of a synthetic run as JSON, ready to be broken."""
    return json.loads(json.dumps(next(to_json(e) for e in synthetic.events(**run) if e.type == kind)))


@pytest.mark.parametrize("detail", [-1, 0, 1])
@pytest.mark.parametrize("block", [1, 4, 32])
def test_every_event_of_a_run_survives_json_unchanged(detail, block):
    for event in synthetic.events(detail=detail, block=block, stop="eos"):
        assert round_trip(event) == event


OLD = {
    "status": {"state": "queued", "queue_pos": 2, "eta_s": None},
    "error": {"code": "too_long", "message_key": "prompt_too_long", "retryable": False},
    "attn": {"cycle": 0, "view": "draft", "buckets": list("abcdef"), "mass": "AAAAAAAA"},
    "whatif": {"parent_cycle": 1, "edits": [{"slot": 3, "id": 7}], "detail": -1},
}


def test_every_kind_survives_json():
    assert {e.type for e in synthetic.events()} | {"retired"} == set(EVENTS) and set(OLD) == set(RETIRED)
    assert round_trip(Stamper("r")(Retired, kind="attn")).kind == "attn"


def test_a_trace_with_retired_kinds_still_loads(tmp_path):
    *run, done = [to_json(event) for event in synthetic.events(tokens=12)]
    old = [{"v": 1, "run": done["run"], "t": done["t"], "type": kind, **facts} for kind, facts in OLD.items()]
    mixed = [event | {"seq": seq} for seq, event in enumerate([*old[:2], *run, *old[2:], done])]
    path = tmp_path / "old.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(event) + "\n" for event in mixed)
    found = load(path)
    assert [getattr(event, "kind", event.type) for event in found.events] == [event["type"] for event in mixed]
    assert found.token_ids == Trace.of(synthetic.events(tokens=12)).token_ids


def test_fields_above_the_detail_are_absent_from_the_json():
    assert "q_lp" not in plain("draft", detail=-1)
    assert "q_H" not in plain("draft", detail=0) and "q_lp" in plain("draft", detail=0)
    assert "q_f" not in plain("draft", detail=1), "optional fields are absent, not null"
    assert plain("lossless")["first_div"] is None, "nullable fields are null, not absent"


BREAKS = {
    "unknown type": ("draft", {"type": "drafted"}, "unknown event type 'drafted'"),
    "another version": ("draft", {"v": 2}, f"version 2; this program reads {SCHEMA_VERSION}"),
    "unknown field": ("draft", {"speed": 1}, "draft has an unknown field 'speed'"),
    "bool for int": ("draft", {"cycle": True}, "draft.cycle is True; it must be of type int"),
    "text for int": ("draft", {"pos0": "5"}, "draft.pos0 is '5'"),
    "too large": ("draft", {"anchor_id": 2**31}, "must fit 32 bits"),
    "negative": ("draft", {"cycle": -1}, "draft.cycle is -1; it must be at least 0"),
    "positive log-prob": ("draft", {"q_lp": [0.5] * 31}, "draft.q_lp[0] is 0.5"),
    "short list": ("draft", {"q_lp": [-1.0] * 30}, "draft.q_lp has 30 entries; N is 31"),
    "ragged list": ("draft", {"q_top_ids": [[1, 2]] * 30 + [[1]]}, "draft.q_top_ids"),
    "null list": ("draft", {"draft_ids": None}, "draft.draft_ids is null"),
    "scalar for list": ("draft", {"draft_ids": 3}, "draft.draft_ids is 3; it must be a list"),
    "sizes disagree": ("draft", {"n_draft": 4}, "draft of block 32 has n_draft 4 and 31 ids"),
    "detail too low": ("draft", {"detail": 0}, "draft.q_H belongs to detail 1, the event says detail 0"),
    "detail too high": ("prefill", {"p_top_ids": None}, "prefill.p_top_ids is null"),
    "not finite": ("verdict", {"t_verify_ms": math.inf}, "verdict.t_verify_ms is inf; it must be finite"),
    "accepts too much": ("verdict", {"n_accept": 32}, "verdict.n_accept is 32; the block has 32 slots"),
    "commits nothing": ("verdict", {"n_commit": 0}, "commits 0"),
    "none with a next id": ("verdict", {"next_kind": "none"}, "of kind none"),
    "unknown choice": ("verdict", {"stop": "tired"}, "verdict.stop is 'tired'; it must be one of eos, length"),
    "no object": ("verdict", {"kv": [1, 2, 3, 4]}, "verdict.kv is [1, 2, 3, 4]; it must be an object"),
    "key is no id": ("piece", {"items": {"x": {"s": "a", "b": "61"}}}, "piece.items has the key 'x'"),
    "bytes are no hex": ("piece", {"items": {"1": {"s": "a", "b": "6"}}}, "piece.items[1].b is '6'"),
    "lists of two lengths": ("ar_chunk", {"gap": [1.0]}, "ar_chunk.gap has 1 entries"),
    "run id": ("done", {"run": "a b"}, "done.run is 'a b'"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_event_is_refused_with_a_sentence(name):
    kind, change, said = BREAKS[name]
    with pytest.raises(ValueError) as caught:
        from_json({**plain(kind), **change})
    assert said in str(caught.value)


def test_a_missing_field_is_named():
    whole = plain("done")
    for name in set(whole) - {"v", "type"}:
        with pytest.raises(ValueError, match=f"done lacks {name}"):
            from_json({key: value for key, value in whole.items() if key != name})


@pytest.mark.parametrize("thing", [None, 3, "draft", [], {}, {"v": 1}, {"v": 1, "type": ["draft"]}])
def test_what_is_no_event_is_refused(thing):
    with pytest.raises(ValueError):
        from_json(thing)


def test_validate_catches_what_the_stamper_lets_through():
    with pytest.raises(ValueError, match=r"ar_chunk\.t_ms has 2 entries"):
        validate(Stamper()(ArChunk, i0=0, ids=[1], t_ms=[1.0, 2.0], gap=[0.1]))


def test_the_stamper_numbers_without_gaps_and_never_runs_backwards():
    ticks = iter([10.0, 10.5, 10.2, 11.0])
    stamp = Stamper("r", clock=lambda: next(ticks))
    events = [stamp(Retired, kind="status") for _ in range(3)]
    assert [e.seq for e in events] == [0, 1, 2]
    assert [e.t for e in events] == [500.0, 500.0, 1000.0]
    assert {e.v for e in events} == {SCHEMA_VERSION}


def test_an_event_that_could_not_be_made_takes_no_number():
    stamp = Stamper("r")
    with pytest.raises(TypeError):
        stamp(Retired)
    assert stamp(Retired, kind="status").seq == 0


def test_events_are_frozen_down_to_their_lists():
    event = Stamper()(Draft, detail=-1, cycle=0, pos0=3, anchor_id=1, block=2, n_draft=1, draft_ids=[5],
                      t_start_ms=0.0, t_draft_ms=1.0)  # fmt: skip
    assert event.draft_ids == (5,)
    with pytest.raises(AttributeError):
        event.cycle = 1


@given(st.lists(st.floats(allow_nan=False), max_size=40))
def test_log_probs_have_three_decimals_and_stay_in_range(values):
    for value in log_probs(values):
        assert -30.0 <= value <= 0.0
        assert value == round(value, 3) and math.copysign(1, value or 1.0) == (-1 if value else 1)


def test_log_probs_refuses_nan_and_keeps_nesting():
    assert log_probs([[-math.inf, -0.12345], [1e-9]]) == ((-30.0, -0.123), (0.0,))
    with pytest.raises(ValueError, match="NaN"):
        log_probs([math.nan])


# drawing text is slow on a shared core the first time: its table of characters is built then
patient = settings(suppress_health_check=[HealthCheck.too_slow])
ids = st.integers(0, 2**31 - 1)
times = st.floats(0, 1e9)


@given(st.data())
def test_any_draft_that_fits_the_schema_survives_json(data):
    n, alternatives = data.draw(st.integers(0, 6)), data.draw(st.integers(1, 3))

    def row(of, k=n):
        return data.draw(st.lists(of, min_size=k, max_size=k))

    lp = st.floats(-30, 0)
    event = Stamper("r")(
        Draft, detail=1, cycle=data.draw(ids), pos0=data.draw(ids), anchor_id=data.draw(ids), block=n + 1, n_draft=n,
        draft_ids=row(ids), t_start_ms=data.draw(times), t_draft_ms=data.draw(times), q_lp=row(lp), q_H=row(times),
        q_top_ids=[row(ids, alternatives) for _ in range(n)], q_top_lp=[row(lp, alternatives) for _ in range(n)],
    )  # fmt: skip
    assert round_trip(event) == event


@patient
@given(st.dictionaries(ids, st.tuples(st.none() | st.text(), st.binary(max_size=8)), max_size=5))
def test_any_piece_survives_json(table):
    items = {index: Glyph(s=text, b=data.hex()) for index, (text, data) in table.items()}
    event = Stamper("r")(Piece, items=items)
    assert round_trip(event) == event


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(leaves, lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=8)


@patient
@given(anything, st.sampled_from(["draft", "verdict", "done"]), st.data())
def test_nothing_but_value_errors_leaves_the_decoder(junk, kind, data):
    broken = plain(kind, tokens=12, block=4)
    broken[data.draw(st.sampled_from(sorted(broken)))] = junk
    try:
        assert isinstance(from_json(broken), EVENTS[kind] if broken["type"] == kind else object)
    except ValueError as error:
        assert str(error)


def test_kv_and_done_refuse_negative_counts():
    with pytest.raises(ValueError, match=r"verdict\.kv\.cropped is -1"):
        whole = plain("verdict")
        whole["kv"]["cropped"] = -1
        from_json(whole)
    assert Kv(before=1, written=2, kept=1, cropped=1) and Done.type == "done"
