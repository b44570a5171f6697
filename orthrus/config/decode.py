"""Parameters of one decoding run. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orthrus import checks
from orthrus.errors import OrthrusError

COUPLINGS = ("gumbel", "rejection")
DRAFTS = ("chain", "tree", "lookup", "one-pass", "auto")
MIN_TEMPERATURE = 0.01  # below it logits / temperature exceed float32's precision; 0 is greedy


@dataclass(frozen=True, slots=True)
class DecodeConfig:
    """Parameters of one decoding run. The page's form and the command line take their defaults from here.

    `block_size` None means the model's own. `detail` is the events' level: -1 ids and timings, 0 adds chosen
    log-probabilities, 1 adds distributions of `n_alt` alternatives. If telemetry costs more than `instrument_share` of
    the decoding time, the detail is lowered in mid-run; a share of 1 or more keeps it.

    temperature 0 is greedy; above it tokens are drawn after temperature, then top_k, then top_p (None: no filter).
    `draft` is the drafting policy (`orthrus.decoding.drafter`); `block_size` is the upper limit of auto.

    `seed` and the position decide every draw. `coupling` is how drafts are judged in sampling: gumbel writes the AR
    text of the same seed, rejection accepts a little more and equals AR in distribution only.

    Raises OrthrusError for a field of the wrong type or out of range.
    """

    max_new_tokens: int = 256
    block_size: int | None = None
    detail: int = 0
    n_alt: int = 8
    instrument_share: float = 0.25
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int = 1
    coupling: Literal["gumbel", "rejection"] = "gumbel"
    draft: Literal["chain", "tree", "lookup", "one-pass", "auto"] = "chain"

    @property
    def sampled(self) -> bool:
        return self.temperature > 0

    @property
    def same_text(self) -> bool:
        """Must both lanes write the same ids? Under rejection they are equal in distribution only."""
        return not self.sampled or self.coupling == "gumbel"

    def __post_init__(self) -> None:
        checks.whole("max new tokens", self.max_new_tokens, 1)
        if self.block_size is not None:
            checks.whole("block size", self.block_size, 1)
        checks.whole("detail", self.detail, -1, 1)
        checks.whole("n alt", self.n_alt, 1, 64)
        if not checks.number("instrument share", self.instrument_share) >= 0:
            raise OrthrusError("out-of-range", f"instrument share is {self.instrument_share}, it must be 0 or more")
        t = checks.number("temperature", self.temperature)
        if not (t == 0 or MIN_TEMPERATURE <= t <= 100):
            raise OrthrusError(
                "out-of-range", f"temperature is {checks.say(t)}, it must be 0 or between {MIN_TEMPERATURE} and 100"
            )
        if self.top_k is not None:
            checks.whole("top k", self.top_k, 1)
        if self.top_p is not None and not 0 < checks.number("top p", self.top_p) <= 1:
            raise OrthrusError(
                "out-of-range", f"top p is {checks.say(self.top_p)}, it must lie above 0 and not above 1"
            )
        checks.whole("seed", self.seed, 0, 2**31 - 1)
        checks.one_of("coupling", self.coupling, COUPLINGS)
        checks.one_of("draft", self.draft, DRAFTS)
        if self.draft in ("tree", "lookup", "one-pass") and not self.same_text:
            raise OrthrusError(
                "chain-only", f"draft is {self.draft}, but rejection judges a drafted chain; take coupling gumbel"
            )
