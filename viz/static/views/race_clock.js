/* The race as two bars on one axis: a tick per token for plain decoding, a bar per cycle for Orthrus. The axis counts
 * measured milliseconds or forward passes; either way nothing is drawn before the playhead's clock has reached it.
 */

import { button, el } from "../player/dom.js";
import { say } from "../player/messages.js";
import { makeTable, tableBox, tableToggle } from "../player/table.js";
import { goTo } from "../player/tabs.js";

const ROW = 22,
  GAP = 8,
  LEFT = 2; // px
const HEIGHT = 2 * ROW + GAP + 16;

/**
 * Where the lanes' parts begin and end on the chosen axis.
 * @param {O.RaceFacts} facts
 * @param {O.Clock} key
 */
function geometry(facts, key) {
  const { cycles, orthrus, ar } = facts;
  const ends = cycles[key];
  const bars = ends.map((end, i) => {
    const [draft, verify] = key === "ms" ? [cycles.draft[i], cycles.verify[i]] : [cycles.draft[i] > 0 ? 1 : 0, 1];
    const from = i ? ends[i - 1] : orthrus[key][0];
    return { from, draft, verify, end, n: cycles.n[i] };
  });
  /** @param {number[]} column */
  const last = (column) => (column.length ? column[column.length - 1] : 0);
  return {
    bars,
    ticks: ar[key],
    start: orthrus[key][0] || 0,
    end: Math.max(last(ends), last(ar[key]), orthrus[key][0] || 0),
  };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {ReturnType<typeof geometry>} shape
 * @param {number} reached
 * @param {O.Player} player
 */
function paint(canvas, width, { bars, ticks, start, end }, reached, player) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(HEIGHT * scale);
  const c = canvas.getContext("2d");
  if (!c) return;
  c.scale(scale, scale);
  /** @param {number} value */
  const x = (value) => LEFT + ((width - 2 * LEFT) * value) / (end || 1);
  const colours = Object.fromEntries(["ar", "soft", "line", "ink"].map((name) => [name, player.colour(name)]));
  /**
   * @param {number} from
   * @param {number} to
   * @param {number} y
   * @param {string} colour
   */
  const block = (from, to, y, colour) => {
    c.fillStyle = colours[colour];
    c.fillRect(x(from), y, Math.max(1, x(to) - x(from) - 0.5), ROW);
  };
  c.fillStyle = colours.line;
  for (const y of [0, ROW + GAP]) c.fillRect(LEFT, y + ROW - 2, width - 2 * LEFT, 2);
  let before = 0;
  for (const at of ticks) {
    if (at > reached) break;
    block(before, at, 0, "ar");
    before = at;
  }
  c.font = "11px system-ui, sans-serif";
  c.textAlign = "center";
  if (bars.length && reached >= start) {
    block(0, start, ROW + GAP, "line");
    c.fillStyle = colours.soft;
    if (x(start) - x(0) > 40) c.fillText(say("race_page.prompt"), x(start / 2), 2 * ROW + GAP + 13);
  }
  for (const bar of bars) {
    if (bar.end > reached) break;
    block(bar.from, bar.from + bar.draft, ROW + GAP, "soft");
    block(bar.from + bar.draft, bar.from + bar.draft + bar.verify, ROW + GAP, "ink");
    c.fillStyle = colours.ink;
    if (x(bar.end) - x(bar.from) > 15) c.fillText(String(bar.n), x((bar.from + bar.end) / 2), 2 * ROW + GAP + 13);
  }
}

/**
 * Both lanes as columns, as far as the race has come on the clock `key`.
 * @param {O.RaceFacts} facts
 * @param {O.Clock} key
 * @param {number} reached
 */
export function raceColumns({ cycles, ar }, key, reached) {
  /** @param {number[]} ends */
  const passed = (ends) => ends.filter((end) => end <= reached).length;
  const n = passed(cycles[key]),
    m = passed(ar[key]);
  /** @param {number} most */
  const count = (most) => Array.from({ length: most }, (_, i) => i + 1);
  const cut = Object.fromEntries(Object.entries(cycles).map(([name, column]) => [name, column.slice(0, n)]));
  return { ...cut, cycle: count(n), token: count(m), ar_ms: ar.ms.slice(0, m) };
}

/**
 * @param {O.RaceSpec} spec
 * @param {O.Player} player
 */
export function raceClock(spec, player) {
  const box = el("section", "o-view o-axis");
  box.setAttribute("aria-label", say("race_page.axis", { title: spec.title }));
  const choice = el("div", "o-choice");
  const canvas = el("canvas");
  const result = el("p", "o-result");
  const why = el("p", "o-why");
  let facts = spec.facts;
  /** @type {O.Clock | null} */
  let picked = null;
  let key = spec.clocks[0].key;
  /** @type {ReturnType<typeof geometry> | null} */
  let shape = null;
  let drawn = "";
  let width = 0;
  const buttons = spec.clocks.map((each) => {
    const node = el("button", "", each.label);
    node.type = "button";
    node.addEventListener("click", () => {
      picked = each.key;
      choose();
      player.wake();
    });
    choice.append(node);
    return node;
  });
  const mark = () =>
    buttons.forEach((node, i) => node.setAttribute("aria-pressed", String(spec.clocks[i].key === key)));
  /** The run's own choice of a clock holds until the visitor makes one. */
  const choose = () => {
    key = picked || facts.run.clock || spec.clocks[0].key;
    shape = null;
    mark();
  };
  mark();
  canvas.style.height = HEIGHT + "px";
  canvas.setAttribute("role", "img");
  const top = el("div", "o-clocktop");
  const hint = say("race_page.hint");
  const tablebox = tableBox();
  const kit = el("div", "o-kit");
  kit.append(
    choice,
    tableToggle((on) => {
      [tablebox.hidden, canvas.hidden, drawn] = [!on, on, ""];
      player.wake();
    }),
  );
  top.append(el("p", "o-hint", hint), kit);
  box.append(top, canvas, tablebox, result, why);
  // the observer's width: asking the canvas for it would lay the page out in the middle of a frame
  new ResizeObserver(([seen]) => (([width, drawn] = [seen.contentRect.width, ""]), player.wake())).observe(canvas);
  canvas.addEventListener("click", (event) => {
    if (!shape) return;
    const at = (event.offsetX / canvas.clientWidth) * shape.end;
    const i = shape.bars.findIndex(({ end }) => end >= at);
    if (i >= 0) player.seekCycle(i);
  });

  /**
   * @param {O.RaceFacts["run"]} run
   * @param {boolean} over
   */
  function finish(run, over) {
    result.replaceChildren();
    result.textContent = over ? run.result || "" : "";
    why.textContent = over ? run.why || "" : "";
    canvas.setAttribute("aria-label", [hint, result.textContent, why.textContent].join(" "));
    if (!over || !run.lost) return;
    why.append(
      " ",
      button(say("race_page.break-even"), () => goTo(player, "timeline")),
    );
  }

  return {
    box,
    key: () => key,
    /** @param {O.Clock | null} clock */
    pick: (clock) => ((picked = clock), choose(), player.wake()),
    /** Passes that plain decoding makes after Orthrus has ended, per pass of Orthrus; null on the other clock. */
    lag() {
      const passes = facts.orthrus.passes,
        last = passes[passes.length - 1];
      return key === "passes" && last ? Math.max(0, facts.ar.ms.length / last - 1) : null;
    },
    /** @param {O.RaceFacts} news */
    draw(news) {
      facts = news;
      choose();
    },
    /**
     * @param {O.Now} now
     * @param {number} reached
     */
    tick(now, reached) {
      if (!shape) {
        shape = geometry(facts, key);
        drawn = "";
      }
      const passed =
        shape.bars.filter(({ end }) => end <= reached).length + shape.ticks.filter((at) => at <= reached).length;
      const over = now.ended && passed === shape.bars.length + shape.ticks.length;
      const wanted = [passed, over, player.root.dataset.theme].join();
      if (wanted === drawn || player.tabs.hides("axis")) return;
      drawn = wanted;
      if (tablebox.hidden) paint(canvas, width, shape, reached, player);
      else tablebox.replaceChildren(makeTable(spec.title, spec.table, raceColumns(facts, key, reached)));
      finish(facts.run, over);
    },
  };
}
