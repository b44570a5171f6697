/* Where does it look: per pass a row per slot, what it may see, and on request where its attention goes. */

import { ask } from "../page/ask.js";
import { button, el } from "../player/dom.js";
import { percent, say } from "../player/messages.js";
import { makeTable, tableBox, tableToggle } from "../player/table.js";
import { BUCKETS, legend, panel } from "./looks_panel.js";
import { eventsOf, layerOf, looksOf, placesOf, seenOf } from "./looks_run.js";

/** @type {O.Pass[]} */
const PASSES = ["draft", "verify"];

class Looks {
  later = true;
  key = "";
  record = ""; // the file that `run` was read from
  slot = -1;
  layer = -1;
  /** @type {O.LooksRun | null} */
  run = null;
  /** @type {O.LooksCycle | undefined} */
  cycle;
  /** @type {Record<O.Pass, number[][]>} */
  seen = { draft: [], verify: [] };
  /** @type {Map<O.LooksCycle, O.Shares>} */
  known = new Map();

  /**
   * @param {HTMLElement} host
   * @param {O.Spec} spec
   * @param {O.Player} player
   */
  constructor(host, spec, player) {
    this.spec = spec;
    this.player = player;
    this.act = button(say("looks.ask"), () => this.ask());
    this.layers = el("select");
    this.layers.addEventListener("change", () => {
      this.layer = Number(this.layers.value);
      this.draw();
    });
    this.knob = el("label", "o-knob");
    this.knob.append(el("span", "", say("looks.layer")), this.layers);
    this.said = el("p", "o-note");
    this.said.setAttribute("role", "status");
    this.told = el("p", "o-told-look");
    this.told.setAttribute("aria-live", "polite");
    this.both = el("div", "o-looks-both");
    this.table = tableBox();
    this.legend = legend();
    const picture = el("div");
    picture.append(this.both, this.legend, this.told);
    const row = el("div", "o-row");
    row.append(
      this.act,
      this.knob,
      tableToggle((on) => {
        this.table.hidden = !on;
        picture.hidden = on;
      }),
    );
    host.append(row, this.said, picture, this.table);
    player.root.addEventListener("o-slot", ({ detail: { slot, how } }) => {
      if (how === "choose") this.at(slot);
    });
  }

  /** @param {O.Now} now */
  tick({ cycle }) {
    if (this.player.tabs.hides("looks")) return;
    const { trace } = this.player.facts.record;
    const key = [this.player.run, !!trace, cycle].join();
    if (key === this.key) return;
    this.key = key;
    this.show(trace, cycle);
  }

  /**
   * @param {string | null} trace
   * @param {number} cycle
   */
  async show(trace, cycle) {
    const { key } = this;
    if (trace && trace !== this.record) {
      const run = looksOf(await eventsOf(trace));
      if (key !== this.key) return;
      Object.assign(this, { run, record: trace });
      this.known.clear();
    }
    this.cycle = trace && this.run && cycle >= 0 ? this.run.cycles[cycle] : undefined;
    this.seen = this.cycle ? seenOf(this.cycle) : { draft: [], verify: [] };
    this.slot = -1;
    this.said.textContent = !trace
      ? say("looks.wait")
      : !this.cycle
        ? say("looks.none")
        : this.player.settings.shell
          ? ""
          : say("looks.file");
    this.act.disabled = !this.cycle || !this.player.settings.shell;
    this.draw();
  }

  async ask() {
    const { cycle, run } = this;
    if (!cycle || !run) return;
    this.act.disabled = true;
    this.said.textContent = say("looks.asked");
    let said = "";
    try {
      /** @type {O.Shares} */
      const found = await ask("attention_shares", [cycle.before, run.prompt, cycle.block, cycle.rows]);
      const ours = found.model + " (" + found.revision.slice(0, 12) + ")";
      const theirs = run.model.id + " (" + run.model.revision.slice(0, 12) + ")";
      if (ours !== theirs) said = say("looks.other", { ours, theirs });
      else this.known.set(cycle, found);
    } catch (error) {
      said = error instanceof Error ? error.message : String(error);
    }
    if (cycle !== this.cycle) return;
    this.act.disabled = false;
    this.said.textContent = said;
    this.draw();
  }

  /** The shares of the cycle on show, by pass, in the chosen layer. */
  get shares() {
    const found = this.cycle && this.known.get(this.cycle);
    /** @type {(pass: O.Pass) => number[][]} */
    const of = (pass) => (found && found[pass] ? layerOf(/** @type {number[][][]} */ (found[pass]), this.layer) : []);
    return { draft: of("draft"), verify: of("verify") };
  }

  draw() {
    const { cycle } = this;
    const found = cycle && this.known.get(cycle);
    this.both.hidden = !cycle;
    this.legend.hidden = this.knob.hidden = !found;
    if (found) {
      const { model, engine, heads } = found;
      this.said.textContent = say("looks.note", { model, engine, heads });
      this.chooseLayers(found.verify.length);
    }
    if (!cycle) return;
    const { shares } = this;
    const acts = {
      /** @param {number} slot */
      point: (slot) => this.at(slot),
      /** @type {(event: KeyboardEvent, rows: number) => void} */
      walk: (event, rows) => this.walk(event, rows),
    };
    this.both.replaceChildren(...PASSES.map((pass) => panel(cycle, pass, this.seen[pass], shares[pass], acts)));
    this.drawTable(cycle, shares);
    this.at(this.slot);
  }

  /** @param {number} layers */
  chooseLayers(layers) {
    if (this.layers.length === layers + 1) return;
    const names = Array.from({ length: layers }, (_, i) => say("looks.layer-n", { n: i + 1 }));
    this.layers.replaceChildren(...[say("looks.layers"), ...names].map((name, i) => new Option(name, String(i - 1))));
    this.layer = -1;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} rows
   */
  walk(event, rows) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    this.at(Math.max(0, Math.min(rows - 1, this.slot + by)));
  }

  /** @param {number} slot */
  at(slot) {
    this.slot = slot;
    for (const row of this.both.querySelectorAll("[data-slot]"))
      row.classList.toggle("here", /** @type {HTMLElement} */ (row).dataset.slot === String(slot));
    const { shares } = this;
    const lines = PASSES.filter((pass) => this.seen[pass][slot]).map((pass) => {
      const may = say("looks.may." + pass, { slot, n: this.seen[pass][slot].length });
      const row = shares[pass][slot];
      if (!row) return may;
      const { cache, left, own, right } = placesOf(row);
      const [c, l, o, r] = [cache, left, own, right].map((share) => percent(share, 1));
      return may + " " + say("looks.does", { cache: c, left: l, own: o, right: r });
    });
    this.told.replaceChildren(...(lines.length ? lines : [say("looks.choose")]).map((line) => el("span", "", line)));
  }

  /**
   * @param {O.LooksCycle} cycle
   * @param {Record<O.Pass, number[][]>} shares
   */
  drawTable(cycle, shares) {
    const rows = PASSES.flatMap((pass) =>
      this.seen[pass].map((seen, slot) => ({ pass, slot, seen: seen.length, row: shares[pass][slot] })),
    );
    /** @type {Record<string, (string | number | null)[]>} */
    const columns = {
      pass: rows.map(({ pass }) => say("looks.pass." + pass)),
      slot: rows.map(({ slot }) => slot),
      sees: rows.map(({ seen }) => say("looks.row", { cache: cycle.before.length, n: seen })),
    };
    const pairs = Object.keys(columns).map(
      (name) => /** @type {[string, string]} */ ([say("looks.table." + name), name]),
    );
    if (rows.some(({ row }) => row))
      BUCKETS.forEach((name, k) => {
        columns[name] = rows.map(({ row }) => (row ? row[k] : null));
        pairs.push([say("looks.bucket." + name), name]);
      });
    this.table.replaceChildren(makeTable(this.spec.title, pairs, columns));
  }
}

/**
 * @param {HTMLElement} host
 * @param {O.Spec} spec
 * @param {O.Player} player
 */
export const looksPart = (host, spec, player) => new Looks(host, spec, player);
