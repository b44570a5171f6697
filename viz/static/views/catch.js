/* What drafting costs: passes against time per pass, bars by the rows of a pass, a table of both lanes. */

import { el } from "../player/dom.js";
import { fixed, say } from "../player/messages.js";
import { makeTable } from "../player/table.js";

const SIGNS = ["", "÷", "="];

/** @param {[value: string, label: string][]} terms */
function equation(terms) {
  const box = el("p", "o-equation");
  terms.forEach(([value, label], i) => {
    if (SIGNS[i]) box.append(el("i", "", SIGNS[i]));
    const term = el("span");
    term.append(el("b", "o-verbatim", value), " " + label);
    box.append(term);
  });
  return box;
}

/**
 * The width of every bar in percent: one scale for all groups, so that they can be compared.
 * @param {O.CostGroup[]} groups
 */
export function widths(groups) {
  const most = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(([, multiple]) => multiple)));
  return groups.map(({ bars }) => bars.map(([, multiple]) => (100 * multiple) / most));
}

/** @param {number} multiple */
export const multiplied = (multiple) => fixed(multiple, multiple < 10 ? 2 : 1) + "×";

/**
 * @param {O.CostGroup} group
 * @param {number[]} wide
 */
function costs({ name, about, bars }, wide) {
  const box = el("div", "o-costs");
  box.append(el("h3", "", name), el("p", "o-hint", about));
  const list = el("ul");
  bars.forEach(([rows, multiple], i) => {
    const item = el("li");
    const bar = el("i");
    bar.style.width = wide[i] + "%";
    const track = el("span", "o-bar");
    track.append(bar);
    item.append(el("span", "", say("count.row", { n: rows })), track, el("b", "", multiplied(multiple)));
    list.append(item);
  });
  box.append(list);
  return box;
}

/**
 * @param {string[][]} rows
 * @param {string[]} heads
 * @param {string} caption
 */
function table(rows, heads, caption) {
  const columns = Object.fromEntries(heads.map((head, i) => [head, rows.map((row) => row[i])]));
  return makeTable(
    caption,
    heads.map((head) => [head, head]),
    columns,
  );
}

/**
 * @param {HTMLElement} host
 * @param {O.CatchSpec} spec
 */
export function catchPart(host, spec) {
  const body = el("div", "o-answer");
  host.append(body);
  /** @type {O.CatchAnswer | null | undefined} */
  let shown;
  return {
    later: true,
    /**
     * @param {object} state
     * @param {{answer: O.CatchAnswer | null}} facts
     */
    draw(state, { answer }) {
      if (answer === shown) return;
      shown = answer;
      if (!answer) return body.replaceChildren(el("p", "o-hint", spec.waiting));
      const [verdict, ...more] = answer.say;
      const picture = el("figure");
      const wide = widths(answer.groups);
      const row = el("div", "o-costrow");
      row.append(...answer.groups.map((group, i) => costs(group, wide[i])));
      picture.append(el("figcaption", "", spec.picture), row);
      const words = el("div", "o-reasons");
      words.append(...[...more, answer.memory].map((said) => el("p", "", said)));
      const both = el("div", "o-costwords");
      both.append(words, table(answer.table, spec.heads, spec.tabled));
      const shaped = answer.shapes.length ? [table(answer.shapes, spec.shapeHeads, spec.shaped)] : [];
      body.replaceChildren(
        ...(answer.equation.length ? [equation(answer.equation)] : []),
        el("p", "o-result", verdict),
        picture,
        both,
        ...shaped,
      );
    },
  };
}
