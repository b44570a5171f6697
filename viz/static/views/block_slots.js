/* The slots of a block as nodes: what is drawn of them, and what the visitor does with them. */

import { announce, el } from "../player/dom.js";

/** @param {O.Player} player */
export function legend(player) {
  const box = el("div", "o-legend");
  for (const code of player.settings.legend) {
    const { name, glyph, label } = player.settings.statuses[code];
    const item = el("span", "o-key is-" + name);
    item.append(el("i", "", glyph), document.createTextNode(label));
    box.append(item);
  }
  return box;
}

/** @param {number} i */
export function makeSlot(i) {
  const box = el("div", "o-slot");
  box.setAttribute("role", "option");
  box.setAttribute("aria-selected", "false");
  box.tabIndex = i ? -1 : 0;
  box.style.setProperty("--i", String(i));
  if (i) box.dataset.slot = String(i);
  const guess = el("div", "o-cell o-guess");
  const own = el("div", "o-cell o-own");
  for (const cell of [guess, own]) cell.append(el("i"), el("span"));
  box.append(guess, own);
  return { box, guess, own };
}

/**
 * Nothing is written that stands there already: whatever is written is styled and laid out anew.
 * @template {object} Holder
 * @template {keyof Holder} Name
 * @param {Holder} node
 * @param {Name} name
 * @param {Holder[Name]} value
 */
export const put = (node, name, value) => node[name] === value || (node[name] = value);

/**
 * @param {Element} cell
 * @param {string} glyph
 * @param {string} text
 */
export function fill(cell, glyph, text) {
  put(cell.children[0], "textContent", glyph);
  put(cell.children[1], "textContent", text);
}

/**
 * Arrow keys move a roving focus along the slots; they do not step the playhead meanwhile.
 * @param {HTMLElement} list
 * @param {O.Slot[]} slots
 */
export function roving(list, slots) {
  list.addEventListener("keydown", (event) => {
    const here = slots.findIndex(({ box }) => box === document.activeElement);
    const visible = slots.filter(({ box }) => !box.hidden).length;
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: visible - 1 }[event.key];
    if (here < 0 || to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = Math.max(0, Math.min(visible - 1, to));
    slots.forEach(({ box }, i) => (box.tabIndex = i === next ? 0 : -1));
    slots[next].box.focus();
  });
}

/**
 * What the visitor points at, as events: the inspector and the quiz listen, the ribbon knows neither.
 * @param {HTMLElement} list
 * @param {O.Slot[]} slots
 */
export function pointing(list, slots) {
  /**
   * @param {O.Pointed["how"]} how
   * @param {EventTarget | null} [target]
   */
  const tell = (how, target) => {
    const slot = slots.findIndex(({ box }) => box.contains(/** @type {Node} */ (target)));
    if (slot < 0 && how !== "leave") return;
    announce(list, "o-slot", { slot, how });
  };
  list.addEventListener("pointerover", (event) => event.pointerType === "mouse" && tell("over", event.target));
  list.addEventListener("pointerleave", () => tell("leave"));
  list.addEventListener("focusin", (event) => tell("focus", event.target));
  list.addEventListener("click", (event) => tell(event.shiftKey ? "pin" : "choose", event.target));
  list.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    tell(event.shiftKey ? "pin" : "choose", event.target);
  });
}
