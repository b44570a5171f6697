/* Taking a run along: the trace, its slots as a table, a summary, the page as one file. All of it is made here, from
 * what the page already holds; only the player and Plotly are read again, for the file.
 */

import { el } from "../player/dom.js";
import { bytesOf, exportButton, fileName, originOf, saveFile } from "../player/files.js";
import { escaped } from "../player/format.js";
import { say } from "../player/messages.js";
import { csvText } from "../player/table.js";

/**
 * JSON that may stand inside a <script> element; the same as viz/player/frames.py's dumps_for_html.
 * @param {unknown} value
 */
const forHtml = (value) =>
  JSON.stringify(value)
    .replace(/</g, "\\u003c")
    .replace(/\u2028/g, "\\u2028")
    .replace(/\u2029/g, "\\u2029");

/**
 * Everything the player was fed, as one message: facts as they stand, then every stop.
 * @param {O.Player} player
 */
export function wholeMessage(player) {
  const facts = [];
  for (const [view, values] of Object.entries(player.facts))
    for (const [key, value] of Object.entries(values)) facts.push([view, "set", key, value, 0]);
  const stops = player.stops.map(({ p, c, ms, w, x }) => ({ p, c, ms, w, x }));
  const frames = [{ x: [...facts, ...player.facts.record.later] }, ...stops];
  return { run: player.run, seq: 0, live: false, autoplay: true, end: true, frames };
}

/**
 * The shell with its {{names}} filled in, as pieces of a file.
 * @param {O.Shell} shell
 * @param {Record<string, string>} parts
 */
export function filledShell(shell, parts) {
  return shell.page.split(/\{\{(\w+)\}\}/).map((piece, i) => (i % 2 ? parts[piece] : piece));
}

/**
 * The stage's own rules out of the page's style elements, without those of the page around it.
 * @param {O.Shell["style"]} marks
 */
function style(marks) {
  for (const { textContent } of document.querySelectorAll("style")) {
    const begin = textContent.indexOf(marks[0]);
    const end = textContent.indexOf(marks[1], begin);
    if (begin >= 0 && end >= 0) return textContent.slice(begin, end);
  }
  throw new Error(say("download_page.no-style"));
}

/**
 * The text of one of the page's own scripts.
 * @param {string} url
 */
async function source(url) {
  const reply = await fetch(url);
  if (!reply.ok) throw new Error(say("download_page.answers", { url: reply.url, status: reply.status }));
  return (await reply.text()).replace(/<\/(script)/gi, "<\\/$1");
}

/**
 * The page as one file, with the runs of a lesson if there is one.
 * @param {O.Player} player
 * @param {O.Held | null} held
 */
export async function offline(player, held) {
  const { shell, ...settings } = player.settings;
  if (!shell) throw new Error(say("download_page.saved"));
  const [plotly, script] = await Promise.all([player.options.plotly, player.options.bundle].map(source));
  const pins = await player.parts.pair?.pins?.();
  return filledShell(shell, {
    title: escaped(say("download_page.title", { name: player.facts.record.run.name })),
    style: style(shell.style),
    plotly,
    script,
    tape: forHtml(held?.lesson ? held.tapes[held.lesson.steps[0].trace] : wholeMessage(player)),
    held: forHtml({ ...(held || { lesson: null, tapes: {}, address: "", codes: {} }), pins }),
    settings: forHtml(settings),
    headline: forHtml(shell.headline),
  });
}

/**
 * Every slot of every judged block, a row each; what was not recorded is null.
 * @param {O.Player} player
 * @param {string[]} names
 */
export function slotColumns(player, names) {
  const columns = Object.fromEntries(names.map((name) => /** @type {[string, O.Column]} */ ([name, []])));
  /** @type {Partial<O.Inspected>} */
  let drafted = {};
  for (const stop of player.stops)
    for (const [view, , key, value] of stop.x) {
      if (view !== "inspector" || key !== "block") continue;
      /** @type {O.Inspected} */
      const block = stop.p === "draft" ? value : { ...drafted, ...value };
      drafted = block;
      if (stop.p === "verify") for (let i = 0; i < block.status.length; i++) slotRow(columns, block, i, stop.c, player);
    }
  return columns;
}

/**
 * @param {O.Columns} columns
 * @param {O.Inspected} block
 * @param {number} i
 * @param {number} cycle
 * @param {O.Player} player
 */
function slotRow(columns, block, i, cycle, player) {
  /** @param {string} name */
  const at = (name) => (i && block[name] ? block[name][i - 1] : undefined);
  /** @param {number} tenths */
  const share = (tenths) => (tenths === undefined ? null : tenths / 10);
  /** @param {number} id */
  const word = (id) => (id === undefined ? null : player.word(id));
  /** @type {Record<string, any>} */
  const row = {
    cycle: cycle + 1,
    slot: i,
    status: player.settings.statuses[block.status[i]].name,
    guess: word(i ? at("ids") : block.anchor),
    own: word(at("own")),
    q: share(at("q")),
    p: share(at("p")),
    gap: at("gap"),
    q_H: at("q_H"),
    p_H: at("p_H"),
  };
  for (const name in columns) columns[name].push(row[name] === undefined ? null : row[name]);
}

/**
 * @param {HTMLElement} host
 * @param {O.Spec & {suffix: string, waiting: string, slots: O.Pairs}} spec
 * @param {O.Player} player
 */
export function downloadPart(host, spec, player) {
  const box = el("div", "o-kit");
  const wait = el("p", "o-hint", spec.waiting);
  const about = el("p", "o-hint");
  const trace = () => saveFile(fileName(player, spec.suffix), [bytesOf(player.facts.record.trace)], "application/gzip");
  const html = async () => saveFile(fileName(player, ".html"), await offline(player, null), "text/html");
  box.append(exportButton(say("download_page.trace"), say("download_page.trace-about"), trace));
  const slots = () =>
    saveFile(
      fileName(player, "-slots.csv"),
      [
        csvText(
          originOf(player),
          spec.slots,
          slotColumns(
            player,
            spec.slots.map(([, name]) => name),
          ),
        ),
      ],
      "text/csv",
    );
  box.append(exportButton(say("download_page.slots"), say("download_page.slots-about"), slots));
  box.append(
    exportButton(say("download_page.summary"), say("download_page.summary-about"), () =>
      saveFile(fileName(player, ".md"), [player.facts.record.summary], "text/markdown"),
    ),
  );
  // a file made by this button has no shell of its own: it is that page already
  if (player.settings.shell) box.append(exportButton(say("download_page.file"), say("download_page.file-about"), html));
  host.append(box, wait, about);
  return {
    /**
     * @param {object} state
     * @param {{trace: string | null, summary: string, run: {about: string}}} facts
     */
    draw(state, facts) {
      for (const node of box.querySelectorAll("button")) node.hidden = !facts.trace;
      wait.hidden = !!facts.trace;
      about.textContent = facts.run.about;
    },
  };
}
