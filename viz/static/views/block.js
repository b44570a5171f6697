/* The ribbon: one column a slot, the guess above, the AR view's choice below. */

import { el, need } from "../player/dom.js";
import { cellText } from "../player/format.js";
import { localized, say } from "../player/messages.js";
import { makeTable, tableBox, tableToggle } from "../player/table.js";
import { fill, legend, makeSlot, pointing, put, roving } from "./block_slots.js";

// Slots that a step into verdict or commit shows in the frame that answers. The next frame has the others, which a
// verdict's sweep reaches last. A draft is there all at once, as its tokens were.
const FIRST = 8;

/**
 * One block as columns, a row a slot; what is not known yet is null.
 * @param {O.Block} block
 * @param {O.Player} player
 */
export function blockColumns(block, player) {
  /** @param {"q" | "p" | "ar"} name */
  const at = (name) => [null, ...block.ids.map((_, i) => (block[name] ? block[name][i] : null))];
  /** @param {number | null} id */
  const word = (id) => (id === null ? null : cellText(player.word(id)));
  return {
    slot: [...block.status].map((_, i) => i),
    status: [...block.status].map((code) => player.settings.statuses[code].label),
    guess: [block.anchor, ...block.ids].map(word),
    q: at("q"),
    own: at("ar").map(word),
    p: at("p"),
  };
}

/**
 * What is said of slot i, to those who point at it and to those who listen.
 * @param {O.Block} block
 * @param {number} i
 * @param {O.BlockSpec} spec
 * @param {O.Player} player
 */
function spoken(block, i, spec, player) {
  const code = block.status[i];
  /** @param {number | null} percent */
  const share = (percent) => ({ share: localized(String(percent)) });
  const word = JSON.stringify(player.word(i ? block.ids[i - 1] : block.anchor));
  const parts = [
    say("block_page.slot", { slot: i }),
    i ? say("block_page.guess", { word }) : say("block_page.anchor", { word }),
    player.settings.statuses[code].label,
  ];
  if (i && block.q && block.q[i - 1] !== null) parts.push(say("block_page.q", share(block.q[i - 1])));
  if (i && block.ar && block.p) parts.push(say("block_page.p", share(block.p[i - 1])));
  if (i && block.ar && code !== "y")
    parts.push(say("block_page.own", { word: JSON.stringify(player.word(block.ar[i - 1])) }));
  if (code === "d") parts.push(spec.notes[block.unjudged || "discarded"]);
  return parts.join(", ");
}

class Block {
  calm = true;

  /**
   * @param {HTMLElement} host
   * @param {O.BlockSpec} spec
   * @param {O.Player} player
   */
  constructor(host, spec, player) {
    this.host = host;
    this.spec = spec;
    this.player = player;
    /** @type {O.Slot[]} */
    this.slots = [];
    /** @type {O.Block | null} */
    this.shown = null; // the block on show
    this.at = NaN; // the stop that was drawn last
    this.phase = "";
    this.again = false; // another name restarts a phase's animation on the same nodes
    this.motion = ""; // classes of the slots: which phase moves, and under which of its two names
    /** @type {{block: O.Block, fresh: boolean} | null} */
    this.rest = null; // the block whose first slots alone are drawn
    this.list = el("div", "o-slots");
    this.list.setAttribute("role", "listbox");
    this.hint = need(host, ".o-hint");
    this.sayWhence(false);
    this.next = el("p", "o-next");
    this.branches = el("p", "o-branches");
    this.tablebox = tableBox();
    host.append(legend(player), this.list, this.branches, this.tablebox, this.foot());
    roving(this.list, this.slots);
    pointing(this.list, this.slots);
  }

  /** What the upper row is: guesses of the diffusion view, or what was found. @param {boolean} found */
  sayWhence(found) {
    const { hint, rows } = found ? this.spec.found : this.spec;
    put(this.hint, "textContent", hint);
    const label = rows.join("; ");
    if (this.list.getAttribute("aria-label") !== label) this.list.setAttribute("aria-label", label);
  }

  foot() {
    const kit = el("div", "o-kit");
    /** @param {boolean} on */
    const toggle = (on) => {
      this.tablebox.hidden = !on;
      this.fillTable();
    };
    kit.append(tableToggle(toggle));
    const foot = el("div", "o-blockfoot");
    foot.append(this.next, kit);
    return foot;
  }

  /** @param {string} code */
  status(code) {
    return this.player.settings.statuses[code];
  }

  fillTable() {
    const { shown, tablebox, spec } = this;
    put(this.list, "hidden", !tablebox.hidden);
    if (!shown || tablebox.hidden) return;
    tablebox.replaceChildren(makeTable(spec.title, spec.table, blockColumns(shown, this.player)));
  }

  /**
   * @param {number} i
   * @param {O.Block} block
   */
  drawSlot(i, block) {
    const { player } = this;
    const slot = this.slots[i];
    const { box, guess, own } = slot;
    const code = block.status[i];
    const { name, glyph } = this.status(code);
    const sure = i && block.q ? block.q[i - 1] : null;
    put(box, "className", "o-slot is-" + name + this.motion);
    fill(guess, glyph, cellText(player.word(i ? block.ids[i - 1] : block.anchor)));
    const full = (sure === null ? 100 : sure) + "%";
    if (slot.filled !== full) guess.style.setProperty("--fill", (slot.filled = full));
    const judged = i ? block.ar : undefined;
    const choice = judged ? cellText(player.word(judged[i - 1])) : "";
    fill(own, judged && code === "n" ? this.status("c").glyph : "", choice);
    own.classList.toggle("empty", !judged);
    const text = spoken(block, i, this.spec, player);
    if (box.title === text) return;
    box.setAttribute("aria-label", text);
    box.title = text;
  }

  /**
   * How the slots move at this stop: not at all behind a jump, which has no way that could be shown.
   * @param {O.Now} now
   * @param {boolean} stepped
   */
  setOff(now, stepped) {
    if (now.phase === this.phase) this.again = !this.again;
    this.phase = now.phase;
    const moves = now.playing ? now.wall > 150 : stepped;
    this.motion = moves ? " go-" + this.phase + (this.again ? " again" : "") : "";
    const beat = Math.round(Math.min(600, 0.6 * now.wall)) + "ms"; // every cell inherits it
    const { style } = this.list;
    if (style.getPropertyValue("--beat") !== beat) style.setProperty("--beat", beat);
  }

  /** @param {O.Block} block */
  drawNext({ next, committed, kept }) {
    this.next.replaceChildren();
    if (next === undefined) return;
    const { name, glyph } = this.status(next ? next[1] : "f");
    const text = next ? glyph + " " + cellText(this.player.word(next[0])) : say("block_page.nothing");
    const guesses = say("count.guess", { n: Number(kept) });
    const [before, after] = say("block_page.joins", { n: Number(committed), guesses }).split("{own}");
    this.next.append(before, el("span", "o-chip is-" + name, text), after);
  }

  /** A tree's guesses beside the chain, each with its slot's number. @param {O.Block} block */
  drawBranches({ branches, twigs }) {
    put(this.branches, "hidden", !branches);
    if (!branches) return;
    const chips = branches.map(([depth, id], i) => {
      const { name, glyph, label } = this.status(twigs ? twigs[i] : "p");
      const chip = el("span", "o-chip is-" + name, glyph + " " + cellText(this.player.word(id)));
      chip.title = say("block_page.slot", { slot: depth }) + ", " + label;
      chip.prepend(el("sup", "", String(depth)));
      return chip;
    });
    this.branches.replaceChildren(say("block_page.branches") + " ", ...chips);
  }

  waits() {
    return this.rest !== null;
  }

  tick() {
    const { rest } = this;
    if (!rest) return;
    if (rest.fresh) {
      rest.fresh = false; // this frame answers
      return;
    }
    for (let i = FIRST; i < rest.block.status.length; i++) this.drawSlot(i, rest.block);
    this.rest = null;
  }

  /**
   * @param {{block: O.Block | null}} state
   * @param {object} facts
   * @param {O.Now} now
   */
  draw(state, facts, now) {
    const { block } = state;
    const stepped = now.at === this.at + 1;
    const moved = now.at !== this.at;
    this.shown = block;
    this.at = now.at;
    this.rest = null;
    if (this.host.dataset.phase !== now.phase) this.host.dataset.phase = now.phase;
    this.sayWhence(Boolean(block?.found)); // without a block, too: the last one may have been looked up
    this.fillTable();
    if (!block) {
      this.next.replaceChildren(); // its room stays, so that nothing moves when there is a block
      put(this.branches, "hidden", true);
      return this.slots.forEach(({ box }) => put(box, "hidden", true));
    }
    if (moved) this.setOff(now, stepped);
    const n = block.status.length;
    while (this.slots.length < n) {
      this.slots.push(makeSlot(this.slots.length));
      this.list.append(this.slots[this.slots.length - 1].box);
    }
    this.slots.forEach(({ box }, i) => put(box, "hidden", i >= n));
    if (stepped && !now.playing && this.phase !== "draft") this.rest = { block, fresh: true };
    for (let i = 0; i < (this.rest ? Math.min(FIRST, n) : n); i++) this.drawSlot(i, block);
    this.drawNext(block);
    this.drawBranches(block);
  }
}

/**
 * @param {HTMLElement} host
 * @param {O.BlockSpec} spec
 * @param {O.Player} player
 */
export const blockPart = (host, spec, player) => new Block(host, spec, player);
