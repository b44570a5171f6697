"""Token text is shown as it is: split characters, spaces, tabs, line ends, right-to-left, wide, unseen or like HTML."""

import pytest

import viz
from orthrus.events.detokenize import spell
from orthrus.trace import Trace
from tests import synthetic

pytestmark = pytest.mark.ui
PLAYER = "window.orthrusPlayer"
TOKENS = "[...document.querySelectorAll('.o-written .o-token')]"
SPANS = f"{TOKENS}.map((t) => t.textContent)"
IMG = "<img src=x onerror=window.hacked=1>"
PARTS = (
    ["Two", "  spaces", "\tand", " a", "\n", "\n    line", " end", "."]
    + [bytes([byte]) for byte in "🍰".encode()]  # a character split over four tokens
    + ["日本", "語", "👩\u200d🚀", " שלום", " עולם", "e\u0301", IMG, "</script>", "&lt;", "\u202e", "\u200b", "\x07"]
)


@pytest.fixture(scope="module")
def trace():
    """A run whose text is made of PARTS, over and over."""
    data = [part if isinstance(part, bytes) else part.encode() for part in PARTS]
    ids = {part: 10 + i for i, part in enumerate(dict.fromkeys(data))}
    patched = pytest.MonkeyPatch()
    names = {synthetic.EOS: "<|end|>", synthetic.MASK: "<|mask|>"}
    patched.setattr(synthetic, "VOCABULARY", synthetic.Vocabulary({i: part for part, i in ids.items()}, names))
    patched.setattr(synthetic, "TEXT_IDS", [ids[part] for part in data])
    made = Trace.of(synthetic.events(seed=3, tokens=70, sureness=0.9))
    patched.undo()
    return made


@pytest.fixture
def watched(trace, tmp_path, open_page):
    viz.export_html(trace, tmp_path / "run.html", title=IMG)
    page = open_page((tmp_path / "run.html").as_uri(), reduced=True)
    page.js(f"void({PLAYER}.tour.end())")
    page.tab("text")
    return page


def go(watched, cycle, phase):
    watched.js(f"void({PLAYER}.head.pause(), {PLAYER}.seekCycle({cycle}, '{phase}'))")
    watched.until(f"!{PLAYER}.awake")


def shown(data: list[bytes]) -> list[str]:
    """The text of every token: whole characters on their first token, bytes that are no character as hex."""
    texts = [""] * len(data)
    for span in spell(data):
        texts[span.start] = span.text
    return texts


def test_every_prefix_of_the_text_is_spelled_as_its_bytes_say(watched, trace):
    half = 0  # how often a character is cut where a cycle ends
    for cycle in trace.cycles:
        go(watched, cycle.draft.cycle, "commit")
        written = [token for token in trace.tokens if token.cycle <= cycle.draft.cycle]
        wanted = shown([bytes.fromhex(trace.glyph(token.id).b) for token in written])
        assert watched.js(SPANS) == wanted
        half += any(text.startswith("F0") for text in wanted)
    assert "".join(watched.js(SPANS)) == trace.text
    assert watched.js("document.querySelector('.o-lane-orthrus .o-text').textContent") == trace.text
    assert "\ufffd" not in watched.js("document.querySelector('.orthrus').textContent")
    assert "🍰" in trace.text and half, "the run was chosen to show half a character once"


def test_no_token_becomes_markup(watched, trace):
    go(watched, len(trace.verdicts) - 1, "commit")
    watched.charts()
    watched.tab("text")
    watched.page.locator(".o-output .o-kit").get_by_role("button", name="Table", exact=True).click()
    for cycle in range(len(trace.verdicts)):
        go(watched, cycle, "verify")
    assert IMG in watched.js("document.querySelector('.orthrus').textContent")
    assert watched.js("document.querySelectorAll('.orthrus img, .orthrus script').length") == 0
    assert watched.js("window.hacked") is None and watched.page.title() == IMG


def test_spaces_lines_and_tabs_take_their_room(watched, trace):
    go(watched, len(trace.verdicts) - 1, "commit")
    widths = dict(watched.js(f"{TOKENS}.map((t) => [t.textContent, t.getBoundingClientRect().width])"))
    one = widths[" a"] / 2  # a monospaced column
    assert widths["  spaces"] == pytest.approx(8 * one, rel=0.1), "two leading spaces are two columns"
    assert widths["\tand"] > 3.5 * one
    tops = watched.js(f"{TOKENS}.slice(3, 6).map((t) => [...t.getClientRects()].at(-1).top)")
    assert tops[2] > tops[0], "a line end ends the line"


def test_right_to_left_runs_right_to_left(watched, trace):
    go(watched, len(trace.verdicts) - 1, "commit")
    places = watched.js("""(() => {
      const token = [...document.querySelectorAll('.o-written .o-token')].find((t) => t.textContent === ' שלום');
      return [1, 2, 3, 4].map((i) => {
        const range = document.createRange();
        range.setStart(token.firstChild, i);
        range.setEnd(token.firstChild, i + 1);
        return range.getBoundingClientRect().left;
      });
    })()""")
    assert places == sorted(places, reverse=True) and len(set(places)) == 4


def test_a_cell_shows_what_has_no_shape(watched):
    for text, label in {
        " two ": "·two·",
        "  ": "··",
        "a b": "a b",
        "\n    ": "⏎····",
        "\tx": "⇥x",
        "\r": "U+000D",
        "\x00": "U+0000",
        "\u202e": "U+202E",
        "\u200b": "U+200B",
        "\ufeffx": "U+FEFFx",
        "\u200d": "U+200D",
        "👩\u200d🚀": "👩\u200d🚀",
        "e\u0301": "e\u0301",
        "日本語": "日本語",
        " שלום": "·שלום",
        IMG: IMG,
    }.items():
        assert watched.page.evaluate("(text) => OrthrusStage.label(text)", text) == label, repr(text)
