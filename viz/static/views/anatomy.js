/* The anatomy of the model: a box per weight with its real shape, those of the pass on show lit. */

import { button, choice, el } from "../player/dom.js";
import { grouped, percent, say } from "../player/messages.js";
import { makeTable, tableBox, tableToggle } from "../player/table.js";
import { ATTENTION, sideOf, sizesOf, splitOf } from "./anatomy_sizes.js";

const PATHS = ["follow", "draft", "verify"];
const FACTS = ["shape", "parameters", "share", "used", "state", "tensor"];

/** @param {string} key */
const plain = (key) => key.replace("_diff", "");
/** @param {number} part */
const share = (part) => percent(part, part < 0.01 ? 2 : 1);

class Anatomy {
  later = true;
  path = "follow"; // or a pass that is lit by hand
  chosen = "";
  lit = "?";
  seen = "";
  total = 1;
  /** @type {Record<string, number>} */
  dims = {};
  /** @type {Record<string, O.PartSize>} */
  sizes = {};
  /** @type {Record<string, HTMLElement>} */
  boxes = {};

  /**
   * @param {HTMLElement} host
   * @param {O.AnatomySpec} spec
   * @param {O.Player} player
   */
  constructor(host, spec, player) {
    this.spec = spec;
    this.player = player;
    this.now = el("p", "o-now");
    this.tower = this.makeTower();
    this.card = el("div", "o-partcard");
    this.card.setAttribute("aria-live", "polite");
    this.split = el("div", "o-split");
    this.table = tableBox();
    const both = el("div", "o-anatomybox");
    const side = el("div", "o-partside");
    side.append(this.card, this.split);
    both.append(this.tower, side);
    const labels = PATHS.map((path) => say("anatomy.path." + path));
    const row = el("div", "o-row");
    row.append(
      choice(labels, say("anatomy.paths"), (i) => {
        this.path = PATHS[i];
        this.player.wake();
      }),
      tableToggle((on) => {
        this.table.hidden = !on;
        both.hidden = on;
      }),
    );
    this.off = el("p", "o-note");
    this.all = el("div");
    this.all.append(row, this.now, both, this.table);
    host.append(this.off, this.all);
  }

  /** @param {string} key */
  box(key) {
    const part = this.spec.parts[key];
    const node = button("", () => this.choose(this.chosen === key ? "" : key));
    node.className = "o-part";
    node.dataset.part = key;
    node.dataset.uses = part ? part.passes.join(" ") : "draft verify";
    node.append(el("b", "", say("anatomy.part." + plain(key))), el("span", "o-shape"));
    node.style.setProperty("--step", String(Object.keys(this.boxes).length));
    return (this.boxes[key] = node);
  }

  /**
   * @param {string} name
   * @param {string[]} keys
   */
  group(name, keys) {
    const title = say("anatomy.attention." + name);
    const told = say("anatomy.named." + (name === "diff" ? "trained" : "frozen"), { name: title });
    const box = el("div", "o-group o-group-" + name);
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", told);
    const cells = el("div", "o-cells");
    cells.append(...keys.map((key) => this.box(key)));
    box.append(el("h3", "", told), cells);
    return box;
  }

  makeTower() {
    const tower = el("div", "o-tower");
    const layer = el("div", "o-layer");
    const sides = el("div", "o-sides");
    this.layers = el("h3", "o-layers");
    tower.append(this.box("embed"), layer);
    layer.append(this.layers, this.box("norm1"), sides);
    sides.append(
      this.group(
        "diff",
        ATTENTION.map((key) => key + "_diff"),
      ),
      this.group("ar", ATTENTION),
      el("p", "o-reach o-reach-diff", say("anatomy.reads")),
      el("p", "o-reach o-reach-ar", say("anatomy.writes")),
    );
    layer.append(this.box("cache"), this.box("norm2"), this.group("mlp", ["gate", "up", "down"]));
    tower.append(this.box("norm"), this.box("head"));
    return tower;
  }

  /**
   * @param {unknown} _state
   * @param {{sizes: number[] | null}} facts
   */
  draw(_state, { sizes }) {
    this.off.textContent = sizes ? "" : say("anatomy.none");
    this.all.hidden = !sizes;
    if (!sizes || this.seen === sizes.join()) return;
    this.seen = sizes.join();
    this.dims = Object.fromEntries(this.spec.dims.map((name, i) => [name, sizes[i]]));
    this.sizes = sizesOf(this.spec, this.dims);
    this.total = Object.values(this.sizes).reduce((n, { all }) => n + all, 0);
    if (this.layers) this.layers.textContent = say("anatomy.layer", { n: this.dims.layers });
    for (const [key, node] of Object.entries(this.boxes)) node.children[1].textContent = this.shape(key);
    this.drawSplit();
    this.drawTable();
    this.choose(this.chosen);
  }

  /** @param {string} key */
  shape(key) {
    const { layers, kv_heads, head_dim } = this.dims;
    if (key === "cache") return say("anatomy.numbers", { count: grouped(2 * layers * kv_heads * head_dim) });
    return this.sizes[key].shape.map(grouped).join(" × ");
  }

  drawSplit() {
    const bar = el("div", "o-splitbar");
    const list = el("ul");
    for (const [key, n] of Object.entries(splitOf(this.sizes))) {
      const piece = el("i", "is-" + key);
      piece.style.width = (100 * n) / this.total + "%";
      bar.append(piece);
      const item = el("li");
      item.append(el("i", "is-" + key), say("anatomy.split." + key), el("b", "", share(n / this.total)));
      list.append(item);
    }
    this.split.replaceChildren(bar, list);
  }

  /**
   * What is told of a part, in words, by the names of FACTS.
   * @param {string} key
   * @returns {Record<string, string>}
   */
  facts(key) {
    const { each, all, tied } = this.sizes[key];
    const { passes, layer, tensor } = this.spec.parts[key];
    const many = layer ? say("anatomy.each", { each: grouped(each), all: grouped(all) }) : grouped(all);
    return {
      shape: this.shape(key),
      parameters: tied ? say("anatomy.tied") : many,
      share: share(all / this.total),
      state: say("anatomy.state." + (sideOf(key) === "diff" ? "trained" : "frozen")),
      used: say("anatomy.used." + (passes.length > 1 ? "both" : passes[0])),
      tensor,
    };
  }

  /** @param {string} key */
  titled(key) {
    const part = say("anatomy.part." + plain(key));
    const side = sideOf(key);
    return side === "shared" ? part : say("anatomy.of", { part, side: say("anatomy.split." + side) });
  }

  drawTable() {
    const keys = Object.keys(this.spec.parts);
    const told = keys.map((key) => this.facts(key));
    /** @type {Record<string, (string | number)[]>} */
    const columns = { part: keys.map((key) => this.titled(key)) };
    for (const name of FACTS) columns[name] = told.map((facts) => facts[name]);
    columns.parameters = keys.map((key) => this.sizes[key].all);
    const pairs = ["part", ...FACTS].map(
      (name) => /** @type {[string, string]} */ ([say("anatomy.fact." + name), name]),
    );
    this.table.replaceChildren(makeTable(this.spec.title, pairs, columns));
  }

  /** @param {string} key */
  choose(key) {
    this.chosen = key;
    for (const [name, node] of Object.entries(this.boxes)) node.setAttribute("aria-pressed", String(name === key));
    const list = el("dl");
    /** @type {(name: string, text: string) => void} */
    const line = (name, text) => list.append(el("dt", "", say("anatomy.fact." + name)), el("dd", "", text));
    if (!key) line("parameters", grouped(this.total));
    else if (key === "cache") line("shape", this.shape(key));
    else for (const [name, text] of Object.entries(this.facts(key))) line(name, text);
    const title = key ? this.titled(key) : say("anatomy.whole");
    const about = key ? [el("p", "", say("anatomy.about." + plain(key)))] : [];
    this.card.replaceChildren(el("h3", "", title), ...about, list);
  }

  /** @param {O.Now} now */
  tick({ phase }) {
    if (this.player.tabs.hides("anatomy")) return;
    const lit = this.path !== "follow" ? this.path : ["draft", "verify", "commit"].includes(phase) ? phase : "none";
    if (lit === this.lit) return;
    this.lit = this.tower.dataset.pass = lit;
    this.now.textContent = say("anatomy.now." + lit);
  }
}

/**
 * @param {HTMLElement} host
 * @param {O.AnatomySpec} spec
 * @param {O.Player} player
 */
export const anatomyPart = (host, spec, player) => new Anatomy(host, spec, player);
