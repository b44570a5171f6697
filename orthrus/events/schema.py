"""The event schema: what happened in one run, as frozen records of plain Python values.

One schema serves live, recorded and exported runs (`orthrus.events.codec` serialises them). Shapes use
N = n_draft, block = N + 1, A = kept alternatives, P = prompt length. Log-probs are natural, written with
`log_probs`; times are milliseconds.
A field with a detail level is None (and absent from the JSON) if the event's detail is lower.
"""

# ruff: noqa: RUF009 - `of` returns dataclasses.field(...), which is what a default may be
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from orthrus.events.fields import of, one_of

SCHEMA_VERSION = 1
LOG_PROB_FLOOR = -30.0

Ints = tuple[int, ...]
Floats = tuple[float, ...]
NextKind = Literal["correction", "bonus", "resample", "none"]
TextEnd = Literal["eos", "length"]  # what ends a text
DraftShape = Literal["chain", "tree", "lookup", "one-pass"]
RunEnd = Literal["eos", "length", "capacity", "cancel"]  # what ends a run


def log_probs(values: Any) -> tuple:
    """A (nested) list of floats -> the same as tuples, with 3 decimals, clamped to -30 .. 0.

    Raises ValueError if one is NaN. It avoids `round`, which goes through decimal digits: for the four rows of
    numbers of a cycle that took 60 microseconds more.
    """
    if values and isinstance(values[0], (list, tuple)):
        return tuple(log_probs(row) for row in values)
    try:
        low = LOG_PROB_FLOOR
        return tuple([0.0 if x >= 0 else low if x < low else -int(0.5 - 1e3 * x) / 1e3 for x in values])
    except ValueError:
        raise ValueError("a log-probability is NaN") from None


def _lp(*shape: str, **more: Any) -> Any:
    return of(float, *shape, low=LOG_PROB_FLOOR, high=0.0, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    id: str = of(str)
    revision: str = of(str)
    dtype: str = of(str)
    attn_impl: str = of(str)
    mode: Literal["fast", "exact"] = one_of("fast", "exact")
    trained_frac: float = of(float, high=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    device: str = of(str)
    kind: str = of(str)
    threads: int = of(int)
    torch: str = of(str)
    transformers: str = of(str)
    app: str = of(str)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    block: int = of(int, low=1, high=256)
    layers: int = of(int)
    heads: int = of(int)
    kv_heads: int = of(int)
    head_dim: int = of(int)
    vocab: int = of(int)
    mask_id: int = of(int)
    eos_ids: Ints = of(int, "*")
    hidden: int | None = of(int, low=1, detail=0, always=False)  # these two are absent in older recordings
    intermediate: int | None = of(int, low=1, detail=0, always=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    mode: Literal["greedy", "sample"] = one_of("greedy", "sample")
    coupling: Literal["gumbel", "rejection"] | None = one_of("gumbel", "rejection", null=True)
    temperature: float = of(float)
    top_k: int | None = of(int, null=True)
    top_p: float | None = of(float, high=1, null=True)
    seed: int | None = of(int, null=True)
    max_new_tokens: int = of(int, low=1)
    thinking: bool = of(bool)
    detail: int = of(int, low=-1)
    n_alt: int = of(int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    role: str = of(str)
    content: str = of(str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    messages: tuple[Message, ...] = of(Message, "*")
    ids: Ints = of(int, "*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyph:
    """One vocabulary entry: its text, or None if its bytes are not complete text, and its bytes in hex."""

    s: str | None = of(str, null=True)
    b: str = of(str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kv:
    """KV-cache rows in one verify pass: before = pos0, cropped = written - kept."""

    before: int = of(int)
    written: int = of(int)
    kept: int = of(int)
    cropped: int = of(int)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopLogit:
    id: int = of(int)
    logit: float = of(float, low=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The envelope: schema version, run id, gapless number from 0, ms since the run began (never used for pacing)."""

    type: ClassVar[str] = ""
    v: int = of(int, low=1)
    run: str = of(str)
    seq: int = of(int)
    t: float = of(float)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStart(Event):
    type: ClassVar[str] = "run_start"
    source: Literal["live", "recorded", "whatif"] = one_of("live", "recorded", "whatif")
    model: Model = of(Model)
    host: Host = of(Host)
    config: ModelShape = of(ModelShape)
    params: Params = of(Params)
    prompt: Prompt = of(Prompt)
    kv_bytes_per_token: int = of(int)
    lanes: tuple[str, ...] = of(str, "*", choices=("orthrus", "ar"))  # in the order they were measured
    recorded_at: str = of(str)  # ISO 8601, UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece(Event):
    """Texts of ids about to be used for the first time."""

    type: ClassVar[str] = "piece"
    items: Mapping[int, Glyph] = of(Glyph, keyed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefill(Event):
    """The prompt is in the cache and the AR view chose the first token (which may already be EOS)."""

    type: ClassVar[str] = "prefill"
    ms: float = of(float)
    first_id: int = of(int)
    p_gap: float = of(float)
    kv_len: int = of(int)
    p_H: float | None = of(float, detail=1)
    p_top_ids: Ints | None = of(int, "A", detail=1)
    p_top_lp: Floats | None = _lp("A", detail=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Event):
    """A block is proposed. Slot 0 is the anchor; slot s holds draft_ids[s - 1].

    The chain comes from the diffusion view's pass, or without a pass from prompt and text (shape lookup). A tree has
    branches beside it, R of them: rows of the verify pass behind the block, parents before children. A parent is the
    number of a row. Shape one-pass is a chain with `lanes`: slots of the block at which the verify pass drafts on, for
    the case that the text is cut there; its own draft may come from such a lane. In traces without a shape every draft
    is a chain.
    """

    type: ClassVar[str] = "draft"
    detail: int = of(int, low=-1)
    cycle: int = of(int)
    pos0: int = of(int)
    anchor_id: int = of(int)
    block: int = of(int, low=1)
    n_draft: int = of(int)
    draft_ids: Ints = of(int, "N")
    t_start_ms: float = of(float)
    t_draft_ms: float = of(float)
    q_lp: Floats | None = _lp("N", detail=0)
    q_H: Floats | None = of(float, "N", detail=1)
    q_top_ids: tuple[Ints, ...] | None = of(int, "N", "A", detail=1)
    q_top_lp: tuple[Floats, ...] | None = _lp("N", "A", detail=1)
    q_f: Floats | None = _lp("N", detail=0, always=False)
    shape: DraftShape | None = of(str, choices=("chain", "tree", "lookup", "one-pass"), detail=-1, always=False)
    branch_ids: Ints | None = of(int, "R", detail=-1, always=False)
    branch_parents: Ints | None = of(int, "R", detail=-1, always=False)
    drafted_rows: int | None = of(int, detail=-1, always=False)  # of a tree, whose chain may be cut; 0: of a lane
    lanes: Ints | None = of(int, "*", detail=-1, always=False)

    @property
    def drafter(self) -> str:
        """Its shape; "plain" if nothing is proposed, which makes the cycle a plain step."""
        return (self.shape or "chain") if self.n_draft else "plain"

    @property
    def pass_rows(self) -> int:
        """Rows of the diffusion view's pass; 0 if none was made: nothing is proposed, or it was found, or a lane's."""
        if not self.n_draft or self.shape == "lookup":
            return 0
        return self.block if self.drafted_rows is None else self.drafted_rows

    @property
    def branch_depths(self) -> Ints:
        """How many slots behind the anchor each branch stands."""
        depths = list(range(self.block))
        for parent in self.branch_parents or ():
            depths.append(depths[parent] + 1)
        return tuple(depths[self.block :])


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Event):
    """The AR view has judged one draft; n_commit tokens were appended to the text.

    n_accept counts the chain. `path` has the rows of the branches that were accepted behind it. `lane_ids` are
    the first guesses of the draft's lanes, `lane` the one that stood at the cut and guessed the next token: the next
    draft is made already.
    """

    type: ClassVar[str] = "verdict"
    detail: int = of(int, low=-1)
    cycle: int = of(int)
    ar_ids: Ints = of(int, "block")
    n_accept: int = of(int)
    n_commit: int = of(int)
    next_id: int | None = of(int, null=True)
    next_kind: NextKind = one_of("correction", "bonus", "resample", "none")
    stop: TextEnd | None = one_of("eos", "length", null=True)
    t_verify_ms: float = of(float)
    t_judge_ms: float = of(float)
    t_instr_ms: float = of(float)
    t_host_gap_ms: float = of(float)
    kv: Kv = of(Kv)
    p_lp_draft: Floats | None = _lp("N", detail=0)
    p_lp_ar: Floats | None = _lp("block", detail=0)
    p_gap: Floats | None = of(float, "block", detail=0)
    p_H: Floats | None = of(float, "block", detail=1)
    rank_p_of_draft: Ints | None = of(int, "N", low=-1, detail=1)  # 0 = top, -1 = beyond 999
    rank_q_of_ar: Ints | None = of(int, "N", low=-1, detail=1)
    overlap: Floats | None = of(float, "N", high=1, detail=1)
    p_top_ids: tuple[Ints, ...] | None = of(int, "block", "A", detail=1)
    p_top_lp: tuple[Floats, ...] | None = _lp("block", "A", detail=1)
    p_f: Floats | None = _lp("N", detail=0, always=False)
    accept_p: Floats | None = of(float, "N", high=1, detail=0, always=False)
    u: Floats | None = of(float, "*", high=1, detail=0, always=False)  # exactly the judged entries
    residual_top_ids: Ints | None = of(int, "*", detail=1, always=False)
    residual_top_p: Floats | None = of(float, "*", high=1, detail=1, always=False)
    residual_mass: float | None = of(float, high=1, detail=1, always=False)
    branch_ar_ids: Ints | None = of(int, "R", detail=-1, always=False)
    path: Ints | None = of(int, "*", low=1, detail=-1, always=False)
    lane_ids: Ints | None = of(int, "*", detail=-1, always=False)
    lane: int | None = of(int, detail=-1, always=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArChunk(Event):
    """The AR lane wrote m tokens one at a time: ids[k] is generated token i0 + k, done at t_ms[k] on its own clock."""

    type: ClassVar[str] = "ar_chunk"
    i0: int = of(int)
    ids: Ints = of(int, "m")
    t_ms: Floats = of(float, "m")
    gap: Floats = of(float, "m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lossless(Event):
    """Both lanes were compared: `identical` leading tokens agree of n_compared; rows are logit rows, bit for bit."""

    type: ClassVar[str] = "lossless"
    n_compared: int = of(int)
    identical: int = of(int)
    rows_compared: int = of(int)
    rows_equal: int = of(int)
    first_div: int | None = of(int, null=True)
    block_top3: tuple[TopLogit, ...] = of(TopLogit, "*")  # empty without a divergence
    single_top3: tuple[TopLogit, ...] = of(TopLogit, "*")
    gap_block: float | None = of(float, null=True)
    gap_single: float | None = of(float, null=True)
    verdict: Literal["identical", "near_tie", "mismatch"] = one_of("identical", "near_tie", "mismatch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Event):
    """The run is over; always the last event. Times are sums in ms, t_decode without prefill and instruments."""

    type: ClassVar[str] = "done"
    stop: RunEnd = one_of("eos", "length", "capacity", "cancel")
    n_tokens: int = of(int)
    cycles: int = of(int)
    passes_draft: int = of(int)
    passes_verify: int = of(int)
    t_prefill: float = of(float)
    t_decode: float = of(float)
    t_instr: float = of(float)
    text_sha256: str = of(str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired(Event):
    """An event of a kind that only earlier versions knew, so that their traces still load; its facts are dropped."""

    type: ClassVar[str] = "retired"
    kind: str = of(str)


EVENTS: dict[str, type[Event]] = {
    kind.type: kind for kind in (RunStart, Piece, Prefill, Draft, Verdict, ArChunk, Lossless, Done, Retired)
}
RETIRED = ("attn", "whatif", "status", "error")
