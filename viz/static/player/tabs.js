/* Below the stage: one tab a group of views, as the catalogue's table has them. Only the open one is drawn. */

import { announce, el, find } from "./dom.js";
import { say } from "./messages.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

export class Tabs {
  /** @param {O.Player} player */
  constructor(player) {
    this.player = player;
    this.all = player.settings.tabs;
    this.open = this.all[0].key;
    this.box = el("section", "o-tabs");
    this.box.setAttribute("aria-label", say("player.tabs"));
    this.list = el("div", "o-tablist");
    this.list.setAttribute("role", "tablist");
    this.list.setAttribute("aria-label", say("player.views"));
    this.list.addEventListener("keydown", (event) => this.walk(event));
    this.panels = this.all.map((tab) => this.panel(tab));
    this.buttons = this.all.map((tab) => this.button(tab));
    this.list.append(...this.buttons);
    this.box.append(this.list, ...this.panels);
    this.mark();
  }

  /** @param {O.Tab} tab */
  panel({ key }) {
    const panel = el("div", "o-panel o-panel-" + key);
    panel.id = "o-panel-" + key;
    panel.tabIndex = 0;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", "o-tab-" + key);
    return panel;
  }

  /** @param {O.Tab} tab */
  button({ key, label }) {
    const node = el("button", "o-tab", label);
    node.type = "button";
    node.id = "o-tab-" + key;
    node.setAttribute("role", "tab");
    node.setAttribute("aria-controls", "o-panel-" + key);
    node.addEventListener("click", () => this.choose(key));
    return node;
  }

  /** @param {KeyboardEvent} event */
  walk({ key, target }) {
    const at = this.buttons.indexOf(/** @type {HTMLButtonElement} */ (target));
    const last = this.buttons.length - 1;
    const by = STEPS[/** @type {keyof typeof STEPS} */ (key)];
    const to = key === "Home" ? 0 : key === "End" ? last : by ? (at + by + last + 1) % (last + 1) : -1;
    if (at < 0 || to < 0) return;
    this.buttons[to].focus();
    this.choose(this.all[to].key);
  }

  /**
   * The tab a view stands in; none for a view of the stage.
   * @param {string} name
   */
  of(name) {
    return this.all.find(({ views }) => views.includes(name));
  }

  /**
   * Every panel's views, in the order of the table.
   * @param {Record<string, HTMLElement>} sections
   */
  fill(sections) {
    this.all.forEach(({ views }, i) =>
      this.panels[i].append(...views.filter((name) => name in sections).map((name) => sections[name])),
    );
  }

  /**
   * Whether a view stands in a tab that is not open.
   * @param {string} name
   */
  hides(name) {
    const tab = this.of(name);
    return !!tab && tab.key !== this.open;
  }

  /**
   * Open a tab; false if there is none of that name.
   * @param {string} key
   */
  show(key) {
    const tab = this.all.find((each) => each.key === key);
    if (!tab) return false;
    if (key === this.open) return true;
    this.open = key;
    this.mark();
    this.centre(this.buttons[this.all.indexOf(tab)]);
    for (const name of tab.views) this.player.dirty.add(name);
    this.player.wake();
    return true;
  }

  /**
   * The same by a visitor's hand: the page's address hears of it.
   * @param {string} key
   */
  choose(key) {
    if (key === this.open) return;
    this.show(key);
    announce(this.player.root, "o-tab", key);
  }

  /**
   * Open the tab that a view stands in, if it stands in one.
   * @param {string} name
   */
  reveal(name) {
    const tab = this.of(name);
    if (tab) this.show(tab.key);
  }

  /**
   * On a narrow screen the row of tabs scrolls; the page stays where it is.
   * @param {HTMLElement} button
   */
  centre(button) {
    const [row, own] = [this.list, button].map((node) => node.getBoundingClientRect());
    this.list.scrollLeft += own.left + own.width / 2 - row.left - row.width / 2;
  }

  mark() {
    this.all.forEach(({ key }, i) => {
      const on = key === this.open;
      this.buttons[i].setAttribute("aria-selected", String(on));
      this.buttons[i].tabIndex = on ? 0 : -1;
      this.panels[i].hidden = !on;
    });
  }
}

/**
 * Bring a view into sight, its tab opened, and the reader's focus with it.
 * @param {O.Player} player
 * @param {string} name
 */
export function goTo(player, name) {
  const tab = player.tabs.of(name);
  if (tab) player.tabs.choose(tab.key);
  const section = find(player.root, ".o-view.o-" + name);
  if (!section) return;
  const room = player.bar.getBoundingClientRect().height; // the bar sticks to the top
  section.style.scrollMarginTop = (getComputedStyle(player.bar).position === "sticky" ? room + 8 : 8) + "px";
  section.tabIndex = -1;
  section.focus({ preventScroll: true });
  section.scrollIntoView({ behavior: player.reduced.matches ? "auto" : "smooth", block: "start" });
}
