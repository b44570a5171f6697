"""How fast the page answers its visitor's hands: from the input's own time stamp to the next frame on the screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

PATIENCE_S = 180
STILL = "(() => { const P = orthrusPlayer; P.tour.end(); P.quiz.toggle(false); P.head.pause(); P.head.seek(0); })()"
ASK = """(() => {
  const P = orthrusPlayer, quiz = P.quiz;
  if (quiz.on) quiz.forward(P.at + 1); else quiz.toggle(true);
  if (quiz.asked >= 0) return;
  quiz.toggle(false); P.head.seek(0); quiz.toggle(true); // from the beginning again
})()"""
LISTEN = """() => {  // from the input's own time stamp to the frame that answers it, and to the last one it causes
  window.answers = [];
  // a frame is done when a message that was sent in it arrives, or when the next one begins
  const after = (act) => requestAnimationFrame(() => {
    let done = false;
    const once = () => done || ((done = true), act());
    const channel = new MessageChannel();
    channel.port1.onmessage = once;
    channel.port2.postMessage(0);
    requestAnimationFrame(once);
  });
  const heard = (event) => {
    if (!window.timed || event.type !== window.timed) return;
    const t0 = event.timeStamp, answer = {};
    window.timed = null;
    after(() => {
      answer.next = performance.now() - t0;
      const settle = () => {
        if (orthrusPlayer.awake) return after(settle);
        answer.settled = performance.now() - t0;
        answers.push(answer);
      };
      settle();
    });
  };
  for (const kind of ["keydown", "click", "input", "change"]) document.addEventListener(kind, heard, true);
}"""


def patiently(true: Callable[[], Any], otherwise: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > until:
            raise RuntimeError(otherwise)
        time.sleep(0.05)


def rest(page: Any) -> None:
    """Wait until the player draws nothing any more."""
    patiently(lambda: not page.evaluate("orthrusPlayer.awake"), "the page never came to rest")


def acts(page: Any) -> dict[str, tuple[str, Callable[[int], Any]]]:
    """Name -> (the event that is timed, what causes it the i-th time)."""
    key, track = page.keyboard.press, page.locator(".o-range")
    levels, charts = page.locator(".o-captions .o-choice button"), page.locator(".o-statistics > .o-choice button")
    width = track.bounding_box()["width"]
    return {
        "step": ("keydown", lambda i: key("ArrowRight")),
        "scrub": ("input", lambda i: track.click(position={"x": width * (0.1 + 0.17 * (i % 5)), "y": 9})),
        "speed": ("keydown", lambda i: key("]" if i % 2 else "[")),
        "quiz answer": ("keydown", lambda i: key("*")),
        "caption level": ("click", lambda i: levels.nth((i + 1) % 3).click()),
        "chart tab": ("click", lambda i: charts.nth((i + 1) % 3).click()),
    }


def answered(page: Any, times: int) -> dict[str, dict[str, float]]:
    """Every act `times` times: milliseconds to the next frame, and until the last chart is redrawn."""
    page.evaluate(LISTEN)
    found = {}
    for name, (kind, act) in acts(page).items():
        page.evaluate(STILL)
        page.mouse.click(2, 2)  # the focus goes to the page
        page.evaluate("window.answers = []")
        for i in range(times):
            if name == "quiz answer":
                page.evaluate(ASK)
            rest(page)
            page.evaluate(f"window.timed = {kind!r}")
            act(i)
            patiently(lambda n=i: page.evaluate(f"window.answers.length > {n}"), f"nothing answered to: {name}")
        told = page.evaluate("window.answers")
        soon = [answer["next"] for answer in told]
        settled = median(answer["settled"] for answer in told)
        found[name] = {
            "n": times,
            "p50_ms": median(soon),
            "p95_ms": quantiles(soon, n=20, method="inclusive")[18],
            "settled_ms": settled,
        }
    return found
