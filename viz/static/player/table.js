/* A chart's numbers as text: an accessible table, and the same as CSV. `pairs` is [[head, column], ...]. */

import { button, el } from "./dom.js";
import { localized, say } from "./messages.js";

/**
 * The rows of columns that may differ in length (two lanes side by side): what is missing is null.
 * @param {O.Pairs} pairs
 * @param {O.Columns} columns
 */
function rowsOf(pairs, columns) {
  const chosen = pairs.map(([, name]) => columns[name]);
  const n = Math.max(0, ...chosen.map((column) => column.length));
  return Array.from({ length: n }, (_, i) => chosen.map((column) => (i < column.length ? column[i] : null)));
}

/** @param {O.Cell} value */
const shown = (value) =>
  value === null || value === undefined
    ? "–"
    : typeof value === "number"
      ? localized(String(+value.toFixed(3)))
      : String(value);

/**
 * @param {string} caption
 * @param {O.Pairs} pairs
 * @param {O.Columns} columns
 */
export function makeTable(caption, pairs, columns) {
  const table = el("table", "o-table");
  const heads = el("tr");
  const numeric = pairs.map(([, name]) => !columns[name].some((value) => typeof value === "string"));
  pairs.forEach(([head], i) => {
    const cell = el("th", i && numeric[i] ? "num" : "", head);
    cell.scope = "col";
    heads.append(cell);
  });
  const top = el("thead");
  top.append(heads);
  const body = el("tbody");
  for (const row of rowsOf(pairs, columns)) {
    const line = el("tr");
    row.forEach((value, i) => {
      const cell = el(i ? "td" : "th", i && numeric[i] ? "num" : "", shown(value));
      if (!i) cell.scope = "row";
      line.append(cell);
    });
    body.append(line);
  }
  table.append(el("caption", "", caption), top, body);
  return table;
}

/**
 * A button that shows a view's numbers as a table, or the view again: act(whether the table is wanted).
 * @param {(on: boolean) => unknown} act
 */
export function tableToggle(act) {
  const node = button(say("player.table"), () => {
    const on = node.getAttribute("aria-pressed") !== "true";
    node.setAttribute("aria-pressed", String(on));
    act(on);
  });
  node.setAttribute("aria-pressed", "false");
  return node;
}

/** Where a table stands in for a picture; hidden at first. */
export function tableBox() {
  const box = el("div", "o-tablebox");
  box.hidden = true;
  box.tabIndex = 0;
  return box;
}

/**
 * One field: quoted where it must be; a text that a spreadsheet would take for a formula gets an apostrophe.
 * @param {O.Cell} value
 */
function field(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? "'" + value : value;
  return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
}

/**
 * The first line says where the numbers come from.
 * @param {string} about
 * @param {O.Pairs} pairs
 * @param {O.Columns} columns
 */
export function csvText(about, pairs, columns) {
  const lines = [pairs.map(([head]) => head), ...rowsOf(pairs, columns)].map((row) => row.map(field).join(","));
  return ["# " + about.replace(/[\r\n]+/g, " "), ...lines].join("\r\n") + "\r\n";
}
