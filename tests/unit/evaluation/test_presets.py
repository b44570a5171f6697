"""What a visitor's first clicks are answered: right, but for the one prompt that shows what is too hard."""

from __future__ import annotations

import pytest

from orthrus.checkpoints.loading import load_model
from orthrus.config import EMBEDDED_MODEL, DecodeConfig
from orthrus.corpus import DOMAINS, domain_module, grade
from orthrus.corpus.base import Example
from orthrus.decoding.engine import decode_ar
from orthrus.trace import Trace

LINE = "The quick robot painted the yellow bridge."
RIGHT = {
    "math": ("16", "30", "38"),
    "equations": ("5", "61", "7"),
    "lists": ("62", "apple, fish, moon, tree", "53", "7, 8, 19, 33, 42"),
    "units": ("200 minutes", "4:05", "7000 meters"),
    "copy": ("The small robot found the golden key.", "\n".join([LINE] * 5), f"{', '.join(map(str, range(12, 41)))}."),
    "edit": (
        "Tom painted the old boat on Sunday. Tom liked the quiet lake.",
        "1. buy bread\n2. call Nora\n3. wash the car\n4. feed the cat",
        "- red apples\n- green tea\n- warm bread",
    ),
}
TOO_HARD = {("lists", 3)}


@pytest.fixture(scope="module")
def mini():
    return load_model(str(EMBEDDED_MODEL), "cpu", threads=1)


@pytest.mark.parametrize("domain", [domain for domain in DOMAINS if domain in RIGHT])
def test_the_prompts_on_offer_are_answered_right(mini, domain):
    for place, (prompt, expected) in enumerate(zip(domain_module(domain).PRESETS, RIGHT[domain], strict=True)):
        run = Trace.of(decode_ar(mini, prompt, DecodeConfig(256, detail=-1)))
        text = run.data(run.ar_ids).decode().removesuffix("<|im_end|>")
        asked = Example(domain, "preset", (("user", prompt), ("assistant", expected)), expected)
        assert grade(asked, text) is ((domain, place) not in TOO_HARD), text
