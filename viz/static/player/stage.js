/* The stage: one section a view, the transport bar behind the race, the other views in tabs, dark or light. */

import { el, need } from "./dom.js";
import { linksPart } from "../page/places.js";
import { lessonPart } from "../views/lesson.js";
import { PARTS } from "../views/parts.js";

/**
 * @param {string} name
 * @param {O.Spec} spec
 */
function sectionOf(name, spec) {
  const section = el("section", "o-view o-" + name + (spec.kind === "plot" ? " o-plot" : ""));
  section.setAttribute("aria-label", spec.title || name);
  if (spec.title) section.append(el("h2", "o-title", spec.title));
  if (spec.hint) section.append(el("p", "o-hint", spec.hint));
  return section;
}

/**
 * A lesson's card, behind the tour's; its list stands in a tab.
 * @param {O.Player} player
 * @param {Record<string, HTMLElement>} below
 */
function lessons(player, below) {
  const section = sectionOf("lesson", player.settings.lesson);
  const { part, list } = lessonPart(section, player.settings.lesson, player);
  player.parts.lesson = part;
  below.class = list;
  return section;
}

/**
 * The page: one section a view in the catalogue's order, the transport bar behind the race; then the tabs.
 * @param {O.Player} player
 */
export function buildStage(player) {
  const root = player.root;
  root.classList.add("orthrus");
  root.replaceChildren();
  player.voice.setAttribute("aria-live", "polite");
  const { tabs } = player;
  /** @type {Record<string, HTMLElement>} */
  const below = {};
  for (const [name, spec] of Object.entries(player.settings.views)) {
    const make = PARTS[spec.kind];
    if (!make) continue;
    const section = sectionOf(name, spec);
    if (tabs.of(name)) below[name] = section;
    else root.append(section);
    const part = (player.parts[name] = make(section, spec, player));
    if (part.aside) below[part.aside.name] = part.aside.box;
    if (spec.kind === "tour") root.append(lessons(player, below));
    if (spec.kind !== "lanes") continue;
    need(section, ".o-lanes").append(player.measuring.box);
    root.append(player.bar);
  }
  const links = (player.parts.links = linksPart(player));
  if (links.aside) below.links = links.aside.box;
  tabs.fill(below);
  root.append(tabs.box, player.voice);
  followTheme(player);
}

/**
 * Dark or light: the page's body class where there is one to follow, else the system's wish.
 * @param {O.Player} player
 */
function followTheme(player) {
  const wish = window.matchMedia("(prefers-color-scheme: dark)");
  const set = () => {
    const dark = player.options.followBody ? document.body.classList.contains("dark") : wish.matches;
    player.root.dataset.theme = player.options.theme || (dark ? "dark" : "light");
    player.styles = {};
    for (const part of Object.values(player.parts)) if (part.theme) part.theme();
    player.wake();
  };
  for (const query of [
    wish,
    window.matchMedia("(prefers-contrast: more)"),
    window.matchMedia("(forced-colors: active)"),
  ])
    query.addEventListener("change", set);
  if (player.options.followBody)
    new MutationObserver(set).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  window.addEventListener("resize", () => (player.styles = {})); // on very wide screens the page is zoomed
  player.setTheme = (mode) => {
    player.options.theme = mode;
    set();
  };
  set();
}
