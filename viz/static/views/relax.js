/* Relax the judge: the block on show by another rule, slot by slot, and what that says of the run. */

import { button, choice, el, quoting } from "../player/dom.js";
import { cellText } from "../player/format.js";
import { fixed, percent, say } from "../player/messages.js";
import { judgedBlocks, overRun, relaxed } from "./relax_rules.js";

/** @type {O.JudgeRule[]} */
const RULES = [
  { key: "exact", least: 0 },
  { key: "top2", least: 2 },
  { key: "top5", least: 5 },
  { key: "share", least: 10 },
];
/** @type {Record<string, [sign: string, status: string]>} */
const SIGNS = {
  own: ["✓", "accepted"],
  let: ["≈", "refused"],
  cut: ["✗", "refused"],
  open: ["⋯", "discarded"],
  unknown: ["?", "discarded"],
};

class Relax {
  later = true;
  calm = true;

  /**
   * @param {HTMLElement} host
   * @param {O.RelaxSpec} spec
   * @param {O.Player} player
   */
  constructor(host, spec, player) {
    this.spec = spec;
    this.player = player;
    this.rule = RULES[0];
    /** @type {O.Inspected | null | undefined} */
    this.block = undefined; // the one that is drawn
    this.badge = el("span", "o-badge");
    this.badge.setAttribute("role", "status");
    this.said = el("p", "o-found");
    this.row = el("div", "o-relaxed");
    this.row.tabIndex = 0;
    this.row.setAttribute("role", "group");
    this.row.setAttribute("aria-label", say("relax.picture"));
    this.why = el("div", "o-sentences");
    this.next = button(say("relax.next"), () => this.seek());
    host.append(this.tools(), this.said, this.row, this.why);
  }

  /** @param {O.JudgeRule} rule */
  pick(rule) {
    this.rule = rule;
    this.show();
  }

  tools() {
    const kit = el("div", "o-kit");
    const { from, to, step, value } = this.spec.share;
    const line = el("label", "o-knob");
    const range = el("input");
    Object.assign(range, { type: "range", min: from, max: to, step, value });
    const now = el("output", "", percent(value / 100));
    line.append(el("span", "", say("relax.share")), range, now);
    line.hidden = true;
    range.addEventListener("input", () => {
      now.textContent = percent(Number(range.value) / 100);
      this.pick({ key: "share", least: Number(range.value) });
    });
    const rules = choice(
      RULES.map(({ key }) => say("relax.rule." + key)),
      say("relax.rules"),
      (i) => {
        line.hidden = RULES[i].key !== "share";
        this.pick(line.hidden ? RULES[i] : { key: "share", least: Number(range.value) });
      },
    );
    kit.append(el("span", "o-hint", say("relax.rules")), rules, line, this.badge, this.next);
    return kit;
  }

  /** Every judged block of the run by the rule. */
  get all() {
    return judgedBlocks(this.player.stops, this.spec.source).map((block) => this.by(block));
  }

  /** To the next block that would change, from the first on behind the last one. */
  seek() {
    const changing = this.all.flatMap(({ let: through }, cycle) => (through.length ? [cycle] : []));
    const { cycle } = this.player.head.now();
    const to = changing.find((each) => each > cycle) ?? changing[0];
    this.player.head.pause();
    if (to !== undefined) this.player.seekCycle(to, "verify");
  }

  draw() {
    this.show();
  }

  /** @returns {O.Inspected | null} */
  get now() {
    return this.player.state[this.spec.source].block;
  }

  /** The inspector's block is another one, and this view can be seen. */
  tick() {
    if (this.now !== this.block && !this.player.tabs.hides("relax")) this.show();
  }

  /** @param {O.Inspected} block */
  by(block) {
    const { statuses } = this.player.settings;
    return relaxed(
      block,
      this.rule,
      (code) => statuses[code].name,
      (id) => this.player.word(id) === this.spec.end,
    );
  }

  show() {
    const block = this.now;
    this.block = block;
    const exact = this.rule.key === "exact";
    this.badge.dataset.tone = exact ? "good" : "warn";
    this.badge.textContent = exact
      ? "✓ " + (block && block.u ? say("relax.badge.drawn") : say("relax.badge.exact"))
      : "≈ " + say("relax.badge.loose");
    const judged = !!block && !!block.own && block.ids.length > 0;
    this.row.hidden = !judged;
    if (!block || !judged) {
      this.said.textContent = block && !block.ids.length ? say("relax.none") : say("relax.later");
      this.why.replaceChildren(...this.overall());
      return;
    }
    const found = this.by(block);
    const kept = say("relax.kept", { kept: found.kept, n: block.ids.length });
    const more = found.kept - found.exact;
    this.said.textContent = exact
      ? say("relax.strict", { kept })
      : more
        ? say("relax.more", { kept, more })
        : say("relax.as-many", { kept });
    this.row.replaceChildren(...block.ids.map((_, i) => this.slot(block, found, i)));
    this.why.replaceChildren(...this.reasons(block, found), ...this.overall());
  }

  /**
   * @param {O.Inspected} block
   * @param {O.Relaxed} found
   * @param {number} i
   */
  slot(block, { how }, i) {
    const [sign, status] = SIGNS[how[i]];
    const box = el("div", "o-rslot is-" + status);
    box.dataset.how = how[i];
    box.append(el("i", "", i + 1 + " " + sign), el("span", "o-verbatim", cellText(this.player.word(block.ids[i]))));
    if (how[i] === "let" || how[i] === "cut")
      box.append(el("em", "o-verbatim", cellText(this.player.word(block.own ? block.own[i] : -1))));
    box.title = say("relax.how." + how[i]);
    return box;
  }

  /**
   * Why the block stops where it does, and where its text becomes another.
   * @param {O.Inspected} block
   * @param {O.Relaxed} found
   */
  reasons(block, { let: through, kept, why }) {
    /** @param {number | undefined} id */
    const quoted = (id) => (id === undefined ? "" : "“" + cellText(this.player.word(id)) + "”");
    /** @param {number} i */
    const known = (i) => ({ slot: i + 1, guess: quoted(block.ids[i]), own: quoted(block.own?.[i]) });
    /** @type {string[]} */
    const said = [];
    if (through.length) {
      const [i] = through;
      const share = block.p ? (block.p[i] ? "" : "< ") + percent((block.p[i] || 1) / 1000, 1) : "";
      const rank = block.rank_p ? block.rank_p[i] + 1 : 0;
      const values = { ...known(i), rank, share };
      said.push(rank > 0 ? say("relax.let", values) : say("relax.let-unranked", values));
    }
    const exact = this.rule.key === "exact";
    if (why === "cut" && exact)
      said.push(block.u ? say("relax.cut-drawn", known(kept)) : say("relax.cut-exact", known(kept)));
    if (why === "cut" && !exact) said.push(say("relax.cut", known(kept)));
    if (why === "all") said.push(say("relax.all"));
    if (why === "ended") said.push(say("relax.ended", { slot: kept }));
    if (why === "unknown") said.push(this.missing(block, kept + 1));
    const line = el("p");
    line.append(...quoting(said.join(" ")));
    return [line, el("p", "o-hint", say("relax.inside"))];
  }

  /**
   * @param {O.Inspected} block
   * @param {number} slot
   */
  missing(block, slot) {
    if (this.rule.key === "share" && !block.p) return say("relax.unshared", { slot });
    return this.rule.key !== "share" && !block.rank_p
      ? say("relax.unranked", { slot })
      : say("relax.undrawn", { slot });
  }

  /** What the rule says of the run as far as it is known. */
  overall() {
    this.next.hidden = true;
    if (this.rule.key === "exact") return [el("p", "", say("relax.run.exact"))];
    const blocks = this.all;
    this.next.hidden = !blocks.some(({ let: through }) => through.length);
    const { same, parts, unknown, more, before, after } = overRun(blocks);
    const said = [];
    if (same === blocks.length) said.push(say("relax.run.same", { n: same }));
    else if (!parts) said.push(say("relax.run.unknown", { cycle: same + 1 }));
    else said.push(same ? say("relax.run.part", { n: same }) : say("relax.run.first"));
    if (!unknown)
      said.push(
        say("relax.run.blocks", { all: blocks.length, n: more, before: fixed(before, 1), after: fixed(after, 1) }),
      );
    return [el("p", "", said.join(" "))];
  }
}

/**
 * @param {HTMLElement} host
 * @param {O.RelaxSpec} spec
 * @param {O.Player} player
 */
export const relaxPart = (host, spec, player) => new Relax(host, spec, player);
