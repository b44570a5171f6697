"""GPU datasheets: memory bandwidth and matrix throughput, and the shared memory one thread block may use.

A floor computed from a datasheet is a bound, not a measurement.
"""

from __future__ import annotations

import re
from typing import NamedTuple

KIB = 1024
SHARED_LIMIT = {  # compute capability -> bytes of shared memory per thread block (CUDA programming guide)
    80: 163 * KIB,
    86: 99 * KIB,
    89: 99 * KIB,
    90: 227 * KIB,
    100: 227 * KIB,
    120: 99 * KIB,
}


class Card(NamedTuple):
    """A datasheet's figures: dense throughput; the SXM module if there are several."""

    name: str
    pattern: str  # substring of the name that the driver reports
    capability: int
    multiprocessors: int
    gigabytes: int
    gb_per_s: float
    bf16_tflops: float
    fp32_tflops: float


CARDS = (
    Card("H200", r"\bH200\b(?! NVL)", 90, 132, 141, 4800, 989, 67),
    Card("H100", r"\bH100 80GB HBM3", 90, 132, 80, 3350, 989, 67),
    Card("A100, 80 GB", r"\bA100-SXM4-80GB", 80, 108, 80, 2039, 312, 19.5),
    Card("RTX PRO 6000 Blackwell", r"\bRTX PRO 6000 Blackwell(?! Max-Q)", 120, 188, 96, 1792, 503.8, 126),
    Card("A10G", r"\bA10G\b", 86, 80, 24, 600, 70, 35),
    Card("RTX 3060", r"\bRTX 3060$", 86, 28, 12, 360, 25.5, 12.7),
)


def card_named(device_name: str) -> Card | None:
    """The card behind a driver's device name; None if it is not listed here."""
    return next((card for card in CARDS if re.search(card.pattern, device_name)), None)
