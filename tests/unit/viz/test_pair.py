"""Two runs side by side: the first pair, and a saved file's. The browser's part: tests/js/pair.test.js."""

import json
import re

from orthrus.config import EMBEDDED_MODEL
from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, load
from orthrus.trace.metrics import measure
from tests import synthetic
from viz.export import html
from viz.views import catalogue, pair

TRACES = EMBEDDED_MODEL.parent / "traces"


def test_the_first_pair_differs_in_its_text_only():
    easy, hard = (load(TRACES / f"{name}{SUFFIX}") for name in (pair.EASY, pair.HARD))
    assert (easy.start.model, easy.start.host, easy.start.params) == (
        hard.start.model,
        hard.start.host,
        hard.start.params,
    )
    assert easy.start.prompt != hard.start.prompt
    assert measure(easy).tokens_per_cycle > 3 * measure(hard).tokens_per_cycle


def test_a_saved_file_holds_the_first_pair():
    text = html.page(Trace.of(synthetic.events(seed=1, tokens=40)))
    held = json.loads(re.search(r'id="held">(.*?)</script>', text)[1])
    assert [pin["name"] for pin in held["pins"]] == [pair.EASY, pair.HARD] and held["lesson"] is None
    for pin in held["pins"]:
        trace = load(TRACES / f"{pin['name']}{SUFFIX}")
        assert sum(pin["race"]["cycles"]["n"]) + 1 == len(trace.tokens)
        assert pin["badges"]["prompt"] == trace.start.prompt.messages[-1].content
    assert len(json.dumps(held["pins"])) < 20_000


def test_what_is_kept_of_a_run_is_there_when_it_has_ended():
    trace = Trace.of(synthetic.events(seed=1, tokens=40))
    facts = {view: catalogue.state(view, trace)["facts"] for view in pair.KEPT}
    assert {*pair.skeleton()["alike"], *pair.skeleton()["unsaid"]} <= set(facts["badges"]["details"])
