/* What differs in the settings of two pinned runs, and what does not. */

import { el } from "../player/dom.js";
import { say } from "../player/messages.js";
import { differences } from "./pair_runs.js";

/**
 * A setting's line: its name, A's value, B's value.
 * @param {string} name
 * @param {O.Piece[][]} values
 */
function row(name, values) {
  const cells = values.map((value, i) => {
    const cell = el("dd", "o-verbatim");
    cell.append(el("b", "o-side", "AB"[i]), " ");
    value.forEach(({ text, differs }, k) => cell.append(k ? ", " : "", differs ? el("mark", "", text) : text));
    return cell;
  });
  return [el("dt", "", name), ...cells];
}

/**
 * @param {O.Pin} a
 * @param {O.Pin} b
 * @param {O.PairSpec} spec
 */
export function settingsOf(a, b, spec) {
  const { prompts, differing, common } = differences(a, b, spec);
  const values = prompts.map((text) => [{ text, differs: false }]);
  const rows = prompts[0] === prompts[1] ? [] : row(say("pair.prompt"), values);
  for (const each of differing) rows.push(...row(each.name, [each.a, each.b]));
  const list = el("dl");
  list.append(...rows);
  const note = say("pair.common", { names: common.join(", ") }) + " " + say("pair.knobs");
  return [el("h3", "", rows.length ? say("pair.settings") : say("pair.none")), list, el("p", "o-note", note)];
}
