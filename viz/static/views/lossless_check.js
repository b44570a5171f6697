/* The lossless check: a badge, sentences, and where two texts part both texts and both passes' best three. */

import { el, quoting } from "../player/dom.js";
import { cellText } from "../player/format.js";
import { say } from "../player/messages.js";
import { makeTable } from "../player/table.js";

const GLYPH = { good: "✓ ", warn: "! ", bad: "! ", quiet: "", none: "" };

/**
 * @param {O.TopList} list
 * @param {string[]} heads
 * @param {O.Player} player
 */
function list({ name, rows, gap }, heads, player) {
  const box = el("div", "o-toplist");
  if (!rows.length) {
    box.append(el("p", "o-hint", say("lossless_check_page.unkept", { name })));
    return box;
  }
  const columns = {
    rank: rows.map((_, i) => i + 1),
    token: rows.map(([id]) => cellText(player.word(id))),
    logit: rows.map(([, logit]) => logit),
  };
  box.append(
    makeTable(
      gap ? name + ", " + gap : name,
      heads.map((head) => [head, head]),
      columns,
    ),
  );
  return box;
}

/** @param {O.PartedTexts} parted */
function text({ cut, shared, tails }) {
  const box = el("div", "o-parting");
  for (const [name, tail, more] of tails) {
    const line = el("p");
    line.append(
      el("b", "", name),
      el("span", "", (cut ? "… " : "") + shared),
      el("mark", "", tail || say("lossless_check_page.ends")),
    );
    if (more) line.append(" …");
    box.append(line);
  }
  return box;
}

/** @param {string} said */
function sentence(said) {
  const node = el("p");
  node.append(...quoting(said));
  return node;
}

/**
 * @param {HTMLElement} host
 * @param {O.Spec & {heads: string[]}} spec
 * @param {O.Player} player
 */
export function losslessCheckPart(host, spec, player) {
  const badge = el("p", "o-badge");
  const sentences = el("div", "o-sentences");
  const more = el("div", "o-microscope");
  host.append(badge, sentences, more);
  return {
    /**
     * @param {object} state
     * @param {{check: O.Check}} facts
     */
    draw(state, { check }) {
      badge.textContent = GLYPH[check.tone] + check.badge;
      badge.dataset.tone = check.tone;
      sentences.replaceChildren(...check.say.filter(Boolean).map(sentence));
      more.replaceChildren();
      if (check.texts) more.append(text(check.texts));
      if (check.lists) more.append(...check.lists.map((each) => list(each, spec.heads, player)));
    },
  };
}
