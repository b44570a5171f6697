/* What the inspector says of a slot: a sentence, numbers, both views' lists. It knows no page. */

import { cellText, filledIn } from "../player/format.js";

/** @param {number} tenths */
export const percent = (tenths) =>
  tenths === 0 ? "< 0.1 %" : tenths === 1000 ? "> 99.9 %" : (tenths / 10).toFixed(1) + " %";
/** @param {number} rank */
export const place = (rank) => (rank < 0 ? "beyond 999" : String(rank + 1));
/** @param {string} text */
const quoted = (text) => "“" + cellText(text) + "”";

/** @param {number} rank */
function rankWords(rank) {
  if (rank === undefined) return "not its choice";
  return rank < 0 ? "not among its first 999" : "its number " + (rank + 1);
}

/**
 * The values of a template's braces for slot i; unknown ones leave no gap.
 * @param {O.Inspected} block
 * @param {number} i
 * @param {O.Player} player
 */
function values(block, i, player) {
  /** @param {string} name */
  const at = (name) => (block[name] ? block[name][i - 1] : undefined);
  /** @param {string} name */
  const odds = (name) => (at(name) === undefined ? "" : " with " + percent(at(name)));
  const both = at("p") === undefined ? "" : ", " + percent(at("q")) + " here and " + percent(at("p")) + " there";
  return {
    guess: quoted(player.word(i ? block.ids[i - 1] : block.anchor)),
    own: block.own && i ? quoted(player.word(at("own"))) : "",
    own_p: odds("own_p"),
    rank: rankWords(at("rank_p")),
    q: odds("q"),
    p: odds("p"),
    gap: at("gap"),
    u: at("u"),
    accept: at("accept") === undefined ? "" : Math.round(100 * at("accept")) + " %",
    both,
  };
}

/**
 * What to say about slot i: a sentence by its status, one more where it was a close call.
 * @param {O.Inspected} block
 * @param {number} i
 * @param {O.InspectorSpec} spec
 * @param {O.Player} player
 */
export function sentence(block, i, spec, player) {
  const status = player.settings.statuses[block.status[i]].name;
  const known = values(block, i, player);
  const why = { discarded: block.unjudged, refused: block.refused }[status] || status;
  const said = [filledIn(spec.sentences[why], known)];
  if (i && ["accepted", "refused"].includes(why) && known.gap !== undefined && known.gap <= spec.near_tie)
    said.push(filledIn(spec.sentences.near_tie, known));
  if (i && !block.q_top) said.push(spec.sentences.bare);
  return said.join(" ");
}

/**
 * One view's rows; a token of interest beyond the list gets a row of its own with its rank.
 * @param {number[]} ids
 * @param {number[]} parts
 * @param {O.Alternative} extra
 */
function ranked(ids, parts, extra) {
  /** @type {O.Alternative[]} */
  const rows = ids.map((id, rank) => ({ id, tenths: parts[rank], rank }));
  if (extra.id !== undefined && !ids.includes(extra.id)) rows.push({ ...extra, beyond: true });
  return rows;
}

/**
 * [left rows, right rows] of slot i; the right ones only once the AR view has looked.
 * @param {O.Inspected} block
 * @param {number} i
 * @returns {[left: O.Alternative[], right: O.Alternative[]]}
 */
export function lists(block, i) {
  /** @param {string} name */
  const at = (name) => (block[name] ? block[name][i - 1] : undefined);
  if (!i || !block.q_top) return [[], []];
  const left = ranked(at("q_top"), at("q_topp"), { id: at("own"), rank: at("rank_q") });
  if (!block.p_top) return [left, []];
  return [left, ranked(at("p_top"), at("p_topp"), { id: at("ids"), rank: at("rank_p"), tenths: at("p") })];
}

/**
 * ln of a share in tenths of a percent: as many digits as the rounding down to tenths leaves.
 * @param {number} tenths
 */
const logOf = (tenths) =>
  tenths < 10
    ? "below −4.6"
    : tenths === 1000
      ? "0.0"
      : Math.log(tenths / 1000)
          .toFixed(1)
          .replace("-", "−");

/**
 * @param {O.Inspected} block
 * @param {number} i
 * @param {O.InspectorSpec} spec
 * @returns {[label: string, value: string, note: string][]}
 */
export function numbers(block, i, spec) {
  /** @type {Record<string, (value: number) => string>} */
  const show = {
    q: logOf,
    p: logOf,
    rank_q: place,
    rank_p: place,
    overlap: (v) => Math.round(100 * v) + " %",
    accept: (v) => Math.round(100 * v) + " %",
  };
  /** @type {[label: string, value: string, note: string][]} */
  const found = [];
  for (const [key, { label, about }] of Object.entries(spec.numbers)) {
    const value = i && block[key] ? block[key][i - 1] : undefined;
    if (value === undefined) continue;
    const note = filledIn(about, { u: block.u ? (block.u[i - 1] === undefined ? "never" : block.u[i - 1]) : "" });
    found.push([label, show[key] ? show[key](value) : value.toFixed(2), note]);
  }
  return found;
}

/**
 * The same as text with tabs, for a spreadsheet.
 * @param {O.Inspected} block
 * @param {number} i
 * @param {O.InspectorSpec} spec
 * @param {O.Player} player
 */
export function tabbed(block, i, spec, player) {
  const [left, right] = lists(block, i);
  const rows = [["rank", spec.heads[0], "", spec.heads[1], ""]];
  for (let k = 0; k < Math.max(left.length, right.length); k++) {
    /** @type {(row: O.Alternative | undefined) => [string, string]} */
    const cell = (row) =>
      row ? [cellText(player.word(row.id)), row.tenths === undefined ? "" : percent(row.tenths)] : ["", ""];
    rows.push([String(k + 1), ...cell(left[k]), ...cell(right[k])]);
  }
  for (const [label, value] of numbers(block, i, spec)) rows.push([label, value]);
  return rows.map((row) => row.join("\t")).join("\n");
}
