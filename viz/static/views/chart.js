/* Charts: a figure's description with '$column' and '@colour' in it, redrawn when its columns change; each has its
 * numbers as a table too, and can be saved as a picture or as CSV.
 */

import { choice, el } from "../player/dom.js";
import { exportButton, fileName, originOf, saveFile } from "../player/files.js";
import { say } from "../player/messages.js";
import { csvText, makeTable, tableBox, tableToggle } from "../player/table.js";
import { filled, grown, grownTrace, merged } from "./chart_layout.js";
import { chartText } from "./chart_text.js";
import { chartPicture, loadPlotly } from "./plotly.js";
import { compare } from "./statistics.js";
import { simulate } from "./timeline.js";

const fine = window.matchMedia("(pointer: fine)"); // a finger scrolls the page, a mouse may mark a part of a chart
/** @type {Record<string, (spec: any, player: O.Player, changed: () => void) => O.Extra>} */
const EXTRAS = { simulate, compare }; // what a chart may have besides, by its kind
const REST_MS = 80; // at most 12 redraws a second, fewer where one takes long

/** @param {string} title */
const slug = (title) => "-" + (title.toLowerCase().match(/[\p{L}\p{N}]+/gu) || []).join("-");

class Chart {
  /**
   * @param {HTMLElement} host
   * @param {O.ChartSpec} spec
   * @param {O.Player} player
   */
  constructor(host, spec, player) {
    this.spec = spec;
    this.player = player;
    this.chosen = 0; // the variant on show
    /** @type {O.Values} */
    this.values = { columns: {} };
    this.fed = false; // there are values
    this.wanted = false; // a redraw
    this.busy = false;
    this.readyAt = 0; // when the next redraw may begin
    this.cost = 20; // ms, of a redraw
    /** @type {O.Plotly | null} */
    this.plotly = null;
    this.asked = false; // for Plotly
    this.near = false; // the chart is in sight, or nearly
    this.frame = el("div", "o-frame");
    this.chart = /** @type {O.Chart} */ (/** @type {HTMLElement} */ (el("div", "o-chart"))); // Plotly makes it one
    this.chart.setAttribute("role", "img");
    this.chart.setAttribute("aria-label", say("chart_page.about", { title: spec.title, hint: spec.hint }));
    this.cursor = el("div", "o-cursor");
    this.cursor.hidden = true;
    this.frame.append(this.chart, this.cursor);
    this.ruler = spec.ruler && chartText(spec.ruler, player, this.frame);
    this.tablebox = tableBox();
    this.note = el("p", "o-note");
    this.extra = spec.extra && EXTRAS[spec.extra.kind](spec.extra, player, () => this.renew());
    host.append(...this.variants(), this.frame, this.tablebox, this.note);
    if (this.extra) host.append(this.extra.box);
    host.append(this.tools());
    this.observe(host);
  }

  /** Evaluating Plotly takes most of a second: not before the chart's tab is open. */
  load() {
    this.asked = true;
    loadPlotly(this.player.options.plotly).then(
      (plotly) => {
        this.plotly = plotly;
        this.redraw();
      },
      (error) => (this.chart.textContent = error.message),
    );
  }

  variants() {
    const labels = this.spec.variants.map(({ label }) => label);
    return labels.length > 1 ? [choice(labels, this.spec.title, (i) => ((this.chosen = i), this.renew()))] : [];
  }

  /** Under the chart: its twin as a table, its numbers as CSV, the chart as a picture. */
  tools() {
    const { player } = this;
    const box = el("div", "o-kit");
    /** @param {string} ending */
    const name = (ending) => fileName(player, slug(this.title()) + ending);
    const csv = () => {
      const { table, columns } = this.picture();
      saveFile(name(".csv"), [csvText(originOf(player) + "; " + this.title(), table, columns)], "text/csv");
    };
    const png = async () =>
      this.plotly &&
      saveFile(name(".png"), [await chartPicture(this.plotly, this.chart, this.title(), player)], "image/png");
    /** @param {boolean} on */
    const toggle = (on) => {
      this.tablebox.hidden = !on;
      this.frame.hidden = on;
      this.renew();
    };
    box.append(tableToggle(toggle), exportButton("CSV", say("chart_page.csv"), csv));
    box.append(exportButton("PNG", say("chart_page.png"), png));
    return box;
  }

  /**
   * While the film runs, charts out of sight wait: each redraw costs the main thread some 20 ms.
   * @param {HTMLElement} host
   */
  observe(host) {
    /** @param {IntersectionObserverEntry[]} entries */
    const seen = (entries) => {
      this.near = entries[entries.length - 1].isIntersecting;
      this.player.wake();
    };
    new IntersectionObserver(seen, { rootMargin: "200px" }).observe(host);
  }

  get variant() {
    return this.spec.variants[this.chosen];
  }

  /** What is drawn: the chosen variant over the values, changed by what the visitor asked for. */
  picture() {
    const { values, variant, extra } = this;
    const { columns, ranges, note } = values;
    const plain = { columns, ranges, note: note || "", data: variant.data, table: variant.table, mark: "" };
    return extra ? extra.apply(plain, values, variant) : plain;
  }

  title() {
    return [this.spec.title, this.variant.label, this.picture().mark].filter(Boolean).join(": ");
  }

  redraw() {
    this.wanted = true;
    this.player.wake();
  }

  renew() {
    this.wanted = true;
    if (!this.fed) return;
    const { columns, table, note, mark } = this.picture();
    this.note.textContent = note;
    this.note.classList.toggle("simulated", !!mark);
    if (!this.tablebox.hidden) this.tablebox.replaceChildren(makeTable(this.title(), table, columns));
    this.player.wake();
  }

  /**
   * @param {Record<string, number[]> | undefined} limits
   * @param {number} zoom
   */
  layout(limits, zoom) {
    const { spec, player, variant } = this;
    const ranges = Object.fromEntries(Object.entries(limits || {}).map(([axis, range]) => [axis, { range }]));
    const layout = grown(filled(merged(merged(player.settings.layout, variant.layout), ranges), {}, player), zoom);
    layout.uirevision = player.run + (limits ? "" : "/" + this.chosen); // what was zoomed stays, until another run comes
    if (spec.zoom && fine.matches) for (const axis of [layout.xaxis, layout.yaxis]) axis.fixedrange = false;
    return layout;
  }

  /** @param {O.Plotly} plotly */
  async react(plotly) {
    this.busy = true;
    const began = performance.now();
    const { columns, data, ranges } = this.picture();
    const zoom = parseFloat(this.player.styled("zoom")) || 1;
    const first = !this.chart.data;
    const traces = filled(data, columns, this.player).map((/** @type {object} */ trace) => grownTrace(trace, zoom));
    await plotly.react(this.chart, traces, this.layout(ranges, zoom), { displayModeBar: false });
    if (first) this.listen(plotly);
    this.cost = 0.7 * this.cost + 0.3 * (performance.now() - began);
    this.readyAt = performance.now() + Math.max(REST_MS, 3 * this.cost);
    this.busy = false;
  }

  /**
   * What a chart can hear once it is drawn.
   * @param {O.Plotly} plotly
   */
  listen(plotly) {
    const { chart, ruler } = this;
    const key = this.spec.seek;
    new ResizeObserver(() => plotly.Plots.resize(chart)).observe(this.frame);
    if (key) chart.on("plotly_click", ({ points: [point] }) => this.seek(point[key] - 1));
    if (!ruler) return;
    chart.on("plotly_afterplot", () => ruler.place(chart, this.values));
    ruler.place(chart, this.values);
  }

  /** @param {number} cycle */
  seek(cycle) {
    this.player.seekCycle(cycle, cycle < 0 ? "prefill" : "commit");
  }

  /** @param {O.Now} now */
  moveCursor(now) {
    const { chart, cursor, variant } = this;
    const at = variant.cursor === "clock" ? now.clock : variant.cursor === "cycle" ? now.cycle + 1 : NaN;
    const whole = chart._fullLayout;
    const axis = whole && whole.xaxis;
    const shown = !!axis && Number.isFinite(at);
    if (cursor.hidden === shown) cursor.hidden = !shown;
    if (!shown) return;
    const place = axis._offset + Math.max(0, Math.min(axis._length, axis.l2p(at)));
    cursor.style.transform = "translateX(" + place + "px)";
    cursor.style.top = whole._size.t + "px";
    cursor.style.height = whole._size.h + "px";
  }

  /**
   * @param {Partial<O.Values>} state
   * @param {O.Values} facts
   */
  draw(state, facts) {
    this.values = { ...facts, ...state };
    this.fed = true;
    this.renew();
  }

  /** A redraw is wanted, and there is what it needs. */
  due() {
    return this.wanted && this.fed && !this.frame.closest("[hidden]");
  }

  waits() {
    return this.busy || (!!this.plotly && this.due());
  }

  /** @param {O.Now} now */
  tick(now) {
    if (!this.asked && this.due()) this.load();
    const seen = this.near || !now.playing;
    if (this.plotly && this.due() && seen && !this.busy && performance.now() >= this.readyAt && this.player.turn()) {
      this.wanted = false;
      this.react(this.plotly);
    }
    this.moveCursor(now);
    if (this.ruler) this.ruler.mark(now.cycle);
  }

  theme() {
    this.wanted = true;
  }
}

/**
 * @param {HTMLElement} host
 * @param {O.ChartSpec} spec
 * @param {O.Player} player
 */
export const chartPart = (host, spec, player) => new Chart(host, spec, player);
