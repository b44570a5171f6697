"""A trace from a stranger: every file is read within bounds and ends as a trace or as one short sentence."""

from __future__ import annotations

import gzip
import json
import threading
import time
import tracemalloc
import zlib

import pytest

from orthrus.events import to_json
from orthrus.trace import files
from orthrus.trace.files import MAX_DEPTH, MAX_REPORT, event_of, load
from tests import synthetic
from tests.refusals import refused

RUN = [to_json(event) for event in synthetic.events(tokens=12, stop="eos")]


def line_of(kind: str, **changes) -> str:
    """One event of a valid run as a line, changed."""
    return json.dumps(next(e for e in RUN if e["type"] == kind) | changes)


LINES = {
    "a million brackets": "[" * 1_000_000,
    "nested objects": '{"v":' * 50_000 + "1" + "}" * 50_000,
    "nested where a number belongs": line_of("draft").replace(
        '"draft_ids": [', '"draft_ids": [' + "[" * 200 + "]" * 200 + ","
    ),
    "an id beyond 32 bits": line_of("ar_chunk", ids=[2**31], m=1),
    "an id of 3000 digits": line_of("prefill").replace('"first_id": ', '"first_id": ' + "9" * 3000),
    "an id of 9000 digits": line_of("prefill").replace('"first_id": ', '"first_id": ' + "9" * 9000),
    "infinity by size": line_of("prefill").replace('"ms": ', '"ms": 1e999'),
    "NaN": line_of("prefill", ms=float("nan")),
    "minus infinity": line_of("prefill", ms=float("-inf")),
    "true for a number": line_of("prefill", ms=True),
    "a text for a number": line_of("prefill", ms="1"),
    "a number for a text": line_of("done", text_sha256=1),
    "the same key twice": '{"v": 1, "v": 1}',
    "the same key twice, deep": line_of("run_start").replace('"kv_heads":', '"layers": 1, "kv_heads":'),
    "half a character": line_of("run_start").replace('"role": "user"', r'"role": "\ud800"'),
    "an unknown field": line_of("done", more=1),
    "an unknown type": line_of("done", type="__class__"),
    "a type that is a list": line_of("done", type=["done"]),
    "a list": "[]",
    "null": "null",
    "nothing": "",
    "a key that is no id": line_of("piece", items={"__proto__": {"s": "x", "b": "78"}}),
    "bytes that are no hex": line_of("piece", items={"1": {"s": "x", "b": "zz"}}),
    "a block larger than any model's": line_of("run_start").replace('"block": ', '"block": 1000'),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_is_no_event_ends_in_a_sentence(name, tmp_path):
    assert LINES[name] not in map(json.dumps, RUN)
    with pytest.raises(ValueError):
        event_of(LINES[name])
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(LINES[name].encode() + b"\n"))
    with pytest.raises(ValueError) as caught:
        load(path)
    assert "x.jsonl.gz" in str(caught.value) and len(str(caught.value)) <= MAX_REPORT


def test_deep_nesting_is_refused_on_a_small_stack_too():
    said = []

    def read():
        try:
            event_of("[" * 1_000_000)
        except ValueError as error:
            said.append(str(error))

    old = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(old)
    assert said == ["it is nested too deeply"]


def test_brackets_in_a_string_nest_nothing():
    deep, flat = "[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH, json.dumps(["[" * 1000 + '"' + "\\[" * 9] * 300 + [[1]] * 300)
    lines = {deep: False, f"[{deep}]": True, flat: False, flat[:-7]: False, '["' + "[" * 999: False}
    for line, nested in lines.items():
        with pytest.raises(ValueError) as caught:  # none of them is an event
            event_of(line)
        assert (str(caught.value) == "it is nested too deeply") is nested, line[:20]


def test_a_bomb_costs_no_more_than_one_line(tmp_path):
    """A gibibyte of blanks packs into a mebibyte; refused after one line's worth."""
    path, packer = tmp_path / "x.jsonl.gz", zlib.compressobj(9, wbits=31)
    with path.open("wb") as file:
        for _ in range(1024):
            file.write(packer.compress(b" " * 2**20))
        file.write(packer.flush())
    assert path.stat().st_size < 2 * 2**20
    tracemalloc.start()
    began = time.process_time()
    with refused("file-too-large"):
        load(path)
    spent, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * files.MAX_LINE_BYTES and spent < 5


def test_many_short_lines_are_bounded_too(tmp_path, monkeypatch):
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(event) + "\n" for event in RUN).encode()))
    assert load(path).done is not None
    monkeypatch.setattr(files, "MAX_EVENTS", len(RUN) - 1)
    with refused("file-too-large"):
        load(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data + b"more",
        lambda data: data[:10] + b"\xff" * 20 + data[30:],
        lambda data: data[:-8],
        lambda data: b"PK\x03\x04" + data,
        lambda data: data.replace(b"\x1f\x8b", b"\x1f\x9d", 1),
    ],
    ids=["rest", "damaged", "cut", "zip", "compress"],
)
def test_a_damaged_archive_ends_in_a_sentence(damage, tmp_path):
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(damage(gzip.compress("".join(json.dumps(event) + "\n" for event in RUN).encode())))
    with refused("trace-invalid"):
        load(path)


def test_a_folder_of_that_name_is_no_trace(tmp_path):
    (tmp_path / "x.jsonl.gz").mkdir()
    with refused("trace-invalid"):
        load(tmp_path / "x.jsonl.gz")
