/* The keyboard: one table for the help and for what the keys do. */

import { closest, el } from "./dom.js";
import { say } from "./messages.js";
import { raceMs, racePace } from "./speeds.js";
import { goTo } from "./tabs.js";

const MOVES = true; // a key that a focused button, link or list has a use of its own for

/**
 * A line of the help and its keys; every act of a key is done. A part may own such rows, too (`keys`). Without `shown`
 * the row is not in the help.
 * @type {O.KeyRow[]}
 */
export const KEYS = [
  entry("play", "", { " ": ({ head }) => head.toggle() }, MOVES),
  entry("phase", "← →", { ArrowLeft: ({ head }) => head.step(-1), ArrowRight: ({ head }) => head.step(1) }, MOVES),
  entry(
    "cycle",
    "",
    { "Shift+ArrowLeft": ({ head }) => head.stepCycle(-1), "Shift+ArrowRight": ({ head }) => head.stepCycle(1) },
    MOVES,
  ),
  entry(
    "ends",
    "",
    { Home: (player) => toStop(player, 0), End: (player) => toStop(player, player.stops.length - 1) },
    MOVES,
  ),
  entry("speed", "[ ]", { "[": ({ head }) => head.faster(-1), "]": ({ head }) => head.faster(1) }, MOVES),
  entry("loop", "L", { l: ({ head }) => head.toggleLoop() }),
  entry("race", "R", { r: again }),
  entry("full", "F", { f: fullscreen }),
  entry("list", "?", { "?": (_, help) => (help.open = !help.open) }),
  entry("let-go", "", { Escape: (_, help) => (help.open = false) }),
];

/**
 * A row whose words are said when the help is drawn; keys that have a name are a message, too.
 * @param {string} name
 * @param {string} signs
 * @param {O.KeyRow["acts"]} acts
 * @param {boolean} [moves]
 * @returns {O.KeyRow}
 */
function entry(name, signs, acts, moves = false) {
  return {
    moves,
    acts,
    get shown() {
      return signs || say("keys.named." + name);
    },
    get what() {
      return say("keys." + name);
    },
  };
}

const TYPING = "input:not([type=range]), textarea, select, [contenteditable=true]";
const BUSY =
  "input, textarea, select, button, summary, a, [contenteditable=true], [role=option], [role=tab], [role=slider], [role=button]";

/**
 * @param {O.Player} player
 * @param {number} i
 */
function toStop({ head }, i) {
  head.pause();
  head.seek(i);
}

/** @param {O.Player} player */
function again(player) {
  const { head, stops } = player;
  if (!stops.length) return;
  toStop(player, 0);
  head.speed = racePace(raceMs(player));
  head.play();
  goTo(player, "race");
}

/** @param {O.Player} player */
function fullscreen({ root }) {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (root.requestFullscreen) root.requestFullscreen().catch(() => {}); // a frame may forbid it
}

/**
 * The whole table of a player: its own keys, those of its parts, a digit for each place.
 * @param {Pick<O.Player, "parts" | "settings">} player
 * @returns {O.KeyRow[]}
 */
export function keyRows({ parts, settings: { places, views } }) {
  /** @type {(name: string, i: number) => O.KeyRow} */
  const digit = (name, i) => ({
    shown: String(i + 1),
    what: views[name].title,
    acts: { [i + 1]: (player) => goTo(player, name) },
  });
  return [...KEYS, ...Object.values(parts).flatMap((part) => part.keys || []), ...places.map(digit)];
}

/**
 * A key as the table names it; a letter is the same with Shift, an arrow is not.
 * @param {Pick<KeyboardEvent, "key" | "shiftKey">} event
 */
export function keyName({ key, shiftKey }) {
  if (key.length === 1) return key.toLowerCase();
  return shiftKey && key.startsWith("Arrow") ? "Shift+" + key : key;
}

/**
 * @param {O.Player} player
 * @param {O.KeyRow[]} rows
 */
function helpCard(player, rows) {
  const list = el("dl", "o-keys");
  for (const { shown, what } of rows) if (shown) list.append(el("dt", "", shown), el("dd", "", what));
  const label = el("label", "", " " + say("keys.on"));
  const on = el("input");
  on.type = "checkbox";
  on.checked = true;
  on.addEventListener("change", () => (player.keysOff = !on.checked));
  label.prepend(on);
  const card = el("div", "o-pop");
  card.append(label, list);
  return card;
}

/**
 * The keys of a page that shows a player: they work wherever nobody types. Returns their help.
 * @param {O.Player} player
 */
export function listenToKeys(player) {
  const rows = keyRows(player);
  const help = el("details", "o-help");
  const summary = el("summary", "o-button", "?");
  summary.setAttribute("aria-label", say("keys.help"));
  help.append(summary, helpCard(player, rows));
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (!player.root.isConnected) return document.removeEventListener("keydown", onKey);
    if (player.keysOff || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    /** @param {string} selector */
    const within = (selector) => closest(event, selector);
    const name = keyName(event);
    const may = rows.filter((row) => row.acts[name] && !within(row.moves ? BUSY : TYPING));
    const presents = !!player.lecture && player.lecture.presenter.on && may.some((row) => row.presents);
    const found = may.filter((row) => !!row.presents === presents);
    for (const { acts } of found) acts[name](player, help);
    if (found.length) event.preventDefault();
  };
  document.addEventListener("keydown", onKey);
  return help;
}
