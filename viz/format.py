"""Number formatting, shared by all views."""

from __future__ import annotations

NOT_MEASURED = "not measured"


def number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def times(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.2f}×" if value < 10 else f"{value:.1f}×"


def per_second(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:,.0f}"


def milliseconds(value: float) -> str:
    return f"{value:.1f} ms" if value < 100 else f"{value:,.0f} ms" if value < 10_000 else f"{value / 1e3:.1f} s"
