/* The transport bar: play, step, loop, scrub, speed. The keys for all of it are in keys.js. */

import { button, el, findAll } from "./dom.js";
import { say } from "./messages.js";
import { cellText } from "./format.js";
import { listenToKeys } from "./keys.js";
import { labelOf, SPEEDS } from "./speeds.js";

const PHASES = ["draft", "verify", "commit"];

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
  menu.setAttribute("aria-label", say("player.speeds"));
  SPEEDS.forEach((speed, i) => {
    const option = el("option", "", labelOf(speed));
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
  if (!wrote) return stop.p === "finish" ? say("player.the-end") : say("player.the-prompt");
  const text = rows ? rows.text.filter((_, k) => rows.cycle[k] === stop.c).join("") : "";
  const phase = say("player.phase." + stop.p);
  return say("player.peek", { cycle: stop.c + 1, phase, n: wrote.w }) + (text ? ": " + cellText(text) : "");
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
  range.setAttribute("aria-label", say("player.position"));
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
  const play = iconButton("▶", say("player.play"), () => head.toggle());
  play.classList.add("o-play");
  const row = el("div", "o-buttons");
  row.append(
    iconButton("↤", say("player.beginning"), () => (head.pause(), head.seek(0))),
    iconButton("«", say("player.cycle-back"), () => head.stepCycle(-1)),
    iconButton("‹", say("player.phase-back"), () => head.step(-1)),
    play,
    iconButton("›", say("player.phase-on"), () => head.step(1)),
    iconButton("»", say("player.cycle-on"), () => head.stepCycle(1)),
    iconButton("↦", say("player.end"), () => (head.pause(), head.seek(player.stops.length - 1))),
  );
  const loop = iconButton("⟳", say("player.loop"), () => head.toggleLoop());
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
  bar.setAttribute("aria-label", say("player.playback"));
  const { row, play, loop } = steppers(player);
  const { box, ticks, range } = track(player);
  const steps = el("ol", "o-phases");
  const pills = PHASES.map((key) => {
    const pill = el("li", "", say("player.step." + key));
    pill.dataset.phase = key;
    steps.append(pill);
    return pill;
  });
  const place = el("span", "o-place");
  const bars = el("div", "o-bars");
  bars.append(el("span", "o-barname", say("player.bars")), box);
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
      play.title = head.playing ? say("player.pause") : say("player.play");
      play.setAttribute("aria-label", play.title);
      loop.setAttribute("aria-pressed", String(head.loop));
      const cycles = ticks.childElementCount;
      const known = now.cycle >= 0 && now.cycle < cycles;
      const where = known
        ? say("player.place", { cycle: now.cycle + 1, n: cycles })
        : now.phase === "finish"
          ? say("player.finished")
          : now.phase && say("player.prompt");
      place.textContent = now.slowly ? say("player.slowly", { place: where }) : where;
      pills.forEach((pill) => pill.classList.toggle("on", pill.dataset.phase === now.phase));
      [...ticks.children].forEach(
        (tick, i) => (tick.className = i < now.cycle ? "past" : i === now.cycle ? "here" : ""),
      );
      range.value = String(Math.max(0, now.at));
      range.setAttribute("aria-valuetext", place.textContent + (known ? ", " + say("player.phase." + now.phase) : ""));
      menu.value = String(SPEEDS.indexOf(head.speed));
    },
  };
}
