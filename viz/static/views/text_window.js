/* The spans of the written text: one a token, at most WINDOW of them in the page, however long the text is. */

import { button, el } from "../player/dom.js";
import { cellText } from "../player/format.js";
import { localized, say } from "../player/messages.js";

/** @type {[what: RegExp, sign: string][]} */
const MARKS = [
  [/ /g, "·"],
  [/\t/g, "⇥\t"],
  [/\n/g, "⏎\n"],
];
const WINDOW = 2000,
  STEP = 500; // tokens on the page, and how far it moves at a time

/**
 * The first token on the page: the end of a long text, or what the visitor went back to.
 * @param {number} n
 * @param {number | null} pinned
 */
export function windowFrom(n, pinned) {
  const last = n <= WINDOW ? 0 : Math.ceil((n - WINDOW) / STEP) * STEP;
  return pinned === null ? last : Math.min(pinned, last);
}

export class TextWindow {
  /**
   * @param {HTMLElement} box
   * @param {O.TextSpec} spec
   * @param {O.Player} player
   */
  constructor(box, spec, player) {
    this.box = box;
    this.spec = spec;
    this.player = player;
    /** @type {{span: HTMLElement, ghost: HTMLElement | null, text: string | null, marks: boolean}[]} */
    this.nodes = [];
    this.from = 0; // the first token on the page
    /** @type {number | null} */
    this.pinned = null; // where the visitor went back to
    this.by = spec.colours[0];
    this.marks = false;
    /** @type {string | undefined} */
    this.run = undefined;
    /** @type {O.Tokens} */
    this.tokens = spec.state.tokens;
    /** @type {O.TextState["cycles"]} */
    this.cycles = spec.state.cycles;
    this.earlier = this.fold(say("text_page.earlier"), () => this.from);
    this.later = this.fold(say("text_page.later"), () => this.from + WINDOW - 1);
  }

  /**
   * A button in the place of tokens that are not on the page.
   * @param {string} text
   * @param {() => number} edge
   */
  fold(text, edge) {
    const node = button(text, () => this.reveal(edge()));
    node.classList.add("o-fold");
    return node;
  }

  /**
   * Move the window so that token i is in its middle.
   * @param {number} i
   */
  reveal(i) {
    this.pinned = Math.max(0, Math.floor((i - WINDOW / 2) / STEP) * STEP);
    this.write(this.tokens, this.cycles);
    const node = this.node(i);
    if (node) node.span.scrollIntoView({ block: "center" });
  }

  /** @param {number} i */
  node(i) {
    return this.nodes[i - this.from];
  }

  /**
   * Bring the spans up to the columns: drop what is gone, mend completed characters, append what is new.
   * @param {O.Tokens} tokens
   * @param {O.TextState["cycles"]} cycles
   */
  write(tokens, cycles) {
    this.tokens = tokens;
    this.cycles = cycles;
    if (this.run !== this.player.run) this.pinned = null;
    const n = tokens.by.length;
    const from = windowFrom(n, this.pinned);
    if (this.run !== this.player.run || from !== this.from) this.drop(0);
    this.run = this.player.run;
    this.from = from;
    const to = Math.min(n, from + WINDOW);
    this.drop(to - from);
    this.nodes.forEach((_, k) => this.spell(from + k));
    const fresh = from + this.nodes.length;
    for (let i = fresh; i < to; i++) this.add(i);
    const renewed = this.by.key === "ms" && fresh < to; // its scale grows with the run
    for (let i = renewed ? from : fresh; i < to; i++) this.paint(i);
    this.folds(n, to);
    return to === n ? to - fresh : 0;
  }

  /**
   * @param {number} n
   * @param {number} to
   */
  folds(n, to) {
    /**
     * @param {HTMLElement} node
     * @param {boolean} wanted
     * @param {() => void} place
     */
    const put = (node, wanted, place) => (wanted ? place() : node.remove());
    put(this.earlier, this.from > 0, () => this.earlier.parentNode || this.box.prepend(this.earlier));
    put(this.later, to < n, () => this.box.append(this.later));
  }

  /**
   * Keep the first `count` spans of the window.
   * @param {number} count
   */
  drop(count) {
    for (const { span, ghost } of this.nodes.splice(count)) {
      span.remove();
      if (ghost) ghost.remove();
    }
  }

  /** @param {number} i */
  add(i) {
    const ids = this.cut(i) ? this.cycles.ghosts[this.tokens.cycle[i]] || [] : [];
    const ghost = ids.length ? this.ghost(ids) : null;
    const span = el("span", "o-token");
    span.dataset.i = String(i);
    this.box.append(...(ghost ? [ghost, span] : [span]));
    this.nodes.push({ span, ghost, text: null, marks: false });
    this.spell(i);
  }

  /**
   * The AR view wrote this token where it refused a guess.
   * @param {number} i
   */
  cut(i) {
    return ["correction", "resampled"].includes(this.player.settings.statuses[this.tokens.by[i]].name);
  }

  /** @param {number[]} ids */
  ghost(ids) {
    const box = el("s", "o-ghosts");
    ids.forEach((id, k) => {
      const each = el("span", k ? "is-discarded" : "is-refused", cellText(this.player.word(id)));
      each.title = k ? this.spec.ghosts.discarded : this.spec.ghosts.refused;
      box.append(each);
    });
    return box;
  }

  /** @param {number} i */
  spell(i) {
    const text = this.tokens.text[i];
    const node = this.node(i);
    if (node.text === text && node.marks === this.marks) return;
    node.text = text;
    node.marks = this.marks;
    const marked = text === "" && this.player.settings.statuses[this.tokens.by[i]] ? "⏹" : text;
    node.span.textContent = this.marks ? MARKS.reduce((all, [what, sign]) => all.replace(what, sign), marked) : text;
  }

  /** @param {number} i */
  value(i) {
    const cycle = this.tokens.cycle[i];
    if (this.by.key === "ms") return cycle < 0 ? 0 : this.cycles.ms[cycle];
    return this.tokens[this.by.key][i];
  }

  /**
   * How strong the colour is, 0 to 1; null where nothing is known.
   * @param {number} i
   */
  strength(i) {
    const value = this.value(i);
    if (value === null || value === undefined) return null;
    const [low, high] = this.by.range || [0, this.cycles.ms[this.cycles.ms.length - 1] || 1];
    return Math.max(0, Math.min(1, (value - low) / (high - low)));
  }

  /** @param {number} i */
  paint(i) {
    const { span } = this.node(i);
    const name = this.player.settings.statuses[this.tokens.by[i]].name;
    span.className =
      "o-token" +
      (this.by.key === "author" ? " is-" + name : this.by.key === "cycle" && this.tokens.cycle[i] & 1 ? " odd" : "");
    if (!this.by.hue && this.by.key !== "ms") return;
    const strength = this.strength(i);
    span.classList.toggle("none", strength === null);
    span.style.setProperty("--s", String(Math.round(100 * (strength || 0))));
  }

  repaint() {
    this.box.dataset.by = this.by.key;
    this.box.style.setProperty("--hue", "var(--o-" + (this.by.hue || "ink") + ")");
    this.nodes.forEach((_, k) => (this.spell(this.from + k), this.paint(this.from + k)));
  }

  /** @param {number} i */
  describe(i) {
    const { by, cycle, q, p, H, gap } = this.tokens;
    const parts = [
      say("text_page.token", { number: i + 1, text: JSON.stringify(this.tokens.text[i]) }),
      this.player.settings.statuses[by[i]].label,
    ];
    parts.push(cycle[i] < 0 ? say("text_page.first") : say("text_page.cycle", { cycle: cycle[i] + 1 }));
    /** @param {number} known */
    const value = (known) => ({ value: localized(String(known)) });
    if (typeof q[i] === "number") parts.push(say("text_page.q", value(q[i])));
    if (typeof p[i] === "number") parts.push(say("text_page.p", value(p[i])));
    if (typeof H[i] === "number") parts.push(say("text_page.entropy", value(H[i])));
    if (typeof gap[i] === "number") parts.push(say("text_page.gap", value(gap[i])));
    return parts.join(", ");
  }
}
