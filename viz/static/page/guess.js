/* A guess before a live run: how many tokens a cycle will write. The answer is the run's own count. No server is asked. */

import { el } from "../player/dom.js";
import { fixed, localized, say } from "../player/messages.js";

/**
 * Tokens per cycle of the playhead's stops; null before the first commit.
 * @param {O.Stop[]} stops
 */
export function perCycle(stops) {
  const commits = stops.filter(({ p }) => p === "commit");
  return commits.length ? commits.reduce((sum, { w }) => sum + w, 0) / commits.length : null;
}

/**
 * What to say of a guess; nothing where there was none.
 * @param {number} guess
 * @param {number | null} truth
 */
export function guessed(guess, truth) {
  if (!(guess > 0) || truth === null) return "";
  const off = Math.abs(guess - truth);
  const values = { guess: localized(String(guess)), truth: fixed(truth, 1) };
  if (off < 0.5) return say("guess.right", values);
  return guess > truth ? say("guess.high", values) : say("guess.low", values);
}

/** @param {HTMLElement} box */
export function mountGuess(box) {
  const label = el("label", "", say("guess.ask") + " ");
  const input = el("input");
  const said = el("p");
  Object.assign(input, { type: "text", inputMode: "decimal", autocomplete: "off", placeholder: say("guess.range") }); // a number field drops the comma of 4,5
  said.setAttribute("role", "status");
  label.append(input);
  box.replaceChildren(label, said);
  input.addEventListener("input", () => (said.textContent = ""));
  document.addEventListener("o-ended", ({ detail }) => {
    const guess = Number(input.value.trim().replace(",", "."));
    if (!detail.live) return;
    said.textContent = Number.isNaN(guess)
      ? say("guess.no-number", { text: input.value })
      : guessed(guess, perCycle(detail.stops));
  });
}
