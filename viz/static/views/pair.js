/* Two runs side by side: both lanes' cycles on one axis, their texts, and what differs in their settings. */

import { announce, button, choice, el } from "../player/dom.js";
import { say } from "../player/messages.js";
import { makeTable, tableBox, tableToggle } from "../player/table.js";
import { runCard } from "./pair_card.js";
import { cycleBoxes, endOf, findings, reachedAt } from "./pair_runs.js";
import { settingsOf } from "./pair_settings.js";

const PLAY_MS = 9000; // of the run that is longer on the clock
const STEPS = 400; // of the slider
/** @type {O.Side[]} */
const SIDES = ["A", "B"];
/** @type {O.PairClock[]} */
const CLOCKS = ["passes", "tokens", "ms"];

class Pair {
  later = true;

  /**
   * @param {HTMLElement} host
   * @param {O.PairSpec} spec
   * @param {O.Player} player
   */
  constructor(host, spec, player) {
    this.spec = spec;
    this.player = player;
    /** @type {O.PairClock} */
    this.key = "passes";
    /** @type {Map<string, O.Pin>} */
    this.own = new Map(); // pinned from the stage
    this.share = 1; // of the clock; 1: both runs have ended
    this.before = 0; // when the last frame was
    this.playing = false;
    /** @type {Promise<unknown> | null} */
    this.begun = null;
    this.length = 1; // of the axis

    /** @type {O.Fields} */
    this.asked = {};
    this.cards = SIDES.map((side) => runCard(side, player, this));
    this.go = button(say("pair.play"), () => this.toggle());
    this.range = el("input");
    this.result = el("p", "o-found");
    this.settings = el("div", "o-differs");
    this.tablebox = tableBox();
    this.end = el("p", "o-pairend");
    const lanes = el("div", "o-pairlanes");
    lanes.append(...this.cards.map(({ lane }) => lane), this.end);
    const texts = el("div", "o-pairtexts");
    texts.append(...this.cards.map(({ text }) => text));
    host.append(this.tools(lanes), lanes, this.tablebox, this.result, texts, this.settings);
  }

  /** @param {HTMLElement} lanes */
  tools(lanes) {
    const kit = el("div", "o-kit");
    const clocks = choice(
      CLOCKS.map((key) => say("pair.clock." + key)),
      say("pair.step"),
      (i) => ((this.key = CLOCKS[i]), this.build()),
    );
    Object.assign(this.range, { type: "range", min: "0", max: String(STEPS), value: String(STEPS) });
    this.range.setAttribute("aria-label", say("pair.position"));
    this.range.addEventListener("input", () => {
      this.playing = false;
      this.share = Number(this.range.value) / STEPS;
      this.show();
    });
    const toggle = tableToggle((on) => ([this.tablebox.hidden, lanes.hidden] = [!on, on]));
    kit.append(this.go, this.range, el("span", "o-hint", say("pair.step")), clocks, toggle);
    return kit;
  }

  /** @returns {{name: string, title: string}[]} of what can be pinned */
  choices() {
    return [...this.own.values(), ...(this.player.library?.runs || [])];
  }

  /** @param {string} name @returns {Promise<O.Pin | null>} */
  async pinned(name) {
    return this.own.get(name) || (await this.player.library?.pin(name)) || null;
  }

  /**
   * Pin a run by name as A (0) or B (1); a name that is not there changes nothing.
   * @param {number} i
   * @param {string} name
   */
  async pick(i, name) {
    const pin = await this.pinned(name);
    if (!pin) return false;
    this.cards[i].pin = pin;
    this.build();
    return true;
  }

  /**
   * The same by a visitor's hand: the page's address hears of it.
   * @param {number} i
   * @param {string} name
   */
  async choose(i, name) {
    if (await this.pick(i, name)) announce(this.player.root, "o-tab", this.player.tabs.open);
  }

  /**
   * The run on the stage, by its name in the list or as one more line of it.
   * @param {number} i
   */
  fromStage(i) {
    const { player } = this;
    const name = (player.run || "").split("/")[0];
    if (!player.live && player.library?.runs.some((run) => run.name === name)) return this.choose(i, name);
    if (!this.own.has(name)) {
      const { race, badges } = structuredClone(player.facts);
      const title = say("pair.own", { n: this.own.size + 1, prompt: badges.prompt.slice(0, 40) });
      this.own.set(name, { name, title, race, badges });
    }
    return this.choose(i, name);
  }

  /** The runs that an address asks for, or else the first pair, or else the first two that there are. */
  async begin() {
    const known = this.choices().map(({ name }) => name);
    const rates = [...(this.player.library?.runs || [])].sort((a, b) => Number(b.rate) - Number(a.rate));
    const [easy, hard] = this.spec.first.every((name) => known.includes(name))
      ? this.spec.first
      : [rates[0]?.name, rates.at(-1)?.name];
    const { a, b } = this.asked;
    for (const [i, names] of [
      [a, easy],
      [b, hard],
    ].entries())
      for (const name of names) if (name && (await this.pick(i, name))) break;
  }

  loaded() {
    return (this.begun ??= this.begin());
  }

  /** Both runs, for a saved file. */
  async pins() {
    await this.loaded();
    return this.cards.flatMap(({ pin }) => pin || []);
  }

  /** @returns {O.Fields} */
  address() {
    const [a, b] = this.cards.map(({ pin }) => (pin && !this.own.has(pin.name) ? pin.name : ""));
    return { "run-a": a, "run-b": b };
  }

  /** @param {O.Fields} fields */
  land({ "run-a": a, "run-b": b }) {
    if (this.begun) [a, b].forEach((name, i) => name && this.pick(i, name));
    else this.asked = { a, b };
  }

  draw() {
    this.loaded();
    for (const card of this.cards) card.stage(this.player.ended);
  }

  toggle() {
    this.playing = !this.playing;
    if (this.playing && this.share >= 1) this.share = 0;
    this.before = performance.now();
    this.show();
    this.player.wake();
  }

  /** Everything anew: other runs, another clock. */
  build() {
    const [a, b] = this.cards.map(({ pin }) => pin);
    for (const card of this.cards) card.list(this.choices());
    if (!a || !b) return;
    const { spec, key } = this;
    this.length = Math.max(endOf(a, key), endOf(b, key), 1);
    const accepted = Object.entries(this.player.settings.statuses).find(([, { name }]) => name === "accepted");
    const boxes = [a, b].map((pin) => cycleBoxes(pin, key, accepted ? accepted[0] : ""));
    const most = Math.max(1, ...boxes.flat().map(({ n }) => n));
    this.cards.forEach((card, i) => card.build(boxes[i], this.length, most));
    this.end.textContent = say("pair.end." + key, { n: Math.round(this.length) });
    const said = findings(a, b, spec).filter(([name]) => name !== "machines" || key === "ms");
    this.result.textContent = said.map(([name, known]) => say("pair.result." + name, known)).join(" ");
    /** @type {O.Pairs} */
    const heads = ["cycle", "a", "b"].map((column) => [say("pair.table." + column), column]);
    const longest = Math.max(...boxes.map(({ length }) => length));
    const columns = { cycle: Array.from({ length: longest }, (_, i) => i + 1) };
    const table = { ...columns, a: boxes[0].map(({ n }) => n), b: boxes[1].map(({ n }) => n) };
    this.tablebox.replaceChildren(makeTable(spec.title, heads, table));
    this.settings.replaceChildren(...settingsOf(a, b, spec));
    this.show();
    this.player.wake();
  }

  /** What the clock has reached. */
  show() {
    this.go.textContent = this.playing ? say("pair.pause") : say("pair.play");
    this.range.value = String(Math.round(this.share * STEPS));
    const at = this.share * this.length;
    for (const card of this.cards) if (card.pin) card.show(reachedAt(card.pin, this.key, at), this.share);
  }

  waits() {
    return this.playing;
  }

  tick() {
    if (!this.playing) return;
    const now = performance.now();
    this.share = Math.min(1, this.share + (now - this.before) / PLAY_MS);
    this.before = now;
    if (this.share >= 1 || this.player.tabs.hides("pair")) this.playing = false;
    this.show();
  }
}

/**
 * @param {HTMLElement} host
 * @param {O.PairSpec} spec
 * @param {O.Player} player
 */
export const pairPart = (host, spec, player) => new Pair(host, spec, player);
