/* The recorded runs: a list that can be filtered. A click plays one; no model and no framework is asked. */

import { button, comeIntoView, el } from "../player/dom.js";
import { say } from "../player/messages.js";
import { runOf } from "./places.js";

/**
 * Whether every word of a filter is in a run's line.
 * @param {O.Recorded} run
 * @param {string} words
 */
export function fits({ title, kind, group }, words) {
  const line = [title, kind, group].join(" ").toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => line.includes(word));
}

export class Gallery {
  /** Called when a visitor has opened a run. */
  opened = () => {};
  /** @param {string} _name */
  told = (_name) => {};
  count = 0;
  shown = "";
  /** @type {{node: HTMLElement, run: O.Recorded}[]} */
  rows = [];

  /**
   * @param {O.Player} player
   * @param {O.Recorded[]} runs
   * @param {string} about
   */
  constructor(player, runs, about) {
    this.player = player;
    this.runs = runs;
    this.about = about;
  }

  /** @param {string | undefined} name */
  find(name) {
    return this.runs.find((run) => run.name === name);
  }

  /**
   * Play a run from its file; the same one again starts over.
   * @param {O.Recorded} run
   */
  async show(run) {
    const count = this.count++;
    this.shown = run.name;
    this.mark();
    const message = await (await fetch(run.file)).json();
    if (count === this.count - 1) this.player.feed({ ...message, run: run.name + "/" + count });
  }

  /**
   * Open the run of a name, if there is one.
   * @param {string} name
   */
  async open(name) {
    const run = this.find(name);
    if (!run) return;
    this.told(name);
    await this.show(run);
  }

  /**
   * Draw the list; `told` hears the name of a run that was picked.
   * @param {HTMLElement} box
   * @param {(name: string) => void} told
   */
  mount(box, told) {
    if (!this.runs.length) return;
    this.told = told;
    const filter = el("input");
    Object.assign(filter, { type: "search", placeholder: say("runs.filter"), autocomplete: "off" });
    filter.setAttribute("aria-label", say("runs.filter-about"));
    const top = el("div", "runstop");
    top.append(el("h2", "", say("runs.heading")), filter);
    const list = el("ul", "runlist");
    this.rows = this.runs.map((run) => ({ run, node: this.row(run) }));
    const none = el("p", "runsnone", say("runs.none-fits"));
    const draw = () => {
      const fitting = this.rows.filter(({ run }) => fits(run, filter.value.trim()));
      none.hidden = fitting.length > 0;
      list.replaceChildren(
        ...fitting.flatMap(({ run, node }, i) =>
          run.group && (!i || fitting[i - 1].run.group !== run.group) ? [this.heading(run.group), node] : [node],
        ),
      );
    };
    filter.addEventListener("input", draw);
    const unit = el("p", "runsunit", say("runs.unit"));
    box.replaceChildren(top, unit, list, none, el("p", "quiet", this.about));
    draw();
    this.mark();
    this.player.root.addEventListener("o-began", () => {
      this.shown = runOf(this.player);
      this.mark();
    });
  }

  /** @param {string} group */
  heading(group) {
    return el("li", "rungroup", group);
  }

  /** @param {O.Recorded} run */
  row(run) {
    const item = el("li");
    const node = button("", async () => {
      await this.open(run.name);
      this.opened();
      comeIntoView(this.player.root);
    });
    node.className = "run";
    node.title = run.facts;
    node.append(el("b", "", run.title), el("span", "runkind", run.kind), el("span", "runrate", run.rate));
    item.append(node);
    return item;
  }

  mark() {
    for (const { run, node } of this.rows)
      node.firstElementChild?.setAttribute("aria-pressed", String(run.name === this.shown));
  }
}
