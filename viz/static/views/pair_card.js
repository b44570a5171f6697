/* One of the two pinned runs: which one, a strip of its cycles, its text. */

import { button, el } from "../player/dom.js";
import { fixed, grouped, say } from "../player/messages.js";
import { totals } from "./pair_runs.js";

/**
 * @param {HTMLSelectElement} menu
 * @param {{name: string, title: string}[]} choices
 * @param {string} name
 */
function fillMenu(menu, choices, name) {
  menu.replaceChildren(
    ...choices.map((each) => {
      const option = el("option", "", each.title);
      option.value = each.name;
      return option;
    }),
  );
  menu.value = name;
}

/**
 * @param {O.CycleBox} cycle
 * @param {number} length
 * @param {number} most
 */
function box({ from, to, n, kept }, length, most) {
  const wide = (to - from) / length;
  const node = el("i", "o-cbox");
  node.style.left = (100 * from) / length + "%";
  node.style.width = 100 * wide + "%";
  const bar = el("b");
  bar.style.setProperty("--tall", String(n / most));
  bar.style.setProperty("--kept", (n ? (100 * kept) / n : 0) + "%");
  node.append(bar, el("em", "", wide > 0.018 ? n : "")); // a number that is cut says nothing
  return node;
}

/**
 * @param {O.Side} side
 * @param {O.Player} player
 * @param {{choose(i: number, name: string): unknown, fromStage(i: number): unknown}} pair
 */
export function runCard(side, player, pair) {
  const i = side === "A" ? 0 : 1;
  const lane = el("article", "o-pinned");
  const menu = el("select", "o-speed");
  menu.setAttribute("aria-label", say("pair.pick", { side }));
  menu.addEventListener("change", () => pair.choose(i, menu.value));
  const take = button(say("pair.pin", { side }), () => pair.fromStage(i));
  const rate = el("b", "o-pairrate");
  const count = el("span", "o-count");
  const top = el("div", "o-pintop");
  const said = el("p", "o-hint");
  said.append(rate, " ", say("pair.rate"), el("br"), count);
  top.append(el("b", "o-side", side), menu, take, said);
  const strip = el("div", "o-cycles");
  strip.setAttribute("role", "img");
  const bars = el("div", "o-cboxes");
  strip.append(bars);
  lane.append(top, strip);
  const text = el("div", "o-text o-pairtext");
  text.tabIndex = 0;
  text.setAttribute("role", "group");
  text.setAttribute("aria-label", say("pair.text", { side }));
  const words = el("div");
  text.append(el("b", "o-side", side), words);
  let shown = 0; // tokens

  return {
    lane,
    text,
    /** @type {O.Pin | null} */
    pin: null,
    /** @param {{name: string, title: string}[]} choices */
    list(choices) {
      if (this.pin) fillMenu(menu, choices, this.pin.name);
    },
    /** @param {boolean} ended whether the run on the stage can be pinned */
    stage(ended) {
      take.disabled = !ended;
      take.title = ended ? "" : say("pair.unready");
    },
    /**
     * @param {O.CycleBox[]} cycles
     * @param {number} length of the axis
     * @param {number} most tokens of a cycle in either run
     */
    build(cycles, length, most) {
      if (!this.pin) return;
      bars.replaceChildren(...cycles.map((each) => box(each, length, most)));
      const sums = totals(this.pin);
      rate.textContent = fixed(sums.rate, 1);
      strip.setAttribute(
        "aria-label",
        say("pair.strip", {
          side,
          title: this.pin.title,
          rate: fixed(sums.rate, 1),
          tokens: say("count.token", { n: sums.tokens }),
          passes: say("count.forward-pass", { n: sums.passes }),
        }),
      );
      const { orthrus } = this.pin.race;
      shown = orthrus.text.length;
      words.replaceChildren(
        ...orthrus.text.map((piece, k) =>
          el("span", orthrus.by[k] ? "is-" + player.settings.statuses[orthrus.by[k]].name : "", piece),
        ),
      );
    },
    /**
     * @param {{tokens: number, passes: number, ms: number}} now
     * @param {number} share of the axis
     */
    show({ tokens, passes, ms }, share) {
      if (!this.pin) return;
      bars.style.clipPath = "inset(0 " + 100 * (1 - share) + "% 0 0)";
      const all = this.pin.race.orthrus.ms.length;
      count.textContent = say("pair.count", {
        tokens,
        all,
        passes: say("count.forward-pass", { n: passes }),
        time: say("number.milliseconds", { value: grouped(Math.round(ms)) }),
      });
      const nodes = words.children;
      for (; shown < tokens; shown++) nodes[shown].classList.remove("ahead");
      for (; shown > tokens; shown--) nodes[shown - 1].classList.add("ahead");
      const last = /** @type {HTMLElement | undefined} */ (nodes[tokens - 1]);
      text.scrollTop = last && share < 1 ? last.offsetTop - text.clientHeight / 2 : 0;
    },
  };
}
