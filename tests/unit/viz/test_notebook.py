"""A run in a notebook is the exported page in an iframe, with its text escaped once."""

from __future__ import annotations

import html
import re

import pytest

import viz
from orthrus.errors import OrthrusError
from orthrus.trace import Trace
from tests import synthetic
from viz.export.html import page

pytest.importorskip("plotly")


def test_the_iframe_holds_the_exported_page():
    trace = Trace.of(synthetic.events(1, tokens=20))
    shown = viz.show(trace, height=500, title='a "run" & <more>')
    found = re.fullmatch(
        r'<iframe title="[^"]*" allowfullscreen style="([^"]*)" srcdoc="([^"]*)"></iframe>', shown._repr_html_()
    )
    assert found and "height: 500px" in found[1]
    assert html.unescape(found[2]) == page(trace, 'a "run" & <more>')
    assert len(repr(shown)) < 100  # a console does not print megabytes


@pytest.mark.parametrize(("height", "code"), [(199, "out-of-range"), (4001, "out-of-range"), ("760", "wrong-type")])
def test_a_height_that_does_not_fit_is_refused(height, code):
    with pytest.raises(OrthrusError) as refused:
        viz.show(Trace.of(synthetic.events(1, tokens=20)), height=height)
    assert refused.value.code == code and str(height) in str(refused.value)


def test_an_empty_trace_is_refused():
    with pytest.raises(OrthrusError) as refused:
        viz.show(Trace())
    assert refused.value.code == "trace-empty"
