"""The form: the command line's defaults and sentences; what runs is said; a badge claims what was compared."""

import json

import pytest

from orthrus.cli import parsed

pytestmark = pytest.mark.ui
PLAYER = "window.orthrusPlayer"
NUMBERS = ("max_new_tokens", "temperature", "seed", "top_k", "top_p", "block_size")
BOX = "input, textarea"


@pytest.fixture
def form(server, open_page):
    """The page with the fold open, and a run as short as it can be."""
    watched = open_page(server)
    watched.page.locator("#advanced button").first.click()
    watched.page.locator("#prompt textarea").fill("Say anything.")
    enter(watched, max_new_tokens=8)
    return watched


def enter(watched, **values):
    """Fill number fields ("" empties one) and pick choices."""
    for name, value in values.items():
        field = watched.page.locator(f"#field-{name}")
        if name in NUMBERS:
            field.locator(BOX).fill(str(value))
            field.locator(BOX).press("Tab")
        else:
            field.get_by_label(value, exact=True).check()


def run(watched) -> str:
    """A whole run; its badges."""
    before = watched.js(f"{PLAYER}.run")
    watched.page.locator("#run").click()
    watched.until(f"{PLAYER}.run !== {before!r} && {PLAYER}.live && {PLAYER}.ended")
    watched.until("document.querySelector('#status').textContent.includes('forward passes')")
    player = "window.orthrusPlayer"
    watched.js(f"void({player}.head.pause(), {player}.head.seek({player}.stops.length - 1))")
    watched.until("!document.querySelector('.o-badges').textContent.includes('compared yet')")
    return watched.text(".o-badges")


def test_the_defaults_are_the_command_lines(server, open_page):
    watched = open_page(server)
    assert not watched.page.locator("#field-seed").is_visible(), "folded away"
    watched.page.locator("#advanced button").first.click()
    given = vars(parsed(["generate", "x"]))
    for name in NUMBERS:
        shown = watched.page.locator(f"#field-{name}").locator(BOX).input_value()
        assert (float(shown) if shown else None) == given[name], name
    for name in ("coupling", "engine"):
        assert watched.page.locator(f"#field-{name} input:checked").input_value() == given[name]
    assert watched.js("document.documentElement.scrollWidth") <= 1280


def test_a_gumbel_run_is_compared_with_plain_sampling_of_its_seed(form):
    enter(form, temperature=0.8, top_k=20, top_p=0.9, seed=7, block_size=4)
    badges = run(form)
    assert "identical 8/8, seed 7" in badges
    assert "sampling at temperature 0.8, top-k 20, top-p 0.9, seed 7, coupling gumbel, block size 4" in form.js(
        "document.querySelector('#stage').textContent"
    )


def test_rejection_is_never_called_identical(form):
    enter(form, temperature=1.1, seed=3, coupling="rejection", engine="torch")
    badges = run(form)
    assert "equal in distribution" in badges and "identical" not in badges
    assert "token is different" not in form.text("#stage")


def test_the_engine_can_be_chosen_and_says_what_holds_here(form):
    form.until("document.querySelector('#about').textContent.includes('Decoding on')")
    said = form.text("#about")
    assert "the compiled CPU engine" in said and "equal in every bit" in said
    enter(form, engine="torch")
    form.page.locator("#run").click()
    form.until(f"{PLAYER}.live && {PLAYER}.ended")
    assert "plain PyTorch" in form.js("document.querySelector('#stage').textContent")


def test_presets_are_ordered_by_ease_and_can_surprise(server, open_page):
    watched = open_page(server)
    watched.until("document.querySelectorAll('.preset').length > 11 && document.querySelector('#frame.formed')")
    labels = watched.js("[...document.querySelectorAll('.preset')].map((chip) => chip.textContent.trim())")
    assert labels[-1] == "surprise me" and len(labels) == 12
    shown = watched.page.locator("#prompt textarea")
    prompts = [shown.input_value()]
    for _ in range(12):
        watched.page.locator("#preset-any").click()
        watched.until(f"document.querySelector('#prompt textarea').value !== {json.dumps(prompts[-1])}")
        prompts.append(shown.input_value())
    assert len(set(prompts)) > 3


def test_a_guess_is_made_before_a_run_and_answered_by_it(form):
    form.page.locator("#guess input").fill("9,5")
    assert form.text("#guess p") == ""
    run(form)
    commits = f"{PLAYER}.stops.filter((stop) => stop.p === 'commit')"
    rate = form.js(f"{commits}.reduce((sum, stop) => sum + stop.w, 0) / {commits}.length")
    assert form.text("#guess p").endswith(f"you said 9.5, it wrote {rate:.1f} tokens per cycle.")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("temperature", -1, "Temperature is -1, it must be 0 or between 0.01 and 100."),
        ("top_k", 2.5, "Top k is 2.5, it must be a whole number."),
        ("block_size", 64, "Block size is 64, this model drafts at most 32."),
        ("max_new_tokens", 0, "Max new tokens is 0, it must be 1 or more."),
    ],
)
def test_a_bad_value_gets_a_sentence_and_nothing_is_lost(form, name, value, sentence):
    enter(form, seed=7, **{name: value})
    before = form.js(f"{PLAYER}.run")
    form.page.locator("#run").click()
    form.until("document.querySelector('#status [role=alert]')")
    assert form.text("#status") == sentence
    assert form.js(f"{PLAYER}.run") == before, "what was shown is still there"
    assert form.page.locator("#prompt textarea").input_value() == "Say anything."
    assert form.page.locator("#field-seed input").input_value() == "7"
    enter(form, **{name: {"max_new_tokens": 8, "temperature": 0}.get(name, "")})
    assert "identical 8/8" in run(form)
