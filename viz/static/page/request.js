/* A live run's request: a link repeats it and fills the form; nothing runs before a click. */

import { escaped } from "../player/format.js";
import { say } from "../player/messages.js";
import { here } from "./address.js";

/** @type {O.Fields} */
let last = {};

/**
 * Run has been pressed: the form's values, of which those that differ from `plain` are kept for a link.
 * @param {string[]} names
 * @param {any[]} values
 * @param {any[]} plain
 */
export function request(names, values, plain) {
  const given = names.map((name, i) => /** @type {[string, string]} */ ([name, String(values[i] ?? "")]));
  last = Object.fromEntries(given.filter(([name, text], i) => name === "prompt" || text !== String(plain[i] ?? "")));
}

/** What the last run was asked for. */
export const requested = () => last;

/**
 * The form's values with those of a link in their places: the status first, then the fields in the order of `names`.
 * @param {any[]} now
 * @param {string[]} names
 * @param {Record<string, string[]>} choices
 * @param {O.Fields} [fields]
 */
export function asked(now, names, choices, fields = here()) {
  if (!fields.prompt) return now;
  const values = now.slice(1);
  const filled = names.map((name, i) => {
    const text = fields[name];
    if (text === undefined || (choices[name] && !choices[name].includes(text))) return values[i];
    return text;
  });
  const about = fields.model ? " " + say("page.made-by", { model: fields.model }) : "";
  return ['<p role="status">' + escaped(say("page.filled") + about) + "</p>", ...filled];
}
