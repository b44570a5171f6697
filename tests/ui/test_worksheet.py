"""The worksheet on paper, read back from Chromium's own PDF: two pages, black on white, nothing cut off."""

from pathlib import Path

import pypdfium2
import pytest

import viz
from orthrus.trace import Trace
from orthrus.trace.files import load
from orthrus.trace.metrics import measure
from tests import synthetic

pytestmark = pytest.mark.ui
TRACES = Path(__file__).parents[2] / "assets" / "traces"
PLAYER = "window.orthrusPlayer"
RUNS = {
    "a refusal": lambda: load(TRACES / "07-adding-up.jsonl.gz"),
    "a story": lambda: load(TRACES / "02-short-story.jsonl.gz"),
    "made up": lambda: Trace.of(synthetic.events(seed=1, tokens=120, sureness=0.85)),
    "no refusal": lambda: Trace.of(synthetic.events(seed=3, tokens=90, sureness=1.0, stop="eos")),
}
# boxes whose text does not fit
CLIPPED = """[...document.querySelectorAll('.o-sheet *')].filter((node) => node.scrollWidth > node.clientWidth + 1
    && getComputedStyle(node).display !== 'inline').map((node) => node.className + ': ' + node.textContent)"""
QUIET = "window.print = () => { window.printed = true; }"  # the dialog would wait for somebody


def pages(pdf: bytes) -> list[str]:
    """Each page's text, white space as single blanks."""
    document = pypdfium2.PdfDocument(pdf)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def dark_margin(pdf: bytes) -> bool:
    """Whether anything of the first page's edge is dark."""
    picture = pypdfium2.PdfDocument(pdf)[0].render(scale=0.5, grayscale=True).to_numpy().squeeze()
    return any((edge < 200).any() for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]))


@pytest.fixture(params=RUNS)
def sheet(request, tmp_path, open_page):
    """A run and its worksheet, opened by link."""
    trace = RUNS[request.param]()
    viz.export_html(trace, tmp_path / "run.html")
    watched = open_page((tmp_path / "run.html").as_uri(), scheme="dark", reduced=True)
    watched.js(f"void({QUIET})")
    watched.js("void(location.hash = '#print=worksheet')")
    watched.until("document.querySelector('.o-sheet') && window.printed")
    return trace, watched


def test_questions_on_one_page_and_the_key_on_the_next(sheet):
    trace, watched = sheet
    metrics, words = measure(trace), watched.js(f"{PLAYER}.settings.lesson.sheet")
    watched.page.emulate_media(media="print")
    assert watched.js(CLIPPED) == []
    for paper in ("A4", "Letter"):
        pdf = watched.page.pdf(format=paper)
        first, key = pages(pdf)
        assert not dark_margin(pdf), "the margin is white, also of a dark page"
        assert words["title"] in first and words["key"] in key and words["key"] not in first
        assert all(f"{i}." in first and f"{i}." in key for i in range(1, 6))
        assert f"wrote {metrics.tokens} tokens in {metrics.cycles} cycles" in first
        assert f"{metrics.passes} passes. Plain decoding needs {metrics.tokens}" in key
        assert f"{metrics.passes} passes" not in first, "the key stands on its own page"


def test_the_key_is_what_the_trace_says(sheet):
    trace, watched = sheet
    number = watched.js(f"{PLAYER}.facts.tour.beats.find(({{key}}) => key === 'verify').cycle")
    cycle = trace.cycle(number)
    told = watched.js("[...document.querySelectorAll('.o-sheetkey li')].map((item) => item.textContent)")
    statuses = cycle.statuses()
    assert len(told) == 5 == watched.js("document.querySelectorAll('.o-asked li').length")
    where = f"slot {statuses.index('refused')}" if "refused" in statuses else "Nowhere"
    assert where in told[0] and f" {cycle.accepted} guesses are kept" in told[0]
    assert told[1].startswith(f"{cycle.verdict.n_commit} tokens in 2 ")
    unjudged = statuses.count("discarded")
    assert str(unjudged) in told[3] if unjudged else "none" in told[3]
    cells = watched.js("[...document.querySelectorAll('.o-sheetcell b')].map((node) => node.textContent)")
    assert len(cells) == cycle.draft.block
    for mark in ("✓", "✗", "↻"):
        assert mark not in watched.text(".o-sheet .o-page"), "the verdict is left blank"


def test_a_button_prints_and_another_brings_the_page_back(server, open_page):
    watched = open_page(server, reduced=True)
    watched.js(f"void({QUIET})")
    watched.tab("class")
    watched.page.get_by_role("button", name="Print a worksheet").click()
    watched.until("window.printed && document.querySelector('.o-sheet').checkVisibility()")
    assert not watched.page.locator("#stage").is_visible()
    assert len(pages(watched.page.pdf(format="A4"))) == 2
    watched.page.get_by_role("button", name="Back to the page").click()
    assert watched.page.locator("#stage").is_visible() and watched.page.locator(".o-sheet").count() == 0
