"""Frames a second: while a recorded run plays, and while events stream in faster than they ever do."""

from __future__ import annotations

import json
from statistics import mean, median, quantiles
from typing import Any

from orthrus.trace import Trace
from viz.player import frames as player

RATE, A_MESSAGE = 60, 2  # events a second, events a message
PLAY = """async () => {
  const P = orthrusPlayer, gaps = [];
  P.head.pause(), P.head.seek(0), P.head.toggle();
  let last;
  await new Promise((done) => {
    const loop = (time) => {
      if (last) gaps.push(time - last);
      last = time;
      if (P.head.playing && gaps.length < 900) requestAnimationFrame(loop); else done();
    };
    requestAnimationFrame(loop);
  });
  P.head.pause();
  return gaps;
}"""
STREAM = """async ({messages, every}) => {
  const P = orthrusPlayer, gaps = [], seqs = [];
  let last, on = true;
  const loop = (time) => { if (last) gaps.push(time - last); last = time; if (on) requestAnimationFrame(loop); };
  requestAnimationFrame(loop);
  const began = performance.now();
  for (let i = 0; i < messages.length; i++) {
    const rest = began + i * every - performance.now();
    await new Promise((done) => setTimeout(done, Math.max(0, rest)));
    P.feed(JSON.parse(messages[i]));
    seqs.push(P.seq);
  }
  const ms = performance.now() - began;
  on = false;
  return {gaps, ms, seqs, stops: P.stops.length};
}"""


def told(gaps: list[float]) -> dict[str, float]:
    """Frames a second and the gaps between frames, in ms."""
    cut = quantiles(gaps, n=100, method="inclusive")
    return {"fps": 1000 / mean(gaps), "gap_p50_ms": median(gaps), "gap_p99_ms": cut[98], "gap_max_ms": max(gaps)}


def played(page: Any) -> dict[str, Any]:
    """The film of the page's run from its beginning, at the pace that it opens with, 15 s at most."""
    gaps = page.evaluate(PLAY)
    return {"width": page.viewport_size["width"], "frames": len(gaps), **told(gaps)}


def messages(trace: Trace, run: str) -> list[str]:
    """A trace as the messages of a live run, two events each."""
    partial, parts = Trace(), []
    for event in trace.events:
        partial = partial.add(event)
        parts.append(player.frames(event, partial))
    found = []
    for at in range(0, len(parts), A_MESSAGE):
        frames = [frame for part in parts[at : at + A_MESSAGE] for frame in part]
        end = at + A_MESSAGE >= len(parts)
        found.append(player.dumps({"run": run, "seq": len(found), "live": True, "end": end, "frames": frames}))
    return found


def streamed(page: Any, traces: list[Trace], name: str) -> dict[str, Any]:
    """Every trace once, one after the other: frames a second, and what did not arrive."""
    gaps, seconds, events, sent, lost = [], 0.0, 0, 0, 0
    for i, trace in enumerate(traces):
        texts = messages(trace, f"{name}-{i}")
        seen = page.evaluate(STREAM, {"messages": texts, "every": 1000 * A_MESSAGE / RATE})
        stops = sum("p" in frame for text in texts for frame in json.loads(text)["frames"])
        lost += sum(seq != at for at, seq in enumerate(seen["seqs"])) + abs(stops - seen["stops"])
        gaps += seen["gaps"]
        seconds, events, sent = seconds + seen["ms"] / 1e3, events + len(trace.events), sent + len(texts)
    width = page.viewport_size["width"]
    return {"width": width, "events": events, "rate": events / seconds, "messages": sent, "lost": lost, **told(gaps)}
