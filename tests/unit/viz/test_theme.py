"""The palettes: how far apart their colours stay for every kind of eye, and how well they stand out from the page."""

import re

import numpy as np
import pytest

from tests.unit.viz.test_views import contrast
from viz import theme
from viz.player import frames

# severe colour vision deficiency in linear RGB (Machado, Oliveira, Fernandes 2009)
EYES = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
AUTHORS = ("accepted", "refused", "ar", "draft", "discarded")


def lab(colour: str, eye: str) -> np.ndarray:
    """CIELAB under D65 of '#rrggbb' as that eye sees it."""
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    x = np.array(XYZ) @ np.clip(np.array(EYES[eye]) @ linear, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one: np.ndarray, two: np.ndarray) -> float:
    """CIEDE2000."""
    chroma = (np.hypot(*one[1:]) + np.hypot(*two[1:])) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25**7))
    (c1, h1), (c2, h2) = (
        (np.hypot(a * stretch, b), np.degrees(np.arctan2(b, a * stretch)) % 360) for _, a, b in (one, two)
    )
    turn = (h2 - h1 + 180) % 360 - 180
    hue, c, light = np.radians(h1 + turn / 2), (c1 + c2) / 2, (one[0] + two[0]) / 2
    t = 1 - 0.17 * np.cos(hue - np.radians(30)) + 0.24 * np.cos(2 * hue) + 0.32 * np.cos(3 * hue + np.radians(6))
    t -= 0.2 * np.cos(4 * hue - np.radians(63))
    d_light = (two[0] - one[0]) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    d_chroma = (c2 - c1) / (1 + 0.045 * c)
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * c * t)
    bend = 60 * np.exp(-(((np.degrees(hue) % 360 - 275) / 25) ** 2))
    mixed = -2 * np.sqrt(c**7 / (c**7 + 25**7)) * np.sin(np.radians(bend)) * d_chroma * d_hue
    return float(np.sqrt(d_light**2 + d_chroma**2 + d_hue**2 + mixed))


def closest(palette: dict[str, str]) -> float:
    """The smallest difference between two authors' colours, over all eyes."""
    pairs = [(a, b) for i, a in enumerate(AUTHORS) for b in AUTHORS[:i]]
    return min(difference(lab(palette[a], eye), lab(palette[b], eye)) for a, b in pairs for eye in EYES)


def test_the_difference_is_ciede2000():
    # a pair of the standard's own test data (Sharma, Wu, Dalal 2005)
    assert difference(np.array([50, 2.6772, -79.7751]), np.array([50, 0, -82.7485])) == pytest.approx(2.0425, abs=1e-4)


@pytest.mark.parametrize("mode", theme.PALETTES)
def test_no_eye_takes_one_author_for_another(mode):
    assert closest(theme.PALETTES[mode]) >= 19.5
    assert closest(theme.CONTRAST[mode]) >= 16.0
    red_green = {**theme.PALETTES[mode], "refused": "#B05030", "accepted": "#5A8030"}
    assert closest(red_green) < 12, "a palette of red and green would be found"


@pytest.mark.parametrize("mode", theme.PALETTES)
def test_high_contrast_is_high(mode):
    palette = theme.CONTRAST[mode]
    assert set(palette) == set(theme.PALETTES[mode])
    for background in ("page", "card"):
        assert all(contrast(palette[name], palette[background]) >= 4.5 for name in AUTHORS)
        assert all(contrast(palette[name], palette[background]) >= 7 for name in ("ink", "soft"))
        assert contrast(palette["line"], palette[background]) >= 3


def test_the_stylesheet_holds_both_and_answers_to_both_wishes():
    css = frames.stylesheet()
    plain, more = css.split("@media (prefers-contrast: more), (forced-colors: active)")[:2]
    for mode in theme.PALETTES:
        assert f"--o-accepted:{theme.PALETTES[mode]['accepted']};" in plain
        assert f"--o-accepted:{theme.CONTRAST[mode]['accepted']};" in more
    assert re.search(r"prefers-reduced-motion: reduce", css)
