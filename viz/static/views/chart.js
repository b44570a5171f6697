/* Charts: a figure's description with '$column' and '@colour' in it, redrawn when its columns change; each has its
 * numbers as a table too, and can be saved as a picture or as CSV.
 */

import { choice, el } from "../player/dom.js";
import { exportButton, fileName, originOf, saveFile } from "../player/files.js";
import { escaped } from "../player/format.js";
import { csvText, makeTable, tableBox, tableToggle } from "../player/table.js";
import { chartPicture } from "./chart_picture.js";
import { chartText } from "./chart_text.js";
import { compare } from "./statistics.js";
import { simulate } from "./timeline.js";

const fine = window.matchMedia("(pointer: fine)"); // a finger scrolls the page, a mouse may mark a part of a chart
const EXTRAS = { simulate, compare }; // what a chart may have besides, by its kind
const REST_MS = 80; // at most 12 redraws a second, fewer where one takes long

let loading;
/** plotly.min.js, loaded once and after the first paint: evaluating it takes most of a second. */
function plotly(url) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading =
    loading ||
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = url;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error("plotly.min.js did not load"));
      setTimeout(() => document.head.append(script), 50);
    });
  return loading;
}

function filled(value, columns, player) {
  if (Array.isArray(value)) return value.map((item) => filled(item, columns, player));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, filled(v, columns, player)]));
  if (typeof value !== "string") return value;
  // a chart takes its texts for a kind of HTML, and these come from a model
  if (value[0] === "$") return columns[value.slice(1)].map((item) => (typeof item === "string" ? escaped(item) : item));
  return value[0] === "@" ? player.colour(value.slice(1)) : value;
}

function merged(base, more) {
  const out = { ...base };
  for (const [key, value] of Object.entries(more || {}))
    out[key] =
      value && typeof value === "object" && !Array.isArray(value) && out[key] ? merged(out[key], value) : value;
  return out;
}

/** On very wide screens the page is zoomed and charts are not (their pointer would miss): their text grows instead. */
function grown(layout, by) {
  if (Array.isArray(layout) || !layout || typeof layout !== "object" || by === 1) return layout;
  const one = ([key, value]) => [
    key,
    typeof value === "number" && ["size", "standoff", "l", "r", "t", "b"].includes(key) ? value * by : grown(value, by),
  ];
  return Object.fromEntries(Object.entries(layout).map(one));
}

/** The same for marks and lines; a bar's own width is in the chart's units and stays. */
function grownTrace(value, by) {
  if (by === 1 || Array.isArray(value) || !value || typeof value !== "object") return value;
  const one = ([key, part]) => {
    if (key === "line" && part.width) return [key, { ...part, width: part.width * by }];
    return [key, typeof part === "number" && ["size", "thickness"].includes(key) ? part * by : grownTrace(part, by)];
  };
  return Object.fromEntries(Object.entries(value).map(one));
}

const slug = (title) =>
  "-" +
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

/** Under a chart: its twin as a table, its numbers as CSV, the chart as a picture. */
function tools(spec, player, now, toggle) {
  const box = el("div", "o-kit");
  const name = (ending) => fileName(player, slug(now.title()) + ending);
  const csv = () =>
    saveFile(
      name(".csv"),
      [csvText(originOf(player) + "; " + now.title(), now.picture().table, now.picture().columns)],
      "text/csv",
    );
  const png = async () =>
    saveFile(name(".png"), [await chartPicture(now.plotly(), now.chart, now.title(), player)], "image/png");
  box.append(
    tableToggle(toggle),
    exportButton("CSV", "The numbers of this chart", csv),
    exportButton("PNG", "This chart as a picture", png),
  );
  return box;
}

export function chartPart(host, spec, player) {
  const frame = el("div", "o-frame");
  const chart = el("div", "o-chart");
  const cursor = el("div", "o-cursor");
  cursor.hidden = true;
  frame.append(chart, cursor);
  const ruler = spec.ruler && chartText(spec.ruler, player, frame);
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", spec.title + ". " + spec.hint);
  const tablebox = tableBox();
  const note = el("p", "o-note");
  let chosen = 0,
    values = null,
    wanted = false,
    busy = false,
    ready = 0,
    cost = 20,
    P = null,
    near = true;
  const extra = spec.extra && EXTRAS[spec.extra.kind](spec.extra, player, () => renew());
  /** What is drawn: the chosen variant over the values, changed by what the visitor asked for. */
  const picture = () => {
    const variant = spec.variants[chosen];
    const plain = {
      columns: values.columns,
      ranges: values.ranges,
      note: values.note || "",
      data: variant.data,
      table: variant.table,
      mark: "",
    };
    return extra ? extra.apply(plain, values, variant) : plain;
  };
  const title = () => [spec.title, spec.variants[chosen].label, picture().mark].filter(Boolean).join(": ");
  const state = { chart, picture, plotly: () => P, title };
  function renew() {
    wanted = true;
    if (!values) return;
    const { columns, table, note: said, mark } = picture();
    note.textContent = said;
    note.classList.toggle("simulated", !!mark);
    if (!tablebox.hidden) tablebox.replaceChildren(makeTable(title(), table, columns));
    player.wake();
  }
  const pick = (i) => {
    chosen = i;
    renew();
  };
  if (spec.variants.length > 1)
    host.append(
      choice(
        spec.variants.map(({ label }) => label),
        spec.title,
        pick,
      ),
    );
  host.append(
    frame,
    tablebox,
    note,
    ...(extra ? [extra.box] : []),
    tools(spec, player, state, (on) => {
      tablebox.hidden = !on;
      frame.hidden = on;
      renew();
    }),
  );
  // while the film runs, charts out of sight wait: each redraw costs the main thread some 20 ms
  new IntersectionObserver(
    (seen) => {
      near = seen[seen.length - 1].isIntersecting;
      player.wake();
    },
    { rootMargin: "200px" },
  ).observe(host);
  plotly(player.options.plotly).then(
    (found) => {
      P = found;
      wanted = true;
      player.wake();
    },
    (error) => (chart.textContent = error.message),
  );

  const seek = (cycle) => player.seekCycle(cycle, cycle < 0 ? "prefill" : "commit");

  async function react() {
    busy = true;
    const began = performance.now();
    const variant = spec.variants[chosen];
    const { columns, data, ranges: limits } = picture();
    const ranges = Object.fromEntries(Object.entries(limits || {}).map(([axis, range]) => [axis, { range }]));
    const zoom = parseFloat(player.styled("zoom")) || 1;
    const layout = grown(filled(merged(merged(player.settings.layout, variant.layout), ranges), {}, player), zoom);
    const first = !chart.data;
    layout.uirevision = player.run + (limits ? "" : "/" + chosen); // what was zoomed stays so, until another run comes
    if (spec.zoom && fine.matches) for (const axis of [layout.xaxis, layout.yaxis]) axis.fixedrange = false;
    const traces = filled(data, columns, player).map((trace) => grownTrace(trace, zoom));
    await P.react(chart, traces, layout, { displayModeBar: false });
    if (first) {
      new ResizeObserver(() => P.Plots.resize(chart)).observe(frame);
      if (spec.seek) chart.on("plotly_click", (event) => seek(event.points[0][spec.seek] - 1));
      if (ruler) chart.on("plotly_afterplot", () => ruler.place(chart, values));
      if (ruler) ruler.place(chart, values);
    }
    cost = 0.7 * cost + 0.3 * (performance.now() - began);
    ready = performance.now() + Math.max(REST_MS, 3 * cost);
    busy = false;
  }

  function moveCursor(now) {
    const kind = spec.variants[chosen].cursor;
    const at = kind === "clock" ? now.clock : kind === "cycle" ? now.cycle + 1 : NaN;
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

  return {
    draw(state, facts) {
      values = { ...facts, ...state };
      renew();
    },
    waits: () => busy || !!(P && wanted && values && !frame.hidden),
    tick(now) {
      const due = !frame.hidden && (near || !chart.data || !now.playing);
      if (P && wanted && values && due && !busy && performance.now() >= ready && player.turn()) {
        wanted = false;
        react();
      }
      moveCursor(now);
      if (ruler) ruler.mark(now.cycle);
    },
    theme() {
      wanted = true;
    },
  };
}
