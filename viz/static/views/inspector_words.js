/* What the inspector says of a slot: a sentence, numbers, both views' lists. It knows no page. */

import { cellText, filledIn } from "../player/format.js";
import { fixed, localized, percent, say } from "../player/messages.js";

/** @param {number} tenths */
export const chance = (tenths) =>
  tenths === 0 ? "< " + percent(0.001, 1) : tenths === 1000 ? "> " + percent(0.999, 1) : percent(tenths / 1000, 1);
/** @param {number} rank */
export const place = (rank) => (rank < 0 ? say("inspector_page.beyond") : String(rank + 1));
/** @param {string} text */
const quoted = (text) => "“" + cellText(text) + "”";

/** @param {number} rank */
function rankWords(rank) {
  if (rank === undefined) return say("inspector_page.rank.none");
  return rank < 0 ? say("inspector_page.rank.beyond") : say("inspector_page.rank.number", { rank: rank + 1 });
}

/** @param {number | undefined} value */
const plain = (value) => (value === undefined ? undefined : localized(String(value)));

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
  const odds = (name) => (at(name) === undefined ? "" : say("inspector_page.odds", { share: chance(at(name)) }));
  const scored = at("q") !== undefined && at("p") !== undefined; // what was looked up has no q
  const both = scored ? say("inspector_page.both", { q: chance(at("q")), p: chance(at("p")) }) : "";
  return {
    guess: quoted(player.word(i ? block.ids[i - 1] : block.anchor)),
    own: block.own && i ? quoted(player.word(at("own"))) : "",
    own_p: odds("own_p"),
    rank: rankWords(at("rank_p")),
    q: odds("q"),
    p: odds("p"),
    gap: plain(at("gap")),
    u: plain(at("u")),
    accept: at("accept") === undefined ? "" : percent(at("accept")),
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
  const pending = block.found ? "found" : status;
  const why = { discarded: block.unjudged, refused: block.refused, pending }[status] || status;
  const said = [filledIn(spec.sentences[why], known)];
  const gap = i && block.gap ? block.gap[i - 1] : undefined;
  if (["accepted", "refused"].includes(why) && gap !== undefined && gap <= spec.near_tie)
    said.push(filledIn(spec.sentences.near_tie, known));
  if (i && !block.q_top) said.push(spec.sentences[block.found ? "unscored" : "bare"]);
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

/** @param {number} value */
const minus = (value) => fixed(value, 1).replace("-", "−");

/**
 * ln of a share in tenths of a percent: as many digits as the rounding down to tenths leaves.
 * @param {number} tenths
 */
const logOf = (tenths) =>
  tenths < 10
    ? say("inspector_page.below", { value: minus(-4.6) })
    : tenths === 1000
      ? fixed(0, 1)
      : minus(Math.log(tenths / 1000));

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
    overlap: (v) => percent(v),
    accept: (v) => percent(v),
  };
  /** @type {[label: string, value: string, note: string][]} */
  const found = [];
  for (const [key, { label, about }] of Object.entries(spec.numbers)) {
    const value = i && block[key] ? block[key][i - 1] : undefined;
    if (value === undefined) continue;
    const note = filledIn(about, { u: block.u ? (plain(block.u[i - 1]) ?? say("inspector_page.never")) : "" });
    found.push([label, show[key] ? show[key](value) : fixed(value, 2), note]);
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
  const rows = [[say("inspector_page.rank-head"), spec.heads[0], "", spec.heads[1], ""]];
  for (let k = 0; k < Math.max(left.length, right.length); k++) {
    /** @type {(row: O.Alternative | undefined) => [string, string]} */
    const cell = (row) =>
      row ? [cellText(player.word(row.id)), row.tenths === undefined ? "" : chance(row.tenths)] : ["", ""];
    rows.push([String(k + 1), ...cell(left[k]), ...cell(right[k])]);
  }
  for (const [label, value] of numbers(block, i, spec)) rows.push([label, value]);
  return rows.map((row) => row.join("\t")).join("\n");
}
