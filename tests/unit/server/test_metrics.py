"""Counters as Prometheus text, and a log that is JSON and holds no prompt."""

import io
import json
import logging
import re

import pytest

from orthrus.server import json_logging
from orthrus.server.metrics import COUNTERS, LATENCIES, SECONDS, Metrics

LINE = re.compile(r'^[a-z_]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? (\+Inf|-?[0-9.e+-]+)$')


def values(text):
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def test_every_line_is_the_text_format_and_every_name_has_help_and_type():
    text = Metrics().text({"orthrus_waiting_runs": ("Runs that wait.", 3)})
    assert all(line.startswith("# ") or LINE.match(line) for line in text.splitlines()) and text.endswith("\n")
    for name in (*COUNTERS, *LATENCIES, "orthrus_waiting_runs"):
        assert f"# HELP {name} " in text and f"# TYPE {name} " in text
    assert values(text)["orthrus_waiting_runs"] == "3.0"


def test_counts_and_labels():
    meters = Metrics()
    meters.count("orthrus_tokens_total", 5)
    meters.count("orthrus_tokens_total", 2)
    meters.count("orthrus_errors_total", kind='a "b"\n\\')
    found = values(meters.text({}))
    assert found["orthrus_tokens_total"] == "7.0" and found['orthrus_errors_total{kind="a \\"b\\"\\n\\\\"}'] == "1.0"
    with pytest.raises(KeyError):
        meters.count("orthrus_nonsense_total")


def test_classes_add_up():
    meters = Metrics()
    for seconds in (0.01, 0.05, 0.2, 1000.0):
        meters.took("orthrus_wait_seconds", seconds)
    found = values(meters.text({}))
    classes = [float(found[f'orthrus_wait_seconds_bucket{{le="{bound}"}}']) for bound in SECONDS]
    assert classes == [2, 2, 3, *[3] * (len(SECONDS) - 3)]
    assert found['orthrus_wait_seconds_bucket{le="+Inf"}'] == found["orthrus_wait_seconds_count"] == "4.0"
    assert float(found["orthrus_wait_seconds_sum"]) == pytest.approx(1000.26)


@pytest.fixture
def lines():
    stream, handler = io.StringIO(), None
    handler = logging.StreamHandler(stream)
    handler.setFormatter(json_logging.JsonLines())
    log = logging.getLogger("viz.somewhere")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield log, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    log.removeHandler(handler)


def test_a_log_line_is_one_object_with_its_facts(lines):
    log, written = lines
    log.info("run ended", extra={"run": "abc", "outcome": "done"})
    (line,) = written()
    assert {k: line[k] for k in ("level", "event", "run", "outcome")} == {
        "level": "info",
        "event": "run ended",
        "run": "abc",
        "outcome": "done",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["at"])


def test_a_fault_is_told_by_kind_and_place_and_a_visitor_s_words_are_not(lines):
    log, written = lines
    for error in (RuntimeError("CUDA out of memory\ntwo lines"), ValueError("temperature is 'my secret'")):
        try:
            raise error
        except Exception:
            log.exception("run failed", extra={"run": "abc"})
    fault, refusal = written()
    assert fault["error"] == "RuntimeError" and fault["text"] == "CUDA out of memory\ntwo lines"
    assert "test_metrics.py" in fault["places"][-1]
    assert refusal["error"] == "ValueError" and "secret" not in json.dumps(refusal)
