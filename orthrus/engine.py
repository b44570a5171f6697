"""Compatibility alias of `orthrus.decoding.engine`."""

from orthrus.decoding.engine import decode as decode
from orthrus.decoding.engine import decode_ar as decode_ar
from orthrus.decoding.engine import run_both as run_both
