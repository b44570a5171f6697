/* What two pinned runs have in common and what not, and how far each is on a clock. No drawing. */

import { fixed, say } from "../player/messages.js";
import { applyChange } from "../player/patches.js";

/**
 * A whole recorded run -> the facts of some of its views.
 * @param {O.Message} message
 * @param {O.Settings} settings
 * @param {string[]} names
 */
export function factsOf({ frames }, settings, names) {
  const facts = Object.fromEntries(names.map((name) => [name, structuredClone(settings.views[name].facts || {})]));
  for (const frame of frames)
    if (!("p" in frame))
      for (const [view, ...change] of frame.x) if (view in facts) applyChange(facts[view], ...change);
  return /** @type {Pick<O.Pin, "race" | "badges">} */ (/** @type {unknown} */ (facts));
}

/**
 * Where each token stands on a clock: after so many passes, at so many ms, or simply its number.
 * @param {O.Pin} pin
 * @param {O.PairClock} key
 */
const marks = ({ race }, key) => (key === "tokens" ? race.orthrus.ms.map((_, i) => i + 1) : race.orthrus[key]);

/**
 * Where a run ends on a clock.
 * @param {O.Pin} pin
 * @param {O.PairClock} key
 */
export const endOf = (pin, key) => marks(pin, key).at(-1) || 0;

/**
 * How far a run is when a clock has come to `at`.
 * @param {O.Pin} pin
 * @param {O.PairClock} key
 * @param {number} at
 */
export function reachedAt(pin, key, at) {
  const { passes, ms } = pin.race.orthrus;
  const tokens = marks(pin, key).filter((mark) => mark <= at + 1e-6).length;
  return { tokens, passes: tokens ? passes[tokens - 1] : 0, ms: tokens ? ms[tokens - 1] : 0 };
}

/**
 * A box per cycle on a clock: where it begins and ends, its tokens, and how many of them were guesses that were kept.
 * @param {O.Pin} pin
 * @param {O.PairClock} key
 * @param {string} accepted the code of an accepted token
 * @returns {O.CycleBox[]}
 */
export function cycleBoxes(pin, key, accepted) {
  const { cycles, orthrus } = pin.race;
  const kept = cycles.n.map(() => 0);
  orthrus.cycle.forEach((cycle, i) => orthrus.by[i] === accepted && kept[cycle]++);
  let before = marks(pin, key)[0] || 0;
  return cycles.n.map((n, i) => {
    const from = before;
    before = key === "tokens" ? from + n : cycles[key][i];
    return { from, to: before, n, kept: kept[i] };
  });
}

/** @param {O.Pin} pin */
export function totals({ race: { cycles, orthrus } }) {
  const written = cycles.n.reduce((sum, n) => sum + n, 0);
  const rate = cycles.n.length ? written / cycles.n.length : 0;
  return { cycles: cycles.n.length, rate, tokens: orthrus.ms.length, passes: orthrus.passes.at(-1) || 0 };
}

/**
 * A setting's value in pieces, each with whether the other run's value lacks it.
 * @param {string} value
 * @param {string} other
 * @returns {O.Piece[]}
 */
function pieces(value, other) {
  const known = new Set(other.split(", "));
  return value.split(", ").map((text) => ({ text, differs: !known.has(text) }));
}

/**
 * The settings that differ, and the names of those that do not; the prompt is a setting.
 * @param {O.Pin} a
 * @param {O.Pin} b
 * @param {O.PairSpec} spec
 */
export function differences(a, b, spec) {
  const [left, right] = [a, b].map(({ badges }) => badges.details);
  const names = Object.keys({ ...left, ...right }).filter((name) => !spec.unsaid.includes(name));
  /** @type {{name: string, a: O.Piece[], b: O.Piece[]}[]} */
  const differing = [];
  const common = [];
  const prompts = [a, b].map(({ badges }) => badges.prompt);
  if (prompts[0] === prompts[1]) common.push(say("pair.prompt"));
  for (const name of names) {
    const [one, two] = [left[name] || "–", right[name] || "–"];
    if (one === two) common.push(name);
    else differing.push({ name, a: pieces(one, two), b: pieces(two, one) });
  }
  return { prompts, differing, common };
}

/** @type {(a: string[], b: string[]) => number} */
const shared = (a, b) => {
  const first = a.findIndex((text, i) => text !== b[i]);
  return first < 0 ? a.length : first;
};

/**
 * What the comparison comes to: keys of the sentences with their values.
 * @param {O.Pin} a
 * @param {O.Pin} b
 * @param {O.PairSpec} spec
 * @returns {[key: string, known: Record<string, string | number>][]}
 */
export function findings(a, b, spec) {
  if (a.name === b.name) return [["again", {}]];
  const [one, two] = [totals(a).rate, totals(b).rate];
  const [better, worse] = one >= two ? ["A", "B"] : ["B", "A"];
  const ratio = Math.max(one, two) / (Math.min(one, two) || 1);
  const level = ratio < 1.05; // shown as 1.0
  /** @type {ReturnType<typeof findings>} */
  const found = [[level ? "level" : "more", { better, worse, times: fixed(ratio, 1) }]];
  const { prompts, differing } = differences(a, b, spec);
  if (prompts[0] === prompts[1]) {
    const [x, y] = [a, b].map(({ race }) => race.orthrus.text);
    const n = shared(x, y);
    const same = n === x.length && n === y.length;
    found.push([same ? "same" : "apart", { n: same ? n : n + 1 }]);
  } else if (!differing.length && !level) found.push(["text", { better }]);
  if (differing.some(({ name }) => spec.alike.includes(name))) found.push(["machines", {}]);
  return found;
}
