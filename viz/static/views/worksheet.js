/* A worksheet of the run on show: a block whose verdict is left blank, five questions, and the key on a page of its own.
 * It is made of what the player holds, so a live run, a recorded one and a saved file give one alike.
 */

import { button, el, find } from "../player/dom.js";
import { cellText, filledIn } from "../player/format.js";

/**
 * A block of the run: its guesses, what the AR view wrote, and what came of it.
 * @param {O.Player} player
 * @param {number} cycle
 * @returns {O.Block}
 */
function blockOf({ stops }, cycle) {
  const changes = stops.filter(({ c }) => c === cycle).flatMap(({ x }) => x);
  return Object.assign({}, ...changes.filter(([view]) => view === "ribbon").map((change) => change[3]));
}

/** The cycle that the tour shows, too: it keeps some guesses and refuses one, if any does; -1 before the end of a run.
 * @param {O.Player} player
 */
function cycleOf({ facts }) {
  const beat = facts.tour.beats.find((/** @type {O.Beat} */ { key }) => key === "verify");
  return beat ? beat.cycle : -1;
}

/**
 * The five questions' answers, every number read off the run.
 * @param {O.Player} player
 * @param {O.Block} block
 * @param {O.SheetWords} words
 */
function answersOf(player, block, words) {
  const { facts, settings, stops } = player;
  const names = [...block.status].map((code) => settings.statuses[code].name);
  const cut = names.indexOf("refused");
  const left = names.filter((name) => name === "discarded").length;
  const { passes, text } = facts.race.orthrus;
  const known = {
    cut,
    kept: block.kept,
    written: block.committed,
    own: block.next ? cellText(player.word(block.next[0])) : "",
    left,
    cycles: stops.filter(({ p }) => p === "commit").length,
    passes: passes.at(-1),
    tokens: text.length,
  };
  const { answers } = words;
  const chosen = [
    cut < 0 ? answers.all : answers.cut,
    answers.written,
    block.next ? answers.own : answers.ended,
    left ? answers.unjudged : answers.none,
    answers.passes,
  ];
  return { known, answers: chosen.map((answer) => filledIn(answer, known)) };
}

/**
 * The block on paper: a box to tick under each guess and what the AR view would write.
 * @param {O.Player} player
 * @param {O.Block} block
 * @param {O.SheetWords} words
 */
function grid(player, block, words) {
  const table = el("div", "o-sheetgrid");
  [block.anchor, ...block.ids].forEach((id, slot) => {
    const cell = el("div", "o-sheetcell");
    const own = slot && block.ar ? block.ar[slot - 1] : undefined;
    cell.append(el("i", "", slot || words.anchor), el("b", "o-verbatim", cellText(player.word(id))));
    cell.append(el("span", "o-verbatim", own === undefined ? "" : cellText(player.word(own))));
    cell.append(el("u", "", slot ? "☐" : ""));
    table.append(cell);
  });
  return table;
}

/**
 * Both pages; null before the run has ended.
 * @param {O.Player} player
 * @param {O.SheetWords} words
 */
export function worksheet(player, words) {
  const cycle = cycleOf(player);
  if (cycle < 0 || cycle === null) return null;
  const block = blockOf(player, cycle);
  const { known, answers } = answersOf(player, block, words);
  const lead = filledIn(words.lead, { cycle: cycle + 1, guesses: block.ids.length });
  const first = el("section", "o-page");
  const prompt = el("p", "o-sheetprompt");
  prompt.append(el("b", "", words.prompt + " "), el("span", "o-verbatim", player.facts.badges.prompt || ""));
  const asked = el("ol", "o-asked");
  for (const question of words.questions) {
    const item = el("li", "", filledIn(question, known));
    item.append(el("hr"), el("hr"));
    asked.append(item);
  }
  first.append(el("h1", "", words.title), el("p", "o-sheetname", words.name), prompt, el("p", "", lead));
  first.append(grid(player, block, words), el("p", "o-sheetlegend", words.legend), asked);
  const key = el("section", "o-page o-sheetkey");
  const told = el("ol");
  told.append(...answers.map((answer) => el("li", "", answer)));
  key.append(el("h1", "", words.key), el("p", "", lead), told, el("p", "o-sheetlegend", player.facts.record.run.about));
  const sheet = el("div", "o-sheet");
  sheet.append(first, key);
  return sheet;
}

/**
 * The worksheet in place of the page, and the browser's own dialog to print it; the page comes back by a button.
 * @param {O.Player} player
 * @param {O.SheetWords} words
 */
export function printWorksheet(player, words) {
  if (find(document, ".o-sheet")) return true;
  const sheet = worksheet(player, words);
  if (!sheet) return false;
  player.head.halt();
  const page = document.documentElement;
  const row = el("div", "o-sheetacts");
  const back = () => (page.classList.remove("worksheet"), sheet.remove());
  row.append(
    button(words.print, () => window.print()),
    button(words.close, back),
  );
  sheet.prepend(row);
  page.classList.add("worksheet");
  document.body.append(sheet);
  find(row, "button")?.focus();
  requestAnimationFrame(() => requestAnimationFrame(() => window.print()));
  return true;
}
