/* What if a guess were another: the block with one change, judged by the page's model, beside the run's own verdict. */

import { judged } from "../page/judge.js";
import { button, el } from "../player/dom.js";
import { cellText, filledIn } from "../player/format.js";
import { say } from "../player/messages.js";

/**
 * A block's guesses as text with one changed, up to a token that ends the text.
 * @param {string[]} words
 * @param {number} slot
 * @param {string} token
 * @param {string} end
 */
export function changed(words, slot, token, end) {
  const all = words.map((word, i) => (i === slot - 1 ? token : word));
  const stop = all.indexOf(end);
  return all.slice(0, stop < 0 ? all.length : stop).join("");
}

/**
 * What is typed as the token goes to the server as it stands, spaces and all.
 * @param {O.WhatIfSpec} spec
 * @param {() => void} ask
 */
function makeForm(spec, ask) {
  const slot = el("input");
  Object.assign(slot, { type: "text", inputMode: "numeric", size: 3 });
  const token = el("input", "o-verbatim");
  Object.assign(token, { type: "text", size: 14, autocomplete: "off", spellcheck: false });
  const list = el("datalist");
  list.id = "o-alternatives";
  token.setAttribute("list", list.id);
  const box = el("form", "o-extra");
  /** @type {(name: string, node: HTMLElement) => HTMLElement} */
  const labelled = (name, node) => {
    const label = el("label", "o-knob");
    label.append(el("span", "", name), node);
    return label;
  };
  const act = button(spec.judge, () => {});
  act.type = "submit";
  box.append(labelled(spec.slot, slot), labelled(spec.token, token), list, act);
  box.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  return { box, slot, token, list, act };
}

/**
 * One verdict: a sentence and the guesses with their outcomes.
 * @param {string} name
 * @param {string} said
 * @param {[text: string, status: string][]} slots
 * @param {number} at
 */
function makeVerdict(name, said, slots, at) {
  const box = el("div", "o-verdict");
  const row = el("p", "o-verbatim");
  slots.forEach(([text, status], i) => {
    const chip = el("span", "o-chip is-" + status + (i === at - 1 ? " changed" : ""), cellText(text));
    chip.title = status;
    row.append(chip, " ");
  });
  box.append(el("h3", "", name), el("p", "", said), row);
  return box;
}

class WhatIf {
  later = true;
  calm = true;

  /**
   * @param {HTMLElement} host
   * @param {O.WhatIfSpec} spec
   * @param {O.Player} player
   */
  constructor(host, spec, player) {
    this.spec = spec;
    this.player = player;
    this.stop = ""; // the stop on show
    this.off = ""; // why nothing can be judged there
    this.form = makeForm(spec, () => this.ask());
    this.form.box.hidden = true;
    this.said = el("p", "o-note");
    this.said.setAttribute("role", "status");
    this.both = el("div", "o-both");
    host.append(this.form.box, this.said, this.both);
    this.form.slot.addEventListener("input", () => this.suggest());
    player.root.addEventListener("o-slot", ({ detail: { slot, how } }) => {
      if (how === "choose" && slot > 0 && !this.form.box.hidden) this.at(slot);
    });
  }

  /** @returns {O.Inspected} */
  get block() {
    return this.player.state[this.spec.source].block;
  }

  /** Why nothing can be judged now; "" if it can. */
  why() {
    const { off } = this.spec;
    if (!this.player.settings.shell) return off.file;
    if (this.player.facts.whatif.run.prompt === null) return off.prompt;
    if (!this.block || !this.block.ids.length) return off.draft;
    if (!this.block.own) return off.later;
    return this.player.state.whatif.stop[3] ? off.bytes : "";
  }

  /** @param {{stop: number[] | null}} state */
  draw(state) {
    const stop = [this.player.run, ...(state.stop || [])].join();
    const why = this.why();
    this.form.box.hidden = !!why;
    if (stop === this.stop && why === this.off) return;
    Object.assign(this, { stop, off: why });
    this.said.textContent = why;
    this.both.replaceChildren();
    if (!why) this.at(this.block.look);
  }

  /** @param {number} slot */
  at(slot) {
    this.form.slot.value = String(slot);
    this.suggest();
  }

  /** The alternatives of both views for this slot; the AR view's own choice is put in. */
  suggest() {
    const { slot, token, list } = this.form;
    const i = Number(slot.value) - 1;
    const { ids, own = [], q_top = [], p_top = [] } = this.block;
    const known = [...new Set([...(q_top[i] || []), ...(p_top[i] || [])])];
    list.replaceChildren(...known.map((id) => Object.assign(el("option"), { value: this.player.word(id) })));
    if (ids[i] !== undefined) token.value = this.player.word(own[i]);
  }

  async ask() {
    const { spec, form } = this;
    const n = this.block.ids.length;
    const slot = Number(form.slot.value);
    if (!Number.isInteger(slot) || slot < 1 || slot > n)
      return void (this.said.textContent = say("whatif_page.no-slot", { slot: form.slot.value, n }));
    if (!form.token.value) return void (this.said.textContent = say("whatif_page.empty"));
    const { stop } = this;
    form.act.disabled = true;
    this.said.textContent = spec.asked;
    try {
      const found = await judged(...this.texts(slot, form.token.value));
      if (stop === this.stop) this.show(found, slot);
    } catch (error) {
      if (stop === this.stop) this.said.textContent = error instanceof Error ? error.message : String(error);
    }
    form.act.disabled = false;
  }

  /**
   * Prompt, proposal and what was written before the block.
   * @param {number} slot
   * @param {string} token
   * @returns {[string, string, string]}
   */
  texts(slot, token) {
    const { player, spec } = this;
    const [cycle] = player.state.whatif.stop;
    /** @type {O.Lane} */
    const { text, cycle: cycles } = player.facts.race.orthrus;
    const written = text.filter((_, i) => cycles[i] < cycle).join("");
    const words = this.block.ids.map((id) => player.word(id));
    return [player.facts.whatif.run.prompt, changed(words, slot, token, spec.end), written];
  }

  /**
   * @param {O.Judged} found
   * @param {number} slot
   */
  show(found, slot) {
    const { spec, player, block } = this;
    const [, kept, own] = player.state.whatif.stop;
    const n = block.ids.length;
    /** @type {(k: number, of: number, next: string | null) => string} */
    const told = (k, of, next) =>
      filledIn(next === null ? spec.ended : spec.kept, { k, n: of, own: "“" + cellText(next || "") + "”" });
    /** @type {[text: string, status: string][]} */
    const before = block.ids.map((id, i) => [player.word(id), player.settings.statuses[block.status[i + 1]].name]);
    /** @type {[text: string, status: string][]} */
    const after = found.slots.map((each) => [each.text || spec.end, each.status]);
    this.both.replaceChildren(
      makeVerdict(spec.before, told(kept, n, own === null ? null : player.word(own)), before, slot),
      makeVerdict(
        spec.after,
        told(found.n_accept, found.n_draft, found.next && (found.next.text || spec.end)),
        after,
        slot,
      ),
    );
    const notes = [filledIn(spec.note, { engine: found.engine })];
    if (found.n_draft !== n) notes.push(filledIn(spec.apart, { n: found.n_draft, m: n }));
    if (player.facts.whatif.run.sampled) notes.push(spec.sampled);
    this.said.textContent = notes.join(" ");
  }
}

/**
 * @param {HTMLElement} host
 * @param {O.WhatIfSpec} spec
 * @param {O.Player} player
 */
export const whatIfPart = (host, spec, player) => new WhatIf(host, spec, player);
