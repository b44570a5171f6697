"""The anatomy in an exported recorded run: real shapes, the pass on show lit, a card, a table, keys alone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

import viz
from orthrus.config import EMBEDDED_MODEL
from orthrus.trace.files import load
from viz.views import anatomy

pytestmark = pytest.mark.ui
PLAYER = "window.orthrusPlayer"
TRACE = load(sorted((EMBEDDED_MODEL.parent / "traces").glob("*.gz"))[0])


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "run.html"
    viz.export_html(TRACE, path)
    return path.as_uri()


def opened(watched, phase):
    watched.js(f"void({PLAYER}.tour.end(), {PLAYER}.head.pause(), {PLAYER}.tabs.show('anatomy'))")
    watched.js(f"void({PLAYER}.seekCycle(1, '{phase}'))")
    watched.until(f"document.querySelector('.o-tower').dataset.pass === '{phase}' && !{PLAYER}.dirty.size")


def lit(watched) -> set[str]:
    plain = watched.js("getComputedStyle(document.querySelector('.o-partcard')).backgroundColor")
    shades = watched.js(
        "Object.fromEntries([...document.querySelectorAll('.o-part')].map((n) => "
        "[n.dataset.part, getComputedStyle(n).backgroundColor]))"
    )
    return {key for key, shade in shades.items() if shade != plain}


@pytest.mark.parametrize("phase", ["draft", "verify"])
def test_the_parts_of_the_pass_on_show_are_lit(address, open_page, phase):
    watched = open_page(address, reduced=True)
    opened(watched, phase)
    assert lit(watched) == {key for key, part in anatomy.PARTS.items() if phase in part.passes} | {"cache"}
    other = {"draft": "verify", "verify": "draft"}[phase]
    watched.page.locator(".o-anatomy .o-choice button").nth(["follow", "draft", "verify"].index(other)).click()
    watched.until(f"document.querySelector('.o-tower').dataset.pass === '{other}'")
    assert lit(watched) == {key for key, part in anatomy.PARTS.items() if other in part.passes} | {"cache"}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1366), ("dark", 1366), ("light", 390)])
def test_a_box_tells_its_shape_by_keys_alone_and_the_table_tells_all(address, open_page, scheme, width):
    watched = open_page(address, reduced=True, scheme=scheme, width=width)
    opened(watched, "draft")
    counts = anatomy.counts(anatomy.sizes(TRACE.start))
    box = watched.page.locator("[data-part=q_diff]")
    box.focus()
    watched.page.keyboard.press("Enter")
    told = watched.page.locator(".o-partcard dd").all_inner_texts()
    assert told[0] == "256 × 256" and f"{counts['q_diff']:,}" in told[1]
    assert told[2] == f"{100 * counts['q_diff'] / sum(counts.values()):.1f} %"
    assert told[5] == anatomy.PARTS["q_diff"].tensor and box.get_attribute("aria-pressed") == "true"
    found = Axe().run(watched.page, context=".o-anatomy").response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    watched.page.locator(".o-anatomy button", has_text="table").click()
    rows = watched.page.locator(".o-anatomy tbody tr")
    assert rows.count() == len(anatomy.PARTS)
    assert watched.js("document.documentElement.scrollWidth") <= width
