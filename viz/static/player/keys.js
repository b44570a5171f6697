/* The keyboard: one list for the help and for what the keys do. */

import { el } from "./dom.js";
import { raceMs, racePace } from "./speeds.js";

const KEYS = [
  ["Space", "play or pause"],
  ["← →", "one phase back or on"],
  ["Shift + ← →", "one cycle back or on"],
  ["Home, End", "first or last"],
  ["[ ]", "slower or faster"],
  ["L", "loop this cycle"],
  ["R", "run the race again"],
  ["I", "inspector"],
  ["Q", "quiz; N next, * takes all"],
  ["F", "full screen"],
  ["?", "this list"],
  ["Esc", "let go"],
];

/** Bring a view into sight, and the reader's focus with it. */
export function goTo(player, name) {
  const section = player.root.querySelector(".o-view.o-" + name);
  if (!section) return;
  const room = player.bar.getBoundingClientRect().height; // the bar sticks to the top
  section.style.scrollMarginTop = (getComputedStyle(player.bar).position === "sticky" ? room + 8 : 8) + "px";
  section.tabIndex = -1;
  section.focus({ preventScroll: true });
  section.scrollIntoView({ behavior: player.reduced.matches ? "auto" : "smooth", block: "start" });
}

function again(player) {
  const { head, stops } = player;
  const last = stops[stops.length - 1];
  if (!last) return;
  head.pause();
  head.seek(0);
  head.speed = racePace(raceMs(player));
  head.play();
  goTo(player, "race");
}

function fullscreen(player) {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (player.root.requestFullscreen) player.root.requestFullscreen().catch(() => {}); // a frame may forbid it
}

export function keysHelp(player) {
  const box = el("details", "o-help");
  box.append(el("summary", "o-button", "?"));
  box.firstChild.setAttribute("aria-label", "Keys");
  const list = el("dl", "o-keys");
  for (const [key, what] of KEYS) list.append(el("dt", "", key), el("dd", "", what));
  player.settings.places.forEach((name, i) =>
    list.append(el("dt", "", i + 1), el("dd", "", player.settings.views[name].title)),
  );
  const label = el("label", "", " keys on");
  const on = el("input");
  on.type = "checkbox";
  on.checked = true;
  on.addEventListener("change", () => (player.keysOff = !on.checked));
  label.prepend(on);
  const card = el("div", "o-pop");
  card.append(label, list);
  box.append(card);
  return box;
}

/** A part may own keys: {key: act}; it hears them wherever nobody types. */
function partsAct(player, key) {
  const owners = Object.values(player.parts).filter((part) => part.keys && part.keys[key]);
  owners.forEach((part) => part.keys[key]());
  return owners.length > 0;
}

function letter(player, help, key) {
  if (key === "Escape") help.open = false;
  if (partsAct(player, key)) return true;
  if (/^[1-9]$/.test(key) && player.settings.places[key - 1])
    return (goTo(player, player.settings.places[key - 1]), true);
  switch (key) {
    case "l":
      return (player.head.toggleLoop(), true);
    case "r":
      return (again(player), true);
    case "f":
      return (fullscreen(player), true);
    case "?":
      return ((help.open = !help.open), true);
  }
  return false;
}

function move(player, event) {
  const head = player.head;
  switch (event.key) {
    case " ":
      return (head.toggle(), true);
    case "ArrowRight":
      return (event.shiftKey ? head.stepCycle(1) : head.step(1), true);
    case "ArrowLeft":
      return (event.shiftKey ? head.stepCycle(-1) : head.step(-1), true);
    case "Home":
      return (head.pause(), head.seek(0), true);
    case "End":
      return (head.pause(), head.seek(player.stops.length - 1), true);
    case "[":
      return (head.faster(-1), true);
    case "]":
      return (head.faster(1), true);
  }
  return false;
}

export function listen(player, help) {
  const typing = "input:not([type=range]), textarea, select, [contenteditable=true]";
  const busy =
    "input, textarea, select, button, summary, a, [contenteditable=true], [role=option], [role=tab], [role=slider], [role=button]";
  const onKey = (event) => {
    if (!player.root.isConnected) return document.removeEventListener("keydown", onKey);
    if (player.keysOff || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const within = (selector) => event.target.closest && event.target.closest(selector);
    const named = /^([a-z1-9?*]|Escape)$/i.test(event.key);
    if (within(named ? typing : busy)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (named ? letter(player, help, key) : move(player, event)) event.preventDefault();
  };
  document.addEventListener("keydown", onKey);
}
