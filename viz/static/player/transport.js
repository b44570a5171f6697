/* The transport bar: play, step, loop, scrub, speed. The keys for all of it are in keys.js. */

import { button, el, findAll } from "./dom.js";
import { cellText } from "./format.js";
import { listenToKeys } from "./keys.js";
import { SPEEDS } from "./speeds.js";

const PHASES = [
  ["draft", "1 Draft"],
  ["verify", "2 Verify"],
  ["commit", "3 Commit"],
];

/**
 * @param {string} text
 * @param {string} name
 * @param {() => unknown} act
 */
function iconButton(text, name, act) {
  const node = button(text, act);
  node.setAttribute("aria-label", name);
  node.title = name;
  return node;
}

/** @param {O.Player} player */
function speedMenu(player) {
  const menu = el("select", "o-speed");
  menu.setAttribute("aria-label", "Playback speed");
  SPEEDS.forEach((speed, i) => {
    const option = el("option", "", speed.label);
    option.value = String(i);
    menu.append(option);
  });
  menu.addEventListener("change", () => {
    player.head.intro = false;
    player.head.speed = SPEEDS[+menu.value];
    player.wake();
  });
  return menu;
}

/**
 * What a place on the track is about, before anybody goes there: its cycle, and what that wrote.
 * @param {O.Player} player
 * @param {number} i
 */
function preview(player, i) {
  const stop = player.stops[i];
  if (!stop || (i > player.at && player.root.classList.contains("asking"))) return ""; // the quiz is still open
  /** @type {O.Lane | undefined} */
  const rows = player.facts.race && player.facts.race.orthrus;
  const wrote = player.stops.find(({ c, p }) => c === stop.c && p === "commit");
  if (!wrote) return stop.p === "finish" ? "the end" : "the prompt";
  const text = rows ? rows.text.filter((_, k) => rows.cycle[k] === stop.c).join("") : "";
  return (
    "cycle " +
    (stop.c + 1) +
    ", " +
    stop.p +
    " · " +
    wrote.w +
    (wrote.w === 1 ? " token" : " tokens") +
    (text ? ": " + cellText(text) : "")
  );
}

/**
 * One tick a cycle, as high as it committed tokens, under a range input that seeks.
 * @param {O.Player} player
 */
function track(player) {
  const box = el("div", "o-track");
  const ticks = el("div", "o-ticks");
  ticks.setAttribute("aria-hidden", "true");
  const range = el("input", "o-range");
  range.type = "range";
  range.min = "0";
  range.setAttribute("aria-label", "Position in the run");
  range.addEventListener("input", () => {
    player.head.pause();
    player.head.seek(+range.value);
  });
  const peek = el("div", "o-peek");
  peek.hidden = true;
  peek.setAttribute("aria-hidden", "true"); // the range says the same in its value text
  /** @param {number} i */
  const show = (i) => {
    const text = preview(player, Math.round(i));
    peek.hidden = !text;
    if (!text) return;
    peek.textContent = text;
    const share = i / Math.max(1, +range.max);
    peek.style.left = 100 * share + "%";
    peek.style.transform = "translateX(" + -100 * share + "%)";
  };
  range.addEventListener("pointermove", (event) =>
    show(Math.max(0, Math.min(1, event.offsetX / range.clientWidth)) * +range.max),
  );
  range.addEventListener("input", () => show(+range.value));
  for (const gone of ["pointerleave", "blur"]) range.addEventListener(gone, () => (peek.hidden = true));
  box.append(ticks, range, peek);
  return { box, ticks, range };
}

/** @param {O.Player} player */
function steppers(player) {
  const head = player.head;
  const play = iconButton("▶", "Play", () => head.toggle());
  play.classList.add("o-play");
  const row = el("div", "o-buttons");
  row.append(
    iconButton("↤", "To the beginning", () => (head.pause(), head.seek(0))),
    iconButton("«", "One cycle back", () => head.stepCycle(-1)),
    iconButton("‹", "One phase back", () => head.step(-1)),
    play,
    iconButton("›", "One phase on", () => head.step(1)),
    iconButton("»", "One cycle on", () => head.stepCycle(1)),
    iconButton("↦", "To the end", () => (head.pause(), head.seek(player.stops.length - 1))),
  );
  const loop = iconButton("⟳", "Loop this cycle (L)", () => head.toggleLoop());
  row.append(loop);
  return { row, play, loop };
}

/**
 * Buttons of the parts that can be opened; one that is not ready yet (a tour of a run without an end) hides.
 * @param {O.Player} player
 */
function openers(player) {
  const found = Object.values(player.parts).flatMap(({ opens, ready }) =>
    opens ? [{ node: iconButton(...opens), ready: ready || (() => true) }] : [],
  );
  const check = () => found.forEach(({ node, ready }) => (node.hidden = !ready()));
  return { nodes: found.map(({ node }) => node), check };
}

/** @param {O.Player} player */
export function makeTransport(player) {
  const bar = player.bar;
  const head = player.head;
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Playback");
  const { row, play, loop } = steppers(player);
  const { box, ticks, range } = track(player);
  const steps = el("ol", "o-phases");
  const pills = PHASES.map(([key, text]) => {
    const pill = el("li", "", text);
    pill.dataset.phase = key;
    steps.append(pill);
    return pill;
  });
  const place = el("span", "o-place");
  const bars = el("div", "o-bars");
  bars.append(el("span", "o-barname", "tokens of each cycle"), box);
  const menu = speedMenu(player);
  const right = el("div", "o-right");
  const opened = openers(player);
  right.append(menu, ...opened.nodes, listenToKeys(player));
  bar.append(row, steps, place, bars, right);

  let drawn = "";
  return {
    changed() {
      opened.check();
      const cycles = player.stops.filter((stop) => stop.p === "commit");
      while (ticks.childElementCount > cycles.length) ticks.children[cycles.length].remove();
      for (let i = ticks.childElementCount; i < cycles.length; i++) ticks.append(el("i"));
      const most = Math.max(1, ...cycles.map((stop) => stop.w));
      findAll(ticks, "i").forEach((tick, i) => (tick.style.height = (100 * cycles[i].w) / most + "%"));
      range.max = String(Math.max(0, player.stops.length - 1));
      drawn = "";
    },
    /** @param {O.Now} now */
    tick(now) {
      const key = [now.at, head.playing, head.loop, player.ended, SPEEDS.indexOf(head.speed)].join();
      if (key === drawn) return;
      drawn = key;
      play.textContent = head.playing ? "❚❚" : "▶";
      play.title = head.playing ? "Pause" : "Play";
      play.setAttribute("aria-label", play.title);
      loop.setAttribute("aria-pressed", String(head.loop));
      const cycles = ticks.childElementCount;
      const known = now.cycle >= 0 && now.cycle < cycles;
      const where = known
        ? "cycle " + (now.cycle + 1) + " of " + cycles
        : now.phase === "finish"
          ? "finished"
          : now.phase && "prompt";
      place.textContent = where + (now.slowly ? ", shown slowly" : "");
      pills.forEach((pill) => pill.classList.toggle("on", pill.dataset.phase === now.phase));
      [...ticks.children].forEach(
        (tick, i) => (tick.className = i < now.cycle ? "past" : i === now.cycle ? "here" : ""),
      );
      range.value = String(Math.max(0, now.at));
      range.setAttribute("aria-valuetext", place.textContent + (known ? ", " + now.phase : ""));
      menu.value = String(SPEEDS.indexOf(head.speed));
    },
  };
}
