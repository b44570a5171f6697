/* The race of drafters: a bar per lane on one clock. Another race is measured by the page's server, if there is one. */

import { ask } from "../page/ask.js";
import { button, choice, el } from "../player/dom.js";
import { filledIn } from "../player/format.js";
import { fixed, say } from "../player/messages.js";
import { makeTable } from "../player/table.js";
import { boxes, nameOf, raceTable, reached } from "./drafter_lanes.js";

const PLAY_MS = 6000; // of the slowest lane

class Drafters {
  later = true;

  /**
   * @param {HTMLElement} host
   * @param {O.DraftersSpec} spec
   * @param {O.Player} player
   */
  constructor(host, spec, player) {
    this.spec = spec;
    this.player = player;
    this.race = spec.recorded;
    this.began = 0; // when the playing began; 0 if the race stands at its end
    this.end = 0; // of the slowest lane on the clock
    this.run = ""; // the run that the form was last filled for
    /** @type {O.Clock} */
    this.key = "passes";
    /** @type {AbortController | null} */
    this.running = null;
    /** @type {{bar: HTMLElement, count: HTMLElement, lane: O.DrafterLane}[]} */
    this.rows = [];
    this.clocks = choice(
      spec.clocks.map(({ label }) => label),
      spec.title,
      (i) => this.pick(spec.clocks[i].key),
    );
    this.again = button(spec.play, () => this.play());
    const kit = el("div", "o-kit");
    kit.append(this.clocks, this.again);
    this.about = el("p", "o-hint o-verbatim");
    this.list = el("ul", "o-drafters");
    this.shapes = el("p", "o-hint");
    this.result = el("p", "o-result");
    this.same = el("p", "o-note");
    this.table = el("div", "o-raced");
    this.table.tabIndex = 0;
    this.table.setAttribute("role", "group");
    this.table.setAttribute("aria-label", spec.title);
    this.go = button(spec.run, () => {});
    this.halt = button(spec.stop, () => this.running && this.running.abort());
    this.limit = el("input");
    this.said = el("p", "o-hint");
    host.append(this.makeForm(), kit, this.about, this.list, this.shapes, this.result, this.same, this.table);
    const { caption, heads, columns } = spec.published;
    const others = el("div", "o-raced o-published");
    others.tabIndex = 0;
    others.setAttribute("role", "group");
    others.setAttribute("aria-label", caption);
    others.append(makeTable(caption, heads, columns));
    host.append(others);
    this.fresh();
  }

  makeForm() {
    const { spec } = this;
    const form = el("form", "o-extra");
    Object.assign(this.limit, { type: "text", inputMode: "numeric", size: 5 });
    const label = el("label", "o-knob");
    label.append(el("span", "", spec.limit), this.limit);
    this.go.type = "submit";
    this.halt.disabled = true;
    this.said.setAttribute("role", "status");
    form.append(this.go, this.halt, label, this.said);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.measure();
    });
    return form;
  }

  /** Why no race can be measured now; "" if one can. */
  why() {
    const { off } = this.spec;
    if (!this.player.settings.shell) return off.file;
    return typeof this.prompt === "string" ? "" : off.prompt;
  }

  /** @returns {O.DrafterStage} */
  get stage() {
    return this.player.facts.drafters.stage;
  }

  /** @returns {string | null | undefined} of the run on the stage; null if it is a conversation */
  get prompt() {
    return this.player.facts.whatif.run.prompt;
  }

  draw() {
    const why = this.why();
    if (this.running) return;
    this.go.disabled = this.limit.disabled = !!why;
    if (this.run === this.player.run) return;
    this.run = this.player.run || "";
    this.said.textContent = why;
    this.limit.value = String(this.stage.limit || "");
  }

  async measure() {
    const { spec, player, stage } = this;
    player.head.pause(); // the film would disturb what is measured now
    this.running = new AbortController();
    [this.go.disabled, this.halt.disabled, this.said.textContent] = [true, false, spec.asked];
    const typed = this.limit.value.trim();
    const values = [this.prompt, /^\d+$/.test(typed) ? Number(typed) : typed, ...stage.asked, "auto"];
    try {
      const race = await ask("race_drafters", values, (item) => this.heard(item), this.running.signal);
      this.race = race;
      this.said.textContent = "";
      this.fresh();
      this.play();
    } catch (error) {
      const stopped = this.running.signal.aborted;
      this.said.textContent = stopped ? spec.stopped : error instanceof Error ? error.message : String(error);
    }
    this.running = null;
    [this.go.disabled, this.halt.disabled] = [false, true];
    this.draw();
  }

  /** @param {any} item */
  heard(item) {
    if (item.type === "waiting") this.said.textContent = item.words;
    if (item.type !== "measuring") return;
    const [draft] = nameOf(this.spec, item.draft);
    this.said.textContent = filledIn(this.spec.measuring, { draft, tokens: item.tokens });
  }

  /** Another race: its own clock leads. */
  fresh() {
    const { race, spec } = this;
    if (!race) return;
    const day = race.recorded_at.slice(0, 10);
    this.about.textContent = filledIn(spec.of, { ...race, day });
    this.pick(race.clock);
  }

  /** @param {O.Clock} key */
  pick(key) {
    this.key = key;
    [...this.clocks.children].forEach((node, i) =>
      node.setAttribute("aria-pressed", String(this.spec.clocks[i].key === key)),
    );
    this.build();
    this.player.wake();
  }

  play() {
    this.began = this.player.reduced.matches ? 0 : performance.now();
    this.show();
    this.player.wake();
  }

  build() {
    const { race, spec, key } = this;
    if (!race) return;
    const ran = race.lanes.filter((lane) => !lane.refused);
    this.end = Math.max(...ran.map(({ steps }) => steps[key][steps[key].length - 1]));
    this.rows = [];
    this.list.replaceChildren(...race.lanes.map((lane) => this.lane(lane)));
    const used = new Set(ran.flatMap(({ steps }) => steps.shape).filter((shape) => shape));
    this.shapes.replaceChildren(spec.key + " ");
    for (const shape of used) {
      const [name, sign] = spec.shapes[shape] || [shape, shape[0]];
      const mark = el("i", "o-dbox", sign);
      mark.dataset.shape = shape;
      this.shapes.append(mark, " " + name + " ");
    }
    this.table.replaceChildren(makeTable(spec.caption, spec.table, raceTable(race, spec)));
    this.show();
  }

  /** @param {O.DrafterLane} lane */
  lane(lane) {
    const { spec, key } = this;
    const [name, about] = nameOf(spec, lane.draft);
    const item = el("li");
    const who = el("div", "o-dname");
    who.append(el("b", "", name), el("span", "", about));
    item.append(who);
    if (lane.refused) {
      item.append(el("p", "o-refusal", lane.refused));
      return item;
    }
    const track = el("div", "o-dtrack");
    const bar = el("div", "o-dbar");
    for (const { from, to, shape, tokens } of boxes(lane, key)) {
      const wide = (to - from) / this.end; // a text that is cut says nothing
      const sign = (spec.shapes[shape] || ["", ""])[1];
      const box = el("i", "o-dbox", wide > 0.06 ? sign + tokens : wide > 0.025 ? sign : "");
      box.dataset.shape = shape;
      box.style.left = (100 * from) / this.end + "%";
      box.style.width = (100 * (to - from)) / this.end + "%";
      bar.append(box);
    }
    track.setAttribute("aria-hidden", "true"); // the count beside it and the table say the same
    track.append(bar);
    const count = el("span", "o-dcount o-count");
    item.append(track, count);
    this.rows.push({ bar, count, lane });
    return item;
  }

  /** Where the clock is: everything behind it is hidden, results until the end. */
  show() {
    const { race, spec, key } = this;
    if (!race) return;
    const share = this.began ? (performance.now() - this.began) / PLAY_MS : 1;
    if (share >= 1) this.began = 0;
    const at = share >= 1 ? Infinity : share * this.end;
    for (const { bar, count, lane } of this.rows) {
      const now = reached(lane, key, at);
      bar.style.clipPath = "inset(0 " + Math.max(0, 100 - 100 * share) + "% 0 0)";
      const { ms, passes: n } = now;
      const amount = key === "ms" ? say("number.milliseconds", { value: fixed(ms, 1) }) : say("count.pass", { n });
      const line = filledIn(spec.counts, { tokens: now.tokens, amount });
      if (count.textContent !== line) count.textContent = line;
    }
    this.result.textContent = share >= 1 ? race.result : "";
    this.same.textContent = share >= 1 ? race.same : "";
    this.table.style.visibility = share >= 1 ? "" : "hidden";
  }

  waits() {
    return !!this.began;
  }

  tick() {
    if (this.began) this.show();
  }
}

/**
 * @param {HTMLElement} host
 * @param {O.DraftersSpec} spec
 * @param {O.Player} player
 */
export const draftersPart = (host, spec, player) => new Drafters(host, spec, player);
