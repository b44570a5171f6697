/* One pass of a cycle as a picture: a row per slot, with what it may see and where its attention goes. */

import { el } from "../player/dom.js";
import { percent, say } from "../player/messages.js";
import { placesOf } from "./looks_run.js";

export const BUCKETS = ["first", "prompt", "text", "anchor", "left", "own", "right"];
const CACHED = 3; // the first buckets lie in the shared cache

/**
 * The background of a row of the mask: one cell per row of the block, seen or not.
 * @param {number[]} seen
 * @param {number} width
 */
function painted(seen, width) {
  const cells = Array.from({ length: width }, (_, i) => (seen.includes(i) ? "var(--seen)" : "transparent"));
  const stops = cells.map((cell, i) => `${cell} ${(100 * i) / width}% ${(100 * (i + 1)) / width}%`);
  const cell = 100 / width + "%";
  const grid = `transparent 0 calc(${cell} - 1px), var(--o-card) calc(${cell} - 1px) ${cell}`;
  return `repeating-linear-gradient(90deg, ${grid}), linear-gradient(90deg, ${stops})`;
}

export function legend() {
  const box = el("div", "o-legend");
  BUCKETS.forEach((name, i) => {
    if (!i) box.append(el("b", "", say("looks.group.cache")));
    if (i === CACHED) box.append(el("b", "", say("looks.group.block")));
    const item = el("span", "o-key");
    item.append(el("i", "o-mass is-" + name), say("looks.bucket." + name));
    box.append(item);
  });
  return box;
}

/**
 * @param {O.LooksCycle} cycle
 * @param {O.Pass} pass
 * @param {number[][]} rows what each may see of the block
 * @param {number[][]} shares of each, or none
 * @param {O.LooksActs} acts
 */
export function panel(cycle, pass, rows, shares, acts) {
  const box = el("div", "o-look is-" + pass + (shares.length ? " massed" : ""));
  box.append(el("h3", "", say("looks.pass." + pass)));
  if (!rows.length) {
    box.append(el("p", "o-note", say("looks.no-draft." + cycle.drafter)));
    return box;
  }
  const head = el("div", "o-lookrow o-lookhead");
  head.append(el("b"), el("span", "", say("looks.head.cache", { n: cycle.before.length })));
  head.append(el("span", "", say("looks.head.block")));
  if (shares.length) head.append(el("span", "", say("looks.head.share")));
  const list = el("div", "o-lookrows");
  list.tabIndex = 0;
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", say("looks.pass." + pass));
  list.append(...rows.map((seen, i) => line(seen, i, rows.length, shares[i], acts)));
  list.addEventListener("keydown", (event) => acts.walk(event, rows.length));
  box.append(head, list);
  const branches = pass === "verify" && cycle.parents.length;
  if (shares.length) box.append(el("p", "o-looksum", summed(shares)));
  else if (branches) box.append(el("p", "o-looksum", say("looks.branches", { n: branches })));
  return box;
}

/** @param {number[][]} shares */
function summed(shares) {
  const places = shares.map(placesOf);
  /** @type {(name: "cache" | "right") => string} */
  const mean = (name) => percent(places.reduce((sum, each) => sum + each[name], 0) / places.length, 1);
  return say("looks.sum", { cache: mean("cache"), right: mean("right") });
}

/**
 * @param {number[]} seen
 * @param {number} i
 * @param {number} width
 * @param {number[] | undefined} shares
 * @param {O.LooksActs} acts
 */
function line(seen, i, width, shares, acts) {
  const row = el("div", "o-lookrow");
  row.dataset.slot = String(i);
  const mask = el("i", "o-mask");
  mask.style.background = painted(seen, width);
  row.append(el("b", "", i % 4 ? "" : i), el("i", "o-seencache"), mask);
  row.addEventListener("pointerenter", () => acts.point(i));
  if (!shares) return row;
  const bar = el("span", "o-massbar");
  shares.forEach((share, k) => {
    const piece = el("i", "o-mass is-" + BUCKETS[k]);
    piece.style.width = 100 * share + "%";
    bar.append(piece);
  });
  row.append(bar);
  return row;
}
