/* The question of a class: how many guesses of a block stand. Buttons to answer, bars for what all have said. */

import { button, el } from "../player/dom.js";
import { say } from "../player/messages.js";

/**
 * How many guesses of a cycle, counted from 1, the AR view kept; -1 if the run does not say.
 * @param {O.Stop[]} stops
 * @param {number} cycle
 */
export function keptOf(stops, cycle) {
  const verify = stops.find(({ c, p }) => c === cycle - 1 && p === "verify");
  const change = verify && verify.x.find(([view]) => view === "quiz");
  return change ? change[3].kept : -1;
}

/**
 * What all have said, as a sentence.
 * @param {number[]} counts
 * @param {number} kept
 */
export function votesInWords(counts, kept) {
  const said = counts.flatMap((count, n) => (count ? [n + ": " + count] : []));
  const known = kept >= 0 && kept < counts.length;
  const right = known ? " " + say("class.right", { kept, count: counts[kept] }) : "";
  return (said.length ? say("class.votes", { votes: said.join(", ") }) : say("class.no-votes")) + right;
}

/**
 * Bars, one for each possible answer; the right one is marked.
 * @param {number[]} counts
 * @param {number} kept
 */
export function bars(counts, kept) {
  const box = el("div", "class-bars");
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", votesInWords(counts, kept));
  const most = Math.max(1, ...counts);
  box.append(
    ...counts.map((count, n) => {
      const bar = el("span", n === kept ? "right" : "");
      const fill = el("i", "", count || "");
      fill.style.height = (100 * count) / most + "%";
      bar.append(fill, el("b", "", (n === kept ? "✓" : "") + n));
      return bar;
    }),
  );
  return box;
}

/**
 * A button for each answer; `pick(n)` at a click.
 * @param {number} most
 * @param {number | null} said
 * @param {(n: number) => void} pick
 */
export function ballot(most, said, pick) {
  const box = el("div", "class-ballot");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", say("class.your-answer"));
  for (let n = 0; n <= most; n++) {
    const node = button(String(n), () => pick(n));
    node.setAttribute("aria-pressed", String(n === said));
    box.append(node);
  }
  return box;
}
