/* A race of drafters as numbers: boxes of a lane, how far it has come, the table of all. */

import { filledIn } from "../player/format.js";

/**
 * A lane's bar: one box per cycle, one for plain tokens in a row.
 * @param {O.DrafterLane} lane
 * @param {O.Clock} key
 */
export function boxes({ steps }, key) {
  /** @type {O.DrafterBox[]} */
  const found = [];
  steps[key].forEach((end, i) => {
    const shape = steps.shape[i];
    const last = found[found.length - 1];
    if (last && last.shape === shape && (shape === "" || shape === "plain")) {
      last.to = end;
      last.tokens += steps.tokens[i];
    } else found.push({ from: last ? last.to : 0, to: end, shape, tokens: steps.tokens[i] });
  });
  return found;
}

/**
 * How far a lane has come on a clock.
 * @param {O.DrafterLane} lane
 * @param {O.Clock} key
 * @param {number} at
 */
export function reached({ steps }, key, at) {
  const n = steps[key].filter((end) => end <= at).length;
  const tokens = steps.tokens.slice(0, n).reduce((all, value) => all + value, 0);
  return { tokens, passes: n ? steps.passes[n - 1] : 0, ms: n ? steps.ms[n - 1] : 0 };
}

/**
 * Columns of the table; a lane that refused has its sentence in place of numbers.
 * @param {O.DrafterRace} race
 * @param {O.DraftersSpec} spec
 */
export function raceTable({ lanes, tokens }, spec) {
  const ran = lanes.filter((lane) => !lane.refused);
  /** @param {keyof O.DrafterLane} name */
  const column = (name) => ran.map((lane) => lane[name]);
  const same = ran.map(({ identical, tokens: n }) =>
    identical === n && n === tokens ? spec.same : filledIn(spec.other, { n: identical + 1 }),
  );
  return {
    name: ran.map(({ draft }) => nameOf(spec, draft)[0]),
    tokens: column("tokens"),
    passes: column("passes"),
    rows: column("rows"),
    tokens_per_cycle: column("tokens_per_cycle"),
    time: column("ms"),
    text: same,
  };
}

/**
 * A drafter's name and what it does.
 * @param {O.DraftersSpec} spec
 * @param {string} draft
 */
export const nameOf = ({ names }, draft) => (names.find(([each]) => each === draft) || [draft, draft, ""]).slice(1);
