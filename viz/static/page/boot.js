/* The served page begins with the stage: it is mounted and plays before the framework, which brings the form, has begun. */

import { find, need } from "../player/dom.js";
import { speak } from "../player/messages.js";
import { mount } from "../player/player.js";
import { here } from "./address.js";
import { classHere, classroom } from "./classroom.js";
import { Gallery } from "./gallery.js";
import { served } from "./library.js";
import { dress, follow, land } from "./places.js";

/** Dark or light before the framework says so, by the same rule as it. */
function theme() {
  const asked = new URLSearchParams(location.search).get("__theme");
  const system = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const wanted = asked === "dark" || asked === "light" ? asked : system;
  document.body.classList.toggle("dark", wanted === "dark");
}

const CHART_MS = 2500; // at most so long does the framework wait for a chart
const FORM = ["#prompt textarea", "#run", "#status p", ".preset", ".runs", "#field-max_new_tokens input", "#about p"];

/** The form is shown once all of it is there: its parts come one after the other, and would push each other down. */
function formed() {
  const frame = need(document, "#frame");
  const look = () => {
    if (!FORM.every((part) => find(frame, part))) return;
    watcher.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => frame.classList.add("formed")));
  };
  const watcher = new MutationObserver(look);
  watcher.observe(frame, { childList: true, subtree: true });
  look();
}

/**
 * The framework begins behind the first frame of the stage, or behind the chart that an address asks for: either would
 * wait for most of a second beside it. Asked for as a file it is from the beginning.
 * @param {O.Player} player
 */
function framework(player) {
  const hint = document.querySelector("link#framework");
  if (!(hint instanceof HTMLLinkElement)) return;
  const script = document.createElement("script");
  Object.assign(script, { type: "module", crossOrigin: hint.crossOrigin, src: hint.href });
  const began = performance.now();
  const look = () => {
    const chart = find(player.root, ".o-panel:not([hidden]) .o-chart");
    const waits = chart && !find(chart, ".main-svg") && performance.now() - began < CHART_MS;
    if (waits) requestAnimationFrame(look);
    else document.head.append(script);
  };
  requestAnimationFrame(look);
  setTimeout(() => script.isConnected || document.head.append(script), 2 * CHART_MS); // a hidden tab has no frames
}

/** Another language is another document, of the same moment. */
function languages() {
  const menu = find(document, "#language");
  if (!(menu instanceof HTMLSelectElement)) return;
  const now = menu.value;
  menu.addEventListener("change", () => {
    const address = new URL(location.href);
    address.searchParams.set("lang", menu.value);
    menu.value = now; // as it stands there for who comes back
    location.assign(address.href);
  });
}

/**
 * The page that this document describes; none in a saved file.
 * @returns {void}
 */
export function boot() {
  const held = document.querySelector("script#o-page");
  if (!held) return;
  /** @type {O.Page} */
  const page = JSON.parse(held.textContent || "");
  dress();
  speak(page.settings);
  languages();
  theme();
  formed();
  const fields = here();
  const places = ["run", "cycle", "phase", "tab", "prompt", "chrome", "lesson", "present", "print"];
  const somewhere = places.some((name) => fields[name]);
  const player = mount(need(document, "#stage > .stage"), page.settings, {
    ...page.options,
    followBody: true,
    tour: !somewhere && !classHere(),
  });
  window.orthrusPlayer = player;
  const gallery = (window.orthrusGallery = new Gallery(player, page.runs, page.about));
  player.library = served(page, gallery);
  const stay = follow(player, (run) => gallery.open(run));
  gallery.opened = stay;
  const first = gallery.find(fields.run) || page.runs[0];
  const begin = () => {
    land(player, fields);
    classroom(player, gallery);
    need(document, "#stage").classList.remove("waits");
    framework(player);
  };
  if (first) gallery.show(first).then(begin, begin);
  else begin();
}
