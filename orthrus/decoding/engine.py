"""The decoder: one prompt through the Orthrus lane, the AR lane, or both, as a stream of events.

for event in decode(lm, "Solve 3x + 5 = 20."): ...

Each cycle of the Orthrus lane costs two passes: the diffusion view drafts a block, the AR view verifies it. The text
is the AR view's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Event as Flag

from orthrus.checkpoints.loading import LoadedModel
from orthrus.config import DecodeConfig
from orthrus.config.messages import Messages
from orthrus.decoding.autoregressive import AutoregressiveLane
from orthrus.decoding.compare import compare
from orthrus.decoding.draft_verify import DraftVerifyLane
from orthrus.decoding.logit_stats import RowLog
from orthrus.decoding.one_pass import OnePassLane
from orthrus.decoding.request import Request, make_request
from orthrus.decoding.run_info import run_start
from orthrus.decoding.telemetry import one_torch_thread
from orthrus.events import Event


def decode(
    lm: LoadedModel, prompt: str | Messages, config: DecodeConfig | None = None, cancel: Flag | None = None
) -> Iterator[Event]:
    """Decode one prompt: run_start, prefill, then a draft and a verdict per cycle, then done.

    `cancel` is checked between passes; a cancelled run still ends with done. Raises OrthrusError before the first
    event for a prompt or limit that does not fit (see `request.make_request`).
    """
    return _alone(make_request(lm, prompt, config or DecodeConfig(), cancel), "orthrus")


def decode_ar(
    lm: LoadedModel, prompt: str | Messages, config: DecodeConfig | None = None, cancel: Flag | None = None
) -> Iterator[Event]:
    """Decode one prompt token by token: run_start, ar_chunk events, done. Raises OrthrusError as `decode` does."""
    return _alone(make_request(lm, prompt, config or DecodeConfig(), cancel), "ar")


def run_both(
    lm: LoadedModel, prompt: str | Messages, config: DecodeConfig | None = None, cancel: Flag | None = None
) -> Iterator[Event]:
    """The Orthrus lane, then the AR lane (measured alone), then the lossless event; one gapless stream, done last.

    Under rejection sampling there is no lossless event: the texts are equal in distribution, which one pair of texts
    cannot show. Raises OrthrusError as `decode` does.
    """
    return _both(make_request(lm, prompt, config or DecodeConfig(), cancel, RowLog()))


def _alone(request: Request, name: str) -> Iterator[Event]:
    yield from run_start(request, (name,))
    lane = orthrus_lane(request) if name == "orthrus" else ar_lane(request)
    yield from _decoded(request, lane)
    yield lane.done()


def _both(request: Request) -> Iterator[Event]:
    yield from run_start(request, ("orthrus", "ar"))
    ours = orthrus_lane(request)
    yield from _decoded(request, ours)
    if ours.stop != "cancel" and not request.cancelled():
        single = replace(request, rows=RowLog())
        theirs = ar_lane(single)
        yield from _decoded(single, theirs)
        if theirs.stop != "cancel" and request.config.same_text:
            yield from compare(request, single, ours.token_ids, theirs.token_ids)
    yield ours.done()


def _decoded(request: Request, lane: DraftVerifyLane | AutoregressiveLane) -> Iterator[Event]:
    """The lane's events. While the compiled engine decodes, PyTorch keeps to one thread.

    Its threads spin after an operation, and the next pass wants their cores: on two, sampled stories took 1.4 times as
    long with two threads of PyTorch's.
    """
    events = lane.events()
    if request.lm.engine != "numba":
        yield from events
        return
    while True:
        with one_torch_thread():  # not while the event is consumed, which may be anybody's code
            event = next(events, None)
        if event is None:
            return
        yield event


def orthrus_lane(request: Request) -> DraftVerifyLane:
    """The Orthrus lane: captured cycles if the model runs on them, else passes called one by one."""
    if request.captured:
        from orthrus.decoding.graph_draft_verify import GraphDraftVerifyLane  # start-up time: only a GPU needs it

        return GraphDraftVerifyLane(request)
    if request.config.draft == "one-pass":
        return OnePassLane(request)
    return DraftVerifyLane(request)


def ar_lane(request: Request) -> AutoregressiveLane:
    """The AR lane: captured steps if the model runs on them, else passes called one by one."""
    if request.captured:
        from orthrus.decoding.graph_autoregressive import GraphAutoregressiveLane  # start-up time: only a GPU needs it

        return GraphAutoregressiveLane(request)
    return AutoregressiveLane(request)
