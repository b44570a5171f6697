"""The server's own sentences in the page's language: what the decoder and the server really say is recognised."""

import pytest

from orthrus import checks
from orthrus.config import DecodeConfig
from orthrus.config.messages import turns_of
from orthrus.errors import OrthrusError
from orthrus.server import run_manager
from orthrus.server.classes import Classes
from orthrus.server.limits import Limits, Rate
from orthrus.server.queue import FairQueue
from orthrus.server.updates import sentence
from viz import language
from viz.page.server_words import clause, translated


@pytest.fixture
def turned(monkeypatch):
    """A language whose messages are the key and the fields."""
    english = language.own("en")
    keyed = {
        key: " ".join([key, *(f"{{{name}}}" for name in language.FIELD.findall(str(text)))])
        for key, text in english.items()
    }
    monkeypatch.setattr(language, "messages", lambda now: english if now == "en" else keyed)
    with language.speaking("nl"):
        yield


def raised(act) -> OrthrusError:
    with pytest.raises(OrthrusError) as found:
        act()
    return found.value


def joined(**limits):
    queue = FairQueue(Limits(**limits))
    queue.join("a", "here")
    queue.join("b" if "waiting" in limits or "runs_per_address" in limits else "a", "here")


def rated(who):
    rate = Rate(1, who)
    rate.take("k")
    rate.take("k")


def taken():
    classes = Classes(Limits())
    classes.open("BCDFGH", "here")
    classes.open("BCDFGH", "here")


RAISED = {
    "error.prompt-empty.one": lambda: turns_of(" "),
    "error.prompt-too-long.page 9 4": lambda: Limits(prompt_chars=4).check_prompt("too long!"),
    "error.too-many-tokens.page form.max_new_tokens.label 9 4": lambda: Limits(new_tokens=4).check_tokens(9),
    "error.wrong-type.number form.temperature.label 'warm'": lambda: checks.numeral("temperature", "warm"),
    "error.wrong-type.whole form.top_k.label 1.5": lambda: DecodeConfig(top_k=1.5),
    "error.two-readings.one form.max_new_tokens.label '1,000'": lambda: checks.numeral("max_new_tokens", "1,000"),
    "error.out-of-range.between form.seed.label -1 0 2147483647": lambda: checks.whole("seed", -1, 0, 2**31 - 1),
    "error.out-of-range.least form.block_size.label 0 1": lambda: DecodeConfig(block_size=0),
    "error.out-of-range.temperature form.temperature.label 900 0.01 100": lambda: DecodeConfig(temperature=900),
    "error.out-of-range.share form.top_p.label 7": lambda: DecodeConfig(top_p=7),
    "error.unknown-choice.one form.draft.label 'x' a, b": lambda: checks.one_of("draft", "x", ("a", "b")),
    "error.half-character.one prompt": lambda: checks.text("prompt", "\ud800"),
    "error.chain-only.one tree": lambda: DecodeConfig(temperature=1, coupling="rejection", draft="tree"),
    "error.too-many-runs.yours 1 1": lambda: joined(runs_per_visitor=1),
    "error.too-many-runs.address 1 1": lambda: joined(runs_per_address=1),
    "error.queue-full.one 1 1": lambda: joined(waiting=1),
    "error.too-many-runs.minute 1 1 60": lambda: rated("you"),
    "error.too-many-runs.address-minute 1 1 60": lambda: rated("visitors of your address"),
    "error.class-taken.one BCDFGH": taken,
    "error.class-unknown.one 'BCDFGH'": lambda: Classes(Limits()).room("BCDFGH"),
}


@pytest.mark.parametrize("wanted", RAISED)
def test_an_error_is_said_with_its_values(turned, wanted):
    error = raised(RAISED[wanted])
    assert translated(str(error), error.code) == wanted
    assert translated(sentence(str(error)), error.code) == wanted


@pytest.mark.parametrize("said", [run_manager.LOADING, run_manager.RESTART])
def test_what_the_server_says_of_itself_is_a_message(turned, said):
    assert translated(said).startswith("server.")


def test_a_reason_within_a_sentence_is_said_too_and_what_nobody_knows_stays(turned):
    assert translated("The race was stopped: a run may take 120 s here.") == "server.race-stopped server.overtime 120"
    assert translated("Something else happened.", "other-code") == "Something else happened."
    assert clause("a run may take 9 s here") == "server.overtime 9"
    with language.speaking("en"):
        assert clause("a run may take 9 s here") == "a run may take 9 s here."
        assert translated("the prompt is empty; write at least one word", "prompt-empty").startswith("the prompt")


def test_a_value_may_hold_anything(turned):
    error = raised(lambda: checks.numeral("temperature", "x, it must be 0 {n} (.*)"))
    assert (
        translated(str(error), error.code)
        == f"error.wrong-type.number form.temperature.label {checks.say('x, it must be 0 {n} (.*)')}"
    )
