/* What guesses are worth, and how well they are calibrated. */

import { el } from "../player/dom.js";
import { fixed, say } from "../player/messages.js";

/**
 * Points for a guess, `cut` being the slots [from, to] that are right.
 * @param {number} guess
 * @param {[from: number, to: number]} cut
 * @param {number} streak
 */
export function quizPoints(guess, [from, to], streak) {
  const off = guess < from ? guess - from : guess > to ? guess - to : 0;
  return off
    ? { off, points: Math.max(0, 10 - Math.abs(off)), streak: 0 }
    : { off, points: 15 + streak, streak: streak + 1 };
}

/**
 * How well guesses are calibrated, in words.
 * @param {O.Answer[]} answers
 */
export function quizSummary(answers) {
  if (!answers.length) return "";
  /** @param {number[]} values */
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const lean = mean(answers.map(({ off }) => off));
  const size = mean(answers.map(({ off }) => Math.abs(off)));
  if (!size) return say("quiz_page.all-hit");
  const slots = fixed(size, 1);
  if (Math.abs(lean) < 0.5) return say("quiz_page.off", { slots });
  return lean > 0 ? say("quiz_page.hopeful", { slots }) : say("quiz_page.careful", { slots });
}

/**
 * The calibration picture: a square, its diagonal, a dot an answer.
 * @param {string} about
 */
export function calibration(about) {
  const box = el("figure", "o-calibration");
  const square = el("div", "o-square");
  square.setAttribute("role", "img");
  box.append(square, el("figcaption", "o-hint", about));
  /** @param {O.Answer[]} answers */
  const draw = (answers) => {
    const most = Math.max(8, ...answers.map(({ n }) => n + 1));
    square.replaceChildren(
      ...answers.map(({ guess, truth, off }) => {
        const dot = el("i", off ? "" : "hit");
        dot.style.left = (100 * guess) / most + "%";
        dot.style.bottom = (100 * truth) / most + "%";
        return dot;
      }),
    );
    square.setAttribute(
      "aria-label",
      about + " " + answers.map((a) => say("quiz_page.dot", { guess: a.guess, truth: a.truth })).join("; "),
    );
  };
  return { box, draw };
}

/**
 * The next draft worth a question, from stop `from` on: two guesses or more, and its verdict is there.
 * @param {O.Stop[]} stops
 * @param {number} from
 * @param {string} view
 */
export function nextDraft(stops, from, view) {
  for (let i = Math.max(0, from); i < stops.length - 1; i++) {
    const drafted = stops[i].p === "draft" && stops[i].x.find(([name]) => name === view);
    if (drafted && drafted[3].n > 1) return i;
  }
  return -1;
}
