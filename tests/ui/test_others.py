"""Visitors who come otherwise: with a translator, a printer, a decimal comma, without scripts or storage."""

from __future__ import annotations

import io

import pytest

from tests.running import PATIENCE_S

pytestmark = pytest.mark.ui
PLAYER = "window.orthrusPlayer"
# Everything a translator may rewrite: text nodes that no ancestor keeps.
OPEN_TEXTS = """(() => {
  const found = [];
  const walk = (node) => {
    if (node.nodeType === 3) return void (node.textContent.trim() && found.push(node.textContent.trim()));
    if (node.nodeType !== 1 || node.translate === false || /^(STYLE|SCRIPT|TEXTAREA)$/.test(node.tagName)) return;
    node.childNodes.forEach(walk);
  };
  walk(document.querySelector('.orthrus'));
  return found;
})()"""
WORDS = {
    "apples",
    "bags",
    "slice",
    "cake",
    "sells",
    "Mia,",
    "<b>nothing</b>",
}  # the recording's, and no words of the page
BLOCKED = """for (const name of ['localStorage', 'sessionStorage']) {
  const get = () => { throw new DOMException('denied', 'SecurityError'); };
  Object.defineProperty(window, name, {configurable: true, get});
}"""
DARK_TEXTS = """(() => {
  const light = (rgb) => { const [r, g, b] = rgb.match(/[\\d.]+/g).map(Number); return (r + g + b) / 3; };
  const faint = [];
  for (const node of document.querySelectorAll('.orthrus *, #head *')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest('.o-voice')) continue;
    const style = getComputedStyle(node);
    const colour = node instanceof SVGElement ? style.fill : style.color;
    if (light(colour) > 150) faint.push([node.className, node.textContent.slice(0, 30), colour]);
  }
  return faint;
})()"""


@pytest.fixture(scope="session")
def exported(traces, tmp_path_factory) -> str:
    """The address of a page that was saved as one file."""
    from orthrus.trace.files import load
    from viz import export_html

    path = tmp_path_factory.mktemp("exported") / "run.html"
    export_html(load(next(iter(sorted(traces.glob("*.gz"))))), path)
    return path.as_uri()


@pytest.fixture(params=["page", "file"])
def address(request, server, exported) -> str:
    return server if request.param == "page" else exported


def test_a_translator_leaves_what_the_model_wrote(address, open_page):
    page = open_page(address)
    page.charts()
    page.js(f"{PLAYER}.head.pause(), {PLAYER}.seekCycle(2, 'verify')")
    page.until("document.querySelector('.o-say').textContent")
    known = page.js(f"Object.values({PLAYER}.facts.words.text)")
    assert len(WORDS & {word.strip() for word in known}) > 5
    for phase in ("draft", "verify", "commit"):
        page.js(f"{PLAYER}.seekCycle(2, '{phase}')")
        page.text(".o-say")
        kept = page.js(
            "[...document.querySelectorAll('.orthrus .notranslate')].every((node) => node.translate === false)"
        )
        assert kept, "both marks stand together"
        spoken = set(page.js(OPEN_TEXTS))
        assert not [text for text in spoken if WORDS & set(text.split())], (
            "a token stands alone where a translator may rewrite it"
        )
        assert not [text for text in spoken if "“" in text and "”" in text]
    for part in (".o-slots", ".o-text", ".o-written", ".o-prompt"):
        assert page.js(f"document.querySelector('{part}').closest('[translate=no]') !== null"), part
    assert page.js(OPEN_TEXTS), "titles and hints may be translated"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_is_white_and_its_text_black(address, scheme, open_page):
    page = open_page(address, scheme=scheme)
    page.tab("time")
    if scheme == "dark":
        assert len(page.js(DARK_TEXTS)) > 20, "the control: on the screen the text is light"
    page.page.emulate_media(media="print")
    assert page.js(DARK_TEXTS) == []
    grounds = page.js(
        "['body', '.orthrus', '.o-view'].map((part) => getComputedStyle(document.querySelector(part)).backgroundColor)"
    )
    for ground in grounds:
        assert ground in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)") or min(map(int, ground[4:-1].split(","))) > 240, (
            grounds
        )
    for hidden in (".o-transport", ".o-kit", "#side"):
        assert page.js(f"[...document.querySelectorAll('{hidden}')].every((node) => !node.checkVisibility())"), hidden


def test_a_browser_without_scripts_says_what_is_missing(address, browser):
    page = browser.new_page(java_script_enabled=False)
    page.set_default_timeout(1e3 * PATIENCE_S)
    page.goto(address)
    said = page.locator("noscript p")
    assert said.is_visible() and "JavaScript" in said.inner_text()
    page.close()


@pytest.mark.parametrize(("typed", "said"), [("0,7", "0.7"), ("1,000", None)])
def test_a_decimal_comma_is_one_or_is_asked_about(typed, said, server, open_page):
    page = open_page(server)
    page.page.locator("#advanced button").first.click()
    page.page.fill("#prompt textarea", "Hello")
    page.page.fill("#field-max_new_tokens input", "8")
    page.page.locator("#field-temperature input").fill("")
    page.page.locator("#field-temperature input").press_sequentially(typed)
    page.page.click("#run")
    if said is None:
        page.until("document.querySelector('#status [role=alert]')")
        assert "'1,000'" in page.text("#status")
    else:
        page.until("document.querySelector('#status').innerText.includes('passes')")
        assert f"temperature {said}" in page.js("document.querySelector('.o-details').textContent")


def test_blocked_storage_blocks_nothing_else(server, browser):
    page = browser.new_page()
    page.set_default_timeout(1e3 * PATIENCE_S)
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.add_init_script(BLOCKED)
    page.goto(server)
    page.wait_for_function(f"{PLAYER} && {PLAYER}.stops.length > 0")
    page.fill("#prompt textarea", "Hello")
    page.fill("#field-max_new_tokens input", "8")
    page.click("#run")
    page.wait_for_function("document.querySelector('#status').innerText.includes('passes')")
    assert said == []
    page.close()


@pytest.mark.parametrize(("width", "scale"), [(640, 2), (390, 1)])
def test_a_long_word_and_a_zoomed_browser_push_nothing_out(width, scale, server, open_page):
    page = open_page(server, width=width, device_scale_factor=scale)
    page.page.fill("#prompt textarea", "x" * 900)
    page.page.fill("#field-max_new_tokens input", "8")
    page.page.click("#run")
    page.until("document.querySelector('#status').innerText.includes('passes')")
    assert page.js("document.querySelector('.o-prompt').textContent.includes('x'.repeat(900))")
    assert page.js("document.documentElement.scrollWidth") <= width


def test_rich_text_is_pasted_as_text(server, open_page):
    page = open_page(server)
    page.page.fill("#prompt textarea", "")
    page.page.locator("#prompt textarea").focus()
    page.js("""(() => {
      const data = new DataTransfer();
      data.setData('text/html', '<b onclick="window.hit = 1">bold</b><img src="https://example.org/x.png">');
      data.setData('text/plain', 'bold');
      const area = document.querySelector('#prompt textarea');
      if (area.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})))
        document.execCommand('insertText', false, data.getData('text/plain'));
    })()""")
    assert page.page.locator("#prompt textarea").input_value() == "bold"
    assert page.js("document.querySelectorAll('#prompt img, #prompt b').length") == 0


def test_back_and_forward_and_a_second_tab_give_a_page_that_runs(server, open_page):
    page, other = open_page(server), open_page(server)
    page.page.goto("about:blank")
    page.page.go_back()
    page.until(f"{PLAYER} && {PLAYER}.stops.length > 0")
    for each in (page, other):
        each.page.fill("#prompt textarea", "Hello")
        each.page.fill("#field-max_new_tokens input", "8")
        each.page.click("#run")
    for each in (page, other):
        each.until("document.querySelector('#status').innerText.includes('passes')")
        each.until(f"{PLAYER}.live && {PLAYER}.ended")
    assert page.js(f"{PLAYER}.run") != other.js(f"{PLAYER}.run")


def test_forced_colours_show_what_is_chosen_and_keep_run_readable(server, open_page):
    from PIL import Image

    page = open_page(server, forced_colors="active")
    assert page.js("matchMedia('(forced-colors: active)').matches")
    page.page.locator("#advanced button").first.click()

    def picture(part: str):
        return Image.open(io.BytesIO(page.page.locator(part).first.screenshot())).convert("L")

    chosen, other = (picture(f"#field-coupling input[type=radio]{state}") for state in (":checked", ":not(:checked)"))
    assert sum(map(abs, (a - b for a, b in zip(chosen.tobytes(), other.tobytes(), strict=False)))) > 1000
    darkest, lightest = picture("#run").getextrema()
    assert lightest - darkest > 150
