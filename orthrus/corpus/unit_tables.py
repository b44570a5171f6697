"""The pairs of units of the `units` domain."""

from __future__ import annotations

Unit = tuple[str, str, int, str, str]
# big unit, small unit, how many small ones make a big one, short forms
UNITS: tuple[Unit, ...] = (
    ("kilometers", "meters", 1000, "km", "m"),
    ("meters", "centimeters", 100, "m", "cm"),
    ("kilograms", "grams", 1000, "kg", "g"),
    ("liters", "milliliters", 1000, "l", "ml"),
    ("hours", "minutes", 60, "h", "min"),
    ("minutes", "seconds", 60, "min", "s"),
    ("weeks", "days", 7, "", ""),
    ("days", "hours", 24, "", "h"),
    ("dozens", "pieces", 12, "dozen", ""),
    ("euros", "cents", 100, "", "ct"),
    ("centimeters", "millimeters", 10, "cm", "mm"),
    ("years", "months", 12, "", ""),
)
# Further units, so that what is done with one does not hang on which it is.
MORE_UNITS: tuple[Unit, ...] = (
    *UNITS,
    ("tons", "kilograms", 1000, "t", "kg"),
    ("grams", "milligrams", 1000, "g", "mg"),
    ("meters", "millimeters", 1000, "m", "mm"),
    ("meters", "decimeters", 10, "m", "dm"),
    ("decimeters", "centimeters", 10, "dm", "cm"),
    ("liters", "centiliters", 100, "l", "cl"),
    ("hectoliters", "liters", 100, "hl", "l"),
    ("kilobytes", "bytes", 1000, "KB", "B"),
    ("megabytes", "kilobytes", 1000, "MB", "KB"),
    ("dollars", "cents", 100, "", "ct"),
    ("decades", "years", 10, "", ""),
)
