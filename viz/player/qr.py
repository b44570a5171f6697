"""QR codes of addresses, by segno, which the page's requirements install; the browser draws the rows."""

from __future__ import annotations

LONGEST = 1000  # characters of an address that becomes a code: more would be too fine for a camera


def rows(text: str) -> list[str]:
    """A code's rows of "0" and "1", without the white around it; [] for a text that is too long, or without segno."""
    try:
        import segno
    except ImportError:
        return []
    if not 0 < len(text) <= LONGEST:
        return []
    code = segno.make(text, error="m", micro=False)
    return ["".join(map(str, row)) for row in code.matrix]
