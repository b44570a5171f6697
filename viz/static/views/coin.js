/* The coin toss: a bar per guess with the number drawn for it, what is drawn at the cut, and how it could have gone. */

import { button, el, quoting } from "../player/dom.js";
import { cellText } from "../player/format.js";
import { fixed, percent, say } from "../player/messages.js";
import { keptBy, lengthChances, meanOf } from "./coin_rules.js";

/** @param {number} tenths of a percent, rounded down */
const share = (tenths) => (tenths ? "" : "< ") + percent((tenths || 1) / 1000, 1);

class Coin {
  later = true;
  calm = true;

  /**
   * @param {HTMLElement} host
   * @param {O.CoinSpec} spec
   * @param {O.Player} player
   */
  constructor(host, spec, player) {
    this.spec = spec;
    this.player = player;
    /** @type {O.Toss | null} */
    this.toss = null;
    /** @type {O.Inspected | null} */
    this.seen = null; // the block on show
    /** @type {number[] | null} */
    this.numbers = null; // of a toss that a visitor made
    this.why = el("p", "o-found");
    this.chart = el("div", "o-coins");
    this.chart.tabIndex = 0;
    this.chart.setAttribute("role", "group");
    this.said = el("div", "o-sentences");
    this.said.setAttribute("role", "status");
    this.lengths = el("div", "o-lengths");
    this.lengths.setAttribute("role", "img");
    this.about = el("p", "o-hint");
    this.again = button(say("coin.again"), () =>
      this.fill(this.toss ? this.toss.accept.map(() => Math.random()) : null),
    );
    this.back = button(say("coin.back"), () => this.fill(null));
    this.example = button(say("coin.open"), () => this.player.library?.open(spec.example));
    const kit = el("div", "o-kit");
    kit.append(this.again, this.back, this.example);
    host.append(this.why, this.chart, this.said, this.lengths, this.about, kit);
  }

  /** @param {number[] | null} numbers */
  fill(numbers) {
    this.numbers = numbers;
    this.show();
  }

  /** @returns {O.Inspected | null} */
  get block() {
    return this.player.state[this.spec.source].block;
  }

  /**
   * @param {{toss: O.Toss | null}} state
   */
  draw({ toss }) {
    if (toss !== this.toss) this.numbers = null;
    this.toss = toss;
    this.show();
  }

  /** Without a toss of its own the view follows the block. */
  tick() {
    if (!this.toss && this.block !== this.seen && !this.player.tabs.hides("coin")) this.show();
  }

  show() {
    const block = (this.seen = this.block);
    const coupling = this.player.facts.coin.coupling;
    const tossed = !!block && !!this.toss;
    const judged = !!block && !!block.own && block.ids.length > 0;
    for (const node of [this.lengths, this.about, this.again]) node.hidden = !tossed;
    this.chart.hidden = !(tossed || (coupling === "gumbel" && judged));
    this.back.hidden = !tossed || !this.numbers;
    const known = this.player.library?.runs.some(({ name }) => name === this.spec.example);
    this.example.hidden = coupling === "rejection" || !known;
    this.said.replaceChildren();
    this.why.textContent = "";
    if (block && this.toss) this.bars(block, this.toss);
    else if (!coupling) this.why.textContent = say("coin.greedy");
    else if (!block || !block.own) this.why.textContent = say("coin.later");
    else if (!block.ids.length) this.why.textContent = say("coin.none");
    else if (coupling === "gumbel") this.same(block);
    else this.why.textContent = say("coin.bare");
  }

  /** @param {number | undefined} id */
  quoted(id) {
    return id === undefined ? "" : "“" + cellText(this.player.word(id)) + "”";
  }

  /** @param {string[]} sentences */
  say(sentences) {
    const line = el("p");
    line.append(...quoting(sentences.join(" ")));
    this.said.append(line);
  }

  /**
   * @param {O.Inspected} block
   * @param {O.Toss} toss
   */
  bars(block, toss) {
    const numbers = this.numbers || toss.u;
    const n = keptBy(toss.accept, numbers);
    const recorded = block.status
      .split("")
      .filter((code) => this.player.settings.statuses[code].name === "accepted").length;
    const kept = this.numbers ? n : recorded;
    this.why.textContent = say("coin.kept", { n: kept, all: block.ids.length });
    this.chart.setAttribute("aria-label", say("coin.picture"));
    const ended = !this.numbers && block.unjudged === "ended"; // numbers behind the end of the text do not count
    const judged = ended ? kept : Math.min(kept + 1, numbers.length);
    this.chart.replaceChildren(
      ...block.ids.map((id, i) => this.bar(id, i, toss.accept[i], i < judged ? numbers[i] : undefined, i < kept)),
    );
    if (this.numbers) this.say([say("coin.simulated", { n })]);
    else this.say(this.recorded(block, toss, recorded));
    const chances = lengthChances(toss.accept);
    this.about.textContent = say("coin.lengths", { mean: fixed(meanOf(chances), 1) });
    this.lengths.setAttribute("aria-label", this.about.textContent);
    const most = Math.max(...chances);
    this.lengths.replaceChildren(
      ...chances.map((chance, k) => {
        const column = el("span", k === recorded ? "here" : "");
        const bar = el("b");
        bar.style.height = (100 * chance) / most + "%";
        column.append(bar, el("em", "", k));
        column.title = say("coin.length", { n: k, share: percent(chance, 1) });
        return column;
      }),
    );
  }

  /**
   * @param {number} id
   * @param {number} i
   * @param {number} chance
   * @param {number | undefined} number
   * @param {boolean} kept
   */
  bar(id, i, chance, number, kept) {
    const how = number === undefined ? "unjudged" : kept ? "kept" : "cut";
    const box = el("div", "o-coin");
    box.dataset.how = how;
    const well = el("div", "o-well");
    const bar = el("b");
    bar.style.height = 100 * chance + "%";
    well.append(bar);
    if (number !== undefined) {
      const dot = el("i");
      dot.style.bottom = 100 * number + "%";
      well.append(dot);
    }
    const sign = { kept: "✓", cut: "✗", unjudged: "⋯" }[how];
    const values = { slot: i + 1, guess: this.quoted(id), chance: fixed(chance, 2), number: fixed(number || 0, 2) };
    box.title = number === undefined ? say("coin.unjudged", values) : say("coin.slot", values);
    box.append(well, el("em", "", i + 1 + " " + sign), el("span", "o-verbatim", cellText(this.player.word(id))));
    return box;
  }

  /**
   * What was drawn at the cut, and from what.
   * @param {O.Inspected} block
   * @param {O.Toss} toss
   * @param {number} kept
   */
  recorded(block, toss, kept) {
    if (block.unjudged === "ended") return [say("coin.ended", { slot: kept })];
    if (kept >= toss.u.length) return [say("coin.all"), say("coin.why")];
    const found = [
      say("coin.cut", {
        slot: kept + 1,
        guess: this.quoted(block.ids[kept]),
        p: toss.p ? share(toss.p[kept]) : "?",
        q: toss.q ? share(toss.q[kept]) : "?",
        chance: fixed(toss.accept[kept], 2),
        number: fixed(toss.u[kept], 2),
      }),
    ];
    const { rest, rest_p: parts, mass } = toss;
    if (rest && parts && mass !== undefined) {
      const list = rest.flatMap((id, k) =>
        parts[k] ? say("coin.residual.token", { token: this.quoted(id), share: share(parts[k]) }) : [],
      );
      found.push(say("coin.residual", { mass: share(mass), list: list.join(", ") }));
    }
    return [...found, say("coin.why")];
  }

  /**
   * The coupling without a toss: the same random numbers for both views.
   * @param {O.Inspected} block
   */
  same(block) {
    const { own = [], ids } = block;
    const n = ids.findIndex((id, i) => id !== own[i]);
    const cut = n < 0 ? ids.length : n;
    this.why.textContent = say("coin.gumbel.none");
    this.chart.setAttribute("aria-label", say("coin.gumbel.picture"));
    this.chart.replaceChildren(
      ...ids.slice(0, cut + 1).map((id, i) => {
        const box = el("div", "o-rslot is-" + (i < cut ? "accepted" : "refused"));
        box.dataset.how = i < cut ? "own" : "cut";
        const [guess, choice] = [id, own[i]].map((each) => cellText(this.player.word(each)));
        box.append(
          el("i", "", i + 1 + (i < cut ? " ✓" : " ✗")),
          el("span", "o-verbatim", guess),
          el("em", "o-verbatim", choice),
        );
        return box;
      }),
    );
    const values = { slot: cut + 1, guess: this.quoted(ids[cut]), own: this.quoted(own[cut]) };
    this.say([n < 0 ? say("coin.gumbel.all") : say("coin.gumbel.cut", values)]);
    this.say([say("coin.gumbel.why")]);
  }
}

/**
 * @param {HTMLElement} host
 * @param {O.CoinSpec} spec
 * @param {O.Player} player
 */
export const coinPart = (host, spec, player) => new Coin(host, spec, player);
