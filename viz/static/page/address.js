/* What an address says of the page: a run, a moment in it, a tab; or a request that fills the form. A field that is
 * unknown or makes no sense is left out, so that an old or mistyped link still shows the page.
 */

import { escaped } from "../player/format.js";
import { say } from "../player/messages.js";

const PHASES = ["prefill", "draft", "verify", "commit", "finish"];
/** The form's own fields, as viz/page/form.py names them, and the model of the run that a link was made from. */
const REQUEST = "prompt model max_new_tokens temperature seed top_k top_p block_size draft coupling engine".split(" ");
/** @type {Record<string, (text: string) => boolean>} */
const KNOWN = {
  run: (text) => text !== "",
  cycle: (text) => /^[1-9]\d{0,6}$/.test(text),
  phase: (text) => PHASES.includes(text),
  tab: (text) => text !== "",
  "run-a": (text) => text !== "",
  "run-b": (text) => text !== "",
  level: (text) => text !== "",
  theme: (text) => text === "light" || text === "dark",
  chrome: (text) => text === "none",
  lesson: (text) => text !== "",
  step: (text) => /^[1-9]\d{0,3}$/.test(text),
  present: (text) => text === "1",
  print: (text) => text === "worksheet",
};
for (const name of REQUEST) KNOWN[name] = (text) => text !== "";

/**
 * The fields of an address, from its query and its hash; the hash wins.
 * @param {string} query
 * @param {string} hash
 * @returns {O.Fields}
 */
export function fieldsOf(query, hash) {
  const all = [...new URLSearchParams(query), ...new URLSearchParams(hash.replace(/^#/, ""))];
  return Object.fromEntries(all.filter(([name, text]) => Object.hasOwn(KNOWN, name) && KNOWN[name](text)));
}

/** The fields of this document's address; none in a frame that has no address of its own. */
export const here = () => fieldsOf(location.search, location.hash);

/**
 * The hash that says the same; "" for no field at all.
 * @param {O.Fields} fields
 */
export function hashOf(fields) {
  const given = Object.entries(fields).filter(([, text]) => text !== undefined && text !== "");
  return given.length ? "#" + new URLSearchParams(given.map(([name, text]) => [name, String(text)])) : "";
}

/**
 * Where the playhead stands: its cycle, counted from 1, and its phase; the prompt and the end have no cycle.
 * @param {Pick<O.Now, "cycle" | "phase">} now
 * @returns {O.Fields}
 */
export function momentOf({ cycle, phase }) {
  if (!phase) return {};
  return ["prefill", "finish"].includes(phase) ? { phase } : { cycle: String(cycle + 1), phase };
}

/**
 * The stop that fields name; -1 for none. A cycle without a phase is its end.
 * @param {Pick<O.Stop, "c" | "p">[]} stops
 * @param {O.Fields} fields
 */
export function stopOf(stops, { cycle, phase }) {
  if (!cycle) return phase === "prefill" || phase === "finish" ? stops.findIndex(({ p }) => p === phase) : -1;
  const wanted = phase && phase !== "prefill" && phase !== "finish" ? phase : "commit";
  return stops.findIndex(({ c, p }) => c === Number(cycle) - 1 && p === wanted);
}

/**
 * A document's address without its hash, with or without the page around the stage.
 * @param {string} href
 * @param {boolean} alone
 */
export function bare(href, alone) {
  const [address] = href.split("#");
  const [path, query] = address.split("?");
  const kept = new URLSearchParams(query);
  for (const name of [...Object.keys(KNOWN), "__theme", "class"]) kept.delete(name);
  if (alone) kept.set("chrome", "none");
  return path + (kept.size ? "?" + kept : "");
}

/** @type {(name: string, value: string) => string} */
const attribute = (name, value) => name + '="' + escaped(value) + '"';

/**
 * The code that shows an address in another page.
 * @param {string} address
 */
export function embedding(address) {
  const given = { src: address, title: say("page.embedded"), width: "100%", height: "680", style: "border: 0" };
  const may = { loading: "lazy", allow: "clipboard-write; fullscreen" };
  const attributes = Object.entries({ ...given, ...may }).map(([name, value]) => attribute(name, value));
  return "<iframe " + attributes.join(" ") + "></iframe>";
}
