"""What one cycle drafted and judged, and how its events tell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from torch import Tensor

from orthrus.decoding.acceptance import Verification
from orthrus.decoding.draft_tree import Branches
from orthrus.events import Kv
from orthrus.events.schema import DraftShape


class Drafted(NamedTuple):
    """One draft, before its verdict: a chain, and the branches beside it."""

    anchor: int
    before: int  # committed rows of the cache, which is the anchor's position
    ids: Tensor  # [n_draft] int64
    listed: list[int]
    logits: Tensor | None  # [n_draft, vocab]; None if no pass was made
    pass_ms: float
    branches: Branches | None = None
    shape: DraftShape = "chain"
    pass_rows: int = 0  # of the draft pass
    lanes: tuple[int, ...] = ()  # rows of the verify pass at which it drafts on

    @property
    def rows(self) -> int:
        """Rows that the verify pass computes."""
        return 1 + len(self.listed) + (len(self.branches.ids) if self.branches else 0)

    @property
    def deepest(self) -> int:
        """Proposals on the longest path."""
        return self.branches.deepest if self.branches else len(self.listed)

    def fields(self) -> dict[str, Any]:
        """The draft event's fields beyond the statistics."""
        found: dict[str, Any] = {
            "pos0": self.before,
            "anchor_id": self.anchor,
            "block": len(self.listed) + 1,
            "n_draft": len(self.listed),
            "draft_ids": self.listed,
            "t_draft_ms": round(self.pass_ms, 3),
        }
        if self.shape != "chain":
            found["shape"] = self.shape
        if self.branches is not None:
            found |= {"branch_ids": self.branches.ids, "branch_parents": self.branches.parents}
            found["drafted_rows"] = self.pass_rows
        if self.shape == "one-pass":
            found |= {"lanes": self.lanes} | ({} if self.pass_rows else {"drafted_rows": 0})
        return found


class Verified(NamedTuple):
    """One judged block."""

    written: int  # rows of the cache
    logits: Tensor | None  # [rows, vocab]: of the block, then of the branches
    verification: Verification
    pass_ms: float
    judge_ms: float
    lane_ids: tuple[int, ...] = ()  # first guess of each lane
    lane: int | None = None  # that guessed the next token

    def text_rows(self) -> Tensor | None:
        """The rows of the text by position: of the chain as far as it was accepted, then of the branches.

        [at least kept, vocab]; None if the pass's rows were not kept.
        """
        settled = self.verification.settled
        if not settled.path or self.logits is None:
            return self.logits
        return self.logits[[*range(settled.n_accept + 1), *settled.path]]

    def fields(self, drafted: Drafted) -> dict[str, Any]:
        """The verdict event's fields beyond the statistics."""
        settled, choices, block = self.verification.settled, self.verification.listed, len(drafted.listed) + 1
        found: dict[str, Any] = {
            "ar_ids": choices[:block],
            "n_accept": settled.n_accept,
            "n_commit": len(settled.tokens),
            "next_id": settled.next_id,
            "next_kind": settled.next_kind,
            "stop": settled.stop,
            "t_verify_ms": round(self.pass_ms, 3),
            "t_judge_ms": round(self.judge_ms, 3),
            "kv": Kv(
                before=drafted.before, written=self.written, kept=settled.kept, cropped=self.written - settled.kept
            ),
        }
        if drafted.branches is not None:
            found |= {"branch_ar_ids": choices[block:], "path": settled.path}
        if drafted.shape == "one-pass":
            found |= {"lane_ids": self.lane_ids} | ({} if self.lane is None else {"lane": self.lane})
        return found


def drafted_ids(fields: dict[str, Any]) -> list[int]:
    """Every token id in a draft event."""
    return [*fields["draft_ids"], *fields.get("branch_ids", ()), *_flat(fields.get("q_top_ids", ()))]


def judged_ids(fields: dict[str, Any]) -> list[int]:
    """Every token id in a verdict event."""
    own = () if fields["next_id"] is None else (fields["next_id"],)
    judged = *fields["ar_ids"], *fields.get("branch_ar_ids", ()), *fields.get("lane_ids", ()), *own
    return [*judged, *_flat(fields.get("p_top_ids", ())), *fields.get("residual_top_ids", ())]


def _flat(rows: Iterable[Iterable[int]]) -> Iterator[int]:
    return (index for row in rows for index in row)
