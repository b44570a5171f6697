/* What the tour shows: a card of text with its buttons, and the views that a beat is about. */

import { button, el, find, findAll, need } from "../player/dom.js";
import { filledIn } from "../player/format.js";
import { say } from "../player/messages.js";

const PROMPT = "#prompt textarea";
/** The buttons of the last card, as `ends` of the view's skeleton names them. */
const ENDS = /** @type {const} */ (["prompt", "block", "again"]);

export class TourCard {
  /**
   * @param {HTMLElement} host
   * @param {O.TourSpec} spec
   * @param {O.TourActs} acts
   */
  constructor(host, spec, acts) {
    this.host = host;
    this.spec = spec;
    this.text = el("p", "o-tourtext");
    this.text.setAttribute("aria-live", "polite");
    this.dots = el("div", "o-dots");
    this.dots.setAttribute("aria-hidden", "true");
    this.ends = el("div", "o-row");
    this.ends.append(...ENDS.filter((key) => spec.ends[key]).map((key) => button(spec.ends[key], acts[key])));
    this.back = button(say("tour_page.back"), acts.back);
    this.next = button(say("tour_page.next"), acts.next);
    this.pause = button(spec.pause, acts.pause);
    this.place = el("b", "o-verbatim");
    const row = el("div", "o-row");
    const leave = button(spec.leave, acts.leave);
    row.append(this.place, this.back, this.pause, this.next, leave, el("span", "o-hint", spec.hand_over));
    host.append(this.dots, this.text, this.ends, row);
    host.hidden = true;
  }

  /** @param {boolean} still */
  paced(still) {
    this.pause.textContent = still ? this.spec.play : this.spec.pause;
  }

  /** @param {string} text */
  say(text) {
    this.text.textContent = text;
  }

  /**
   * The card is number i of n; the last one has the ends, with the way to the prompt where the page has one.
   * @param {number} i
   * @param {number} n
   */
  number(i, n) {
    this.back.disabled = i === 0;
    this.next.hidden = i === n - 1;
    this.pause.hidden = i === n - 1;
    this.place.textContent = filledIn(this.spec.of, { i: i + 1, n });
    this.ends.hidden = i !== n - 1;
    findAll(this.ends, "button").forEach((node, k) => (node.hidden = k === 0 && !find(document, PROMPT)));
    this.dots.replaceChildren(...Array.from({ length: n }, (_, k) => el("i", k === i ? "on" : "")));
  }
}

/**
 * Lift the views a beat is about to the top; the others fade.
 * @param {HTMLElement} root
 * @param {string[]} names
 */
export function lift(root, names) {
  findAll(root, "[data-focus]").forEach((node) => delete node.dataset.focus);
  for (const name of names)
    for (let node = find(root, ".o-view.o-" + name); node && node !== root; node = node.parentElement)
      node.dataset.focus = "";
}

export function goToPrompt() {
  const box = need(document, PROMPT);
  box.scrollIntoView({ block: "center" });
  box.focus();
}

/** @param {HTMLElement} root */
export function goToBlock(root) {
  need(root, ".o-ribbon").scrollIntoView({ block: "start" });
  need(root, ".o-slot").focus({ preventScroll: true });
}
