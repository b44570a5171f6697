"""Number formatting, shared by all views: rounded the same in every language, written as the current one does."""

from __future__ import annotations

from viz.language import localized, say


def not_measured() -> str:
    return say("number.unmeasured")


def number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else localized(f"{value:.{digits}f}")


def general(value: float) -> str:
    """As few digits as say it: 0.7, 1."""
    return localized(f"{value:g}")


def grouped(value: float, digits: int = 0) -> str:
    return localized(f"{value:,.{digits}f}")


def percent(share: float, digits: int = 0) -> str:
    """A share of 1 in percent."""
    return say("number.percent", value=localized(f"{100 * share:.{digits}f}"))


def times(value: float | None) -> str:
    return not_measured() if value is None else localized(f"{value:.2f}" if value < 10 else f"{value:.1f}") + "×"


def per_second(value: float | None) -> str:
    return not_measured() if value is None else grouped(value)


def milliseconds(value: float) -> str:
    if value >= 10_000:
        return say("number.seconds", value=number(value / 1e3))
    return say("number.milliseconds", value=number(value) if value < 100 else grouped(value))
