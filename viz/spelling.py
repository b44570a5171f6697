"""Text of tokens that arrive bit by bit: a character split over tokens is shown whole, on its first token."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from orthrus.text import spell

LOOK_BACK = 3  # an unfinished UTF-8 character has at most 3 bytes, so it began at most 3 tokens ago


def respelled(parts: Sequence[bytes], fresh: int) -> tuple[int, list[str]]:
    """Bytes of tokens, the last `fresh` of them new -> (place of the first text that changes, texts from there on).

    Only the last few older tokens are read, so a caller may pass a tail; the place counts from its start.
    """
    old = len(parts) - fresh
    begin = next((at for at in range(max(0, old - LOOK_BACK), old) if _unfinished(parts[at:old])), old)
    texts = [""] * (len(parts) - begin)
    for span in spell(parts[begin:]):
        texts[span.start] = span.text
    return begin, texts


def _unfinished(parts: Sequence[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(b"".join(parts))
    except UnicodeDecodeError:
        return False
    return decoder.getstate()[0] != b""
