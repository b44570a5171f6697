/* Words of a caption and the cells they are about: pointing at the one lights up the other. */

import { announce, el, findAll, quoting, verbatim } from "../player/dom.js";
import { say } from "../player/messages.js";

/**
 * The cells a kind of word is about; the rest fades while the word is pointed at.
 * @type {Record<string, string>}
 */
const CELLS = {
  pending: ".o-slot.is-pending",
  accepted: ".o-slot.is-accepted",
  refused: ".o-slot.is-refused",
  discarded: ".o-slot.is-discarded",
  own: ".o-slot.is-refused, .o-next .o-chip",
};

/**
 * @param {string} text
 * @param {string} kind
 * @param {O.Player} player
 */
function word(text, kind, player) {
  const node = el("span", "o-word is-" + (kind === "own" ? "correction" : kind), text);
  if (text[0] === "“") verbatim(node);
  node.dataset.kind = kind;
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.setAttribute("aria-label", say("captions.word", { words: text }));
  const dark = () => {
    delete player.root.dataset.lit;
    findAll(player.root, ".lit").forEach((cell) => cell.classList.remove("lit"));
  };
  const light = () => {
    dark(); // another word may have the focus
    player.root.dataset.lit = kind;
    findAll(player.root, CELLS[kind]).forEach((cell) => cell.classList.add("lit"));
  };
  const look = () => {
    const slots = findAll(player.root, ".o-slot");
    const slot = slots.findIndex((box) => !box.hidden && box.matches(CELLS[kind]));
    if (slot >= 0) announce(player.root, "o-slot", { slot, how: "focus" });
  };
  for (const name of ["pointerenter", "focus"]) node.addEventListener(name, light);
  for (const name of ["pointerleave", "blur"]) node.addEventListener(name, dark);
  node.addEventListener("click", look);
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    look();
  });
  return node;
}

/**
 * @param {O.Segment[]} segments
 * @param {O.Player} player
 */
export const worded = (segments, player) => {
  if (player.root.dataset.lit) delete player.root.dataset.lit; // the word that lit them goes
  return segments.map(([piece, kind]) => (kind ? [word(piece, kind, player)] : quoting(piece))).flat();
};

/**
 * The other way round: a slot that is pointed at marks the words that are about it.
 * @param {HTMLElement} host
 * @param {O.Player} player
 */
export function pointedWords(host, player) {
  player.root.addEventListener("o-slot", ({ detail: { slot, how } }) => {
    const box = how === "leave" ? null : findAll(player.root, ".o-slot")[slot];
    for (const node of findAll(host, ".o-word"))
      node.classList.toggle("pointed", !!box && box.matches(CELLS[node.dataset.kind || ""]));
  });
}
