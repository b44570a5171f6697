"""Who may see whom, and where each view looks: asked of the page's model for a live run; a file has the mask alone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

import viz
from orthrus.config import EMBEDDED_MODEL
from orthrus.trace.files import load

pytestmark = pytest.mark.ui
PLAYER = "window.orthrusPlayer"
ASK = ".o-looks .o-row .o-button >> nth=0"
WIDTHS = """(pass) => [...document.querySelectorAll(`.o-look.is-${pass} .o-massbar`)].map((bar) =>
  [...bar.children].map((piece) => parseFloat(piece.style.width)))"""


def serious(watched) -> list[str]:
    found = Axe().run(watched.page, context=".o-looks").response["violations"]
    return [v["id"] for v in found if v["impact"] in ("serious", "critical")]


def seek(watched, cycle: int) -> None:
    watched.js(f"void({PLAYER}.head.pause(), {PLAYER}.seekCycle({cycle}, 'verify'))")
    watched.until("document.querySelectorAll('.o-look.is-verify [data-slot]').length")


def test_a_live_run_s_shares_are_computed_on_request(server, open_page):
    watched = open_page(server, reduced=True)
    watched.page.locator("#prompt textarea").fill("Tell me something.")
    watched.page.locator("#run").click()
    watched.until(f"{PLAYER}.live && {PLAYER}.ended && {PLAYER}.facts.record.trace")
    watched.tab("looks")
    seek(watched, 1)
    watched.page.locator(ASK).click()
    watched.until("document.querySelector('.o-massbar')")
    slots = watched.js("document.querySelectorAll('.o-look.is-verify [data-slot]').length")
    for name, rows in (("draft", 32), ("verify", slots)):
        widths = watched.page.evaluate(WIDTHS, name)
        assert len(widths) == rows and all(sum(row) == pytest.approx(100, abs=0.05) for row in widths)
        right = [row[-1] for row in widths]
        assert all(right[:-1]) and not right[-1] if name == "draft" else not any(right), "both ways, and only back"
    mean = watched.page.evaluate(WIDTHS, "draft")
    watched.page.locator(".o-looks select").select_option("0")
    assert watched.page.evaluate(WIDTHS, "draft") != mean and serious(watched) == []
    watched.page.locator(".o-lookrows").first.focus()
    watched.page.keyboard.press("ArrowDown")
    assert watched.js("document.querySelectorAll('.o-lookrow.here').length") == 2
    seek(watched, 2)
    watched.until("!document.querySelector('.o-massbar')")  # another cycle, which nobody has asked for
    assert watched.page.locator(ASK).is_enabled()


def test_ids_of_another_model_get_no_shares(server, open_page):
    watched = open_page(server, reduced=True)
    watched.tab("looks")
    seek(watched, 1)
    watched.page.locator(ASK).click()
    watched.until(f"document.querySelector('{ASK.split(' >>')[0]}').disabled === false")
    watched.until("document.querySelector('.o-looks [role=status]').textContent.includes('toy')")
    assert not watched.js("document.querySelector('.o-massbar')")


@pytest.mark.parametrize(("width", "scheme"), [(1366, "light"), (390, "dark")])
def test_a_file_shows_the_mask_and_why_there_are_no_shares(open_page, tmp_path, width, scheme):
    trace = load(sorted((EMBEDDED_MODEL.parent / "traces").glob("*.gz"))[0])
    viz.export_html(trace, tmp_path / "run.html")
    watched = open_page((tmp_path / "run.html").as_uri(), reduced=True, width=width, scheme=scheme)
    watched.js(f"void({PLAYER}.tour.end())")
    watched.tab("looks")
    seek(watched, 0)
    draft = trace.cycle(0).draft
    rows = "document.querySelectorAll('.o-look.is-{} [data-slot]').length"
    assert watched.js(rows.format("draft")) == draft.pass_rows and watched.js(rows.format("verify")) == draft.block
    assert watched.page.locator(ASK).is_disabled() and watched.text(".o-looks [role=status]")
    watched.page.locator(".o-looks button", has_text="table").click()
    assert watched.page.locator(".o-looks tbody tr").count() == draft.pass_rows + draft.block
    assert serious(watched) == [] and watched.js("document.documentElement.scrollWidth") <= width
