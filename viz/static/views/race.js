/* The race: two texts that grow with one clock, the lanes' measured milliseconds or their forward passes. */

import { closest, el } from "../player/dom.js";
import { fixed, grouped, say } from "../player/messages.js";
import { raceClock } from "./race_clock.js";

const KEPT = 1000,
  STEP = 500; // tokens of a lane in the page; a longer text loses its beginning here

/**
 * How many of the sorted times are not later than `clock`.
 * @param {number[]} times
 * @param {number} clock
 */
function passed(times, clock) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (times[mid] <= clock) low = mid + 1;
    else high = mid;
  }
  return low;
}

/**
 * As viz/format.py writes it.
 * @param {number} ms
 */
const time = (ms) =>
  ms < 10000
    ? say("number.milliseconds", { value: ms < 100 ? fixed(ms, 1) : grouped(Math.round(ms)) })
    : say("number.seconds", { value: fixed(ms / 1000, 1) });

/**
 * How far the race has come on the clock `key`: milliseconds, or passes that have ended.
 * @param {Pick<O.RaceFacts, "orthrus" | "cycles" | "ar">} facts
 * @param {O.Clock} key
 * @param {Pick<O.Now, "clock" | "phase" | "share">} now
 */
export function raceAt({ orthrus, cycles, ar }, key, now) {
  if (key === "ms" || now.clock === Infinity) return now.clock + 1e-6;
  const first = orthrus.passes[0] || 0;
  if (!first || now.clock + 1e-6 < orthrus.ms[0]) return 0;
  const n = passed(cycles.ms, now.clock + 1e-6);
  const before = n ? cycles.passes[n - 1] : first;
  if (now.phase === "finish" && n === cycles.ms.length)
    return before + now.share * Math.max(0, ar.ms.length - before) + 1e-6;
  const begun = n ? cycles.ms[n - 1] : orthrus.ms[0];
  return before + (cycles.draft[n] > 0 && now.clock + 1e-6 >= begun + cycles.draft[n] ? 1 : 0);
}

/**
 * @param {O.RaceSpec["lanes"][0]} lane
 * @param {O.Player} player
 */
function makeLane({ key, name, about }, player) {
  const card = el("article", "o-lane o-lane-" + key);
  const top = el("div", "o-lanetop");
  const who = el("div");
  who.append(el("h3", "", name), el("p", "", about));
  const count = el("div", "o-count");
  const number = el("b", "", "0");
  count.append(number, el("span", "", say("race_page.tokens")));
  top.append(who, count);
  const bar = el("div", "o-progress");
  const done = el("i");
  bar.append(done);
  const box = el("div", "o-text");
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", say("race_page.text", { lane: name }));
  const text = el("div");
  box.append(text);
  // a new line is followed once the page is laid out: asking for the height earlier would lay it out twice
  new ResizeObserver(() => (box.scrollTop = box.scrollHeight)).observe(text);
  const foot = el("p", "o-foot");
  card.append(top, bar, box, foot);
  text.addEventListener("click", (event) => {
    const node = closest(event, "[data-cycle]");
    const cycle = node ? Number(node.dataset.cycle) : -1;
    if (cycle >= 0) player.seekCycle(cycle);
  });
  return { key, card, number, done, text, foot, shown: 0, from: 0, run: /** @type {string | undefined} */ (undefined) };
}

/**
 * @param {O.Lane} rows
 * @param {number} i
 * @param {O.Player} player
 */
function span(rows, i, player) {
  const node = el("span", "", rows.text[i]);
  const code = rows.by[i];
  if (code) {
    node.className = "is-" + player.settings.statuses[code].name;
    node.dataset.cycle = String(rows.cycle[i]);
  }
  return node;
}

/**
 * @param {ReturnType<typeof makeLane>} lane
 * @param {O.Lane} rows
 * @param {number} n
 * @param {O.Player} player
 */
function write(lane, rows, n, player) {
  const from = n <= KEPT ? 0 : Math.ceil((n - KEPT) / STEP) * STEP;
  if (n === lane.shown && from === lane.from) return;
  if (from !== lane.from) {
    lane.text.replaceChildren(...(from ? [el("i", "", "… ")] : []));
    lane.shown = lane.from = from;
  }
  while (lane.shown > n) {
    lane.text.children[lane.text.children.length - 1].remove();
    lane.shown--;
  }
  const more = document.createDocumentFragment();
  for (; lane.shown < n; lane.shown++) more.append(span(rows, lane.shown, player));
  lane.text.append(more);
}

/**
 * A lane's passes and time, the clock of the race first.
 * @param {O.Lane} rows
 * @param {number} n
 * @param {O.Clock} key
 * @param {O.Now} now
 * @param {ReturnType<typeof ending>} end
 */
function footer(rows, n, key, now, end) {
  const clock = end || key === "passes" || now.clock === Infinity ? rows.ms[n - 1] || 0 : now.clock;
  const count = (end && end.passes) || (n ? rows.passes[n - 1] : 0);
  const both = [say("count.forward-pass", { n: count }), time(clock)];
  const what = (key === "passes" ? both : both.reverse()).join(" · ");
  if (!end) return what;
  return end.stopped ? say("race_page.stopped", { what }) : say("race_page.finished", { what });
}

/**
 * How a lane ended, null before it has.
 * @param {O.RaceFacts} facts
 * @param {"orthrus" | "ar"} lane
 * @param {number} n
 * @param {O.Now} now
 */
function ending({ run, ...lanes }, lane, n, now) {
  if (!now.ended || !n || n < lanes[lane].ms.length) return null;
  const passes = lane === "orthrus" ? run.passes : undefined;
  return { passes, stopped: (run.stopped || []).includes(lane) };
}

/**
 * @param {HTMLElement} host
 * @param {O.RaceSpec} spec
 * @param {O.Player} player
 */
export function racePart(host, spec, player) {
  const box = el("div", "o-lanes");
  const lanes = spec.lanes.map((each) => makeLane(each, player));
  box.append(...lanes.map(({ card }) => card));
  const clock = raceClock(spec, player);
  host.append(box);
  let facts = spec.facts;
  player.race = clock;
  return {
    later: true,
    aside: { name: "axis", box: clock.box },
    /**
     * @param {object} state
     * @param {O.RaceFacts} news
     */
    draw(state, news) {
      facts = news;
      clock.draw(facts);
      for (const each of lanes) {
        const rows = facts[each.key];
        // a character split over tokens is completed by a later token: its first part's text changes
        for (let i = each.from; i < each.shown && i < rows.text.length; i++) {
          const node = each.text.children[i - each.from + (each.from ? 1 : 0)];
          if (node.textContent !== rows.text[i]) node.textContent = rows.text[i];
        }
        if (each.shown > rows.ms.length || each.run !== player.run) write(each, rows, 0, player);
        each.run = player.run;
      }
    },
    theme: () => clock.draw(facts),
    /** @param {O.Now} now */
    tick(now) {
      const key = clock.key();
      const at = raceAt(facts, key, now);
      clock.tick(now, at);
      for (const each of lanes) {
        const rows = facts[each.key];
        const n = passed(rows[key], at);
        write(each, rows, n, player);
        const limit = Math.max(facts.run.limit || 1, rows.ms.length);
        each.done.style.width = (100 * n) / limit + "%";
        const end = ending(facts, each.key, n, now);
        each.card.classList.toggle("finished", !!end && !end.stopped);
        if (each.number.textContent !== String(n)) each.number.textContent = String(n);
        const awaited = (facts.run.lanes || []).includes(each.key) && !now.ended;
        const none = awaited ? say("race_page.waiting") : say("race_page.unmeasured");
        const line = rows.ms.length ? footer(rows, n, key, now, end) : none;
        if (each.foot.textContent !== line) each.foot.textContent = line;
      }
    },
  };
}
