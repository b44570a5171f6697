"""Frozen configurations, checked once. Standard library only."""

from pathlib import Path

from orthrus.config.decode import COUPLINGS as COUPLINGS
from orthrus.config.decode import DRAFTS as DRAFTS
from orthrus.config.decode import DecodeConfig as DecodeConfig
from orthrus.config.model import ModelConfig as ModelConfig

EMBEDDED_MODEL = Path(__file__).resolve().parents[2] / "assets" / "orthrus-mini"
DTYPES = ("float32", "bfloat16", "float16")
ENGINES = ("auto", "numba", "triton", "torch")
PUBLISHED_MODELS = tuple(f"chiennv/Orthrus-Qwen3-{size}" for size in ("1.7B", "4B", "8B"))
MOST_THREADS = 256  # PyTorch starts all of them: some ten thousand kill the process
