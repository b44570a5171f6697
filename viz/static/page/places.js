/* The page and its address: opening one lands where it says, a tab or another run writes it, Back goes back. */

import { button, el, find } from "../player/dom.js";
import { say } from "../player/messages.js";
import { printWorksheet } from "../views/worksheet.js";
import { bare, embedding, hashOf, here, momentOf, stopOf } from "./address.js";
import { requested } from "./request.js";

const SAID_MS = 1500;

/**
 * A new entry of the history, or this one with another address; a document without an address of its own keeps none.
 * @param {O.Fields} fields
 * @param {"pushState" | "replaceState"} how
 */
function write(fields, how) {
  const hash = hashOf(fields);
  try {
    if (hash !== location.hash) history[how](null, "", location.pathname + location.search + hash);
  } catch (refused) {
    return; // about:srcdoc, as in a notebook
  }
  // a Space shows the page in a frame, and writes the frame's address into its own
  if (window.parent !== window && document.referrer)
    window.parent.postMessage({ queryString: location.search.slice(1), hash }, new URL(document.referrer).origin);
}

/**
 * Go where fields say, as far as they say it.
 * @param {O.Player} player
 * @param {O.Fields} fields
 */
export function land(player, fields) {
  const { lecture } = player;
  const presents = fields.present === "1";
  if (fields.lesson && lecture) return void lecture.teach(fields.lesson, Number(fields.step || 1), presents);
  for (const part of Object.values(player.parts)) part.land?.(fields);
  if (fields.tab) player.tabs.show(fields.tab);
  const { levels } = player.parts.captions || {};
  if (fields.level && levels) levels.pick(fields.level);
  const at = stopOf(player.stops, fields);
  if (fields.print) printWorksheet(player, player.settings.lesson.sheet);
  if (presents && lecture) lecture.teach("", 1, true);
  if (at < 0) return;
  if (player.tour) player.tour.end();
  player.head.pause();
  player.head.seek(at);
}

/**
 * The name of the recorded run that is played, "" if none is.
 * @param {O.Player} player
 */
export const runOf = ({ run = "", live }) => (live || run.startsWith("class/") ? "" : run.split("/")[0]);

/**
 * What the open tab's views add to an address.
 * @param {O.Player} player
 * @returns {O.Fields}
 */
const added = ({ parts, tabs }) =>
  Object.assign({}, ...Object.entries(parts).map(([name, part]) => (tabs.hides(name) ? {} : part.address?.())));

/**
 * Where a lesson is.
 * @param {O.Player} player
 * @returns {O.Fields | null}
 */
function lessonNow({ lecture }) {
  const { lesson, step } = lecture || {};
  return lesson && step ? { lesson: lesson.name, step: String(lesson.steps.indexOf(step) + 1) } : null;
}

/**
 * The address of this moment for another device; "" in a file that knows none.
 * @param {O.Player} player
 */
export function addressOf(player) {
  const page = location.protocol.startsWith("http") ? bare(location.href, false) : player.library?.address;
  const run = player.live ? fieldsNow(player, false) : { run: runOf(player), ...momentOf(player.head.now()) };
  return page ? page + hashOf(lessonNow(player) || run) : "";
}

/**
 * What a link to this moment says.
 * @param {O.Player} player
 * @param {boolean} themed
 * @returns {O.Fields}
 */
function fieldsNow(player, themed) {
  const asked = here();
  const lesson = lessonNow(player);
  if (lesson) return { ...lesson, theme: asked.theme };
  const theme = themed ? player.root.dataset.theme : asked.theme;
  const { levels } = player.parts.captions || {};
  const shown = player.live
    ? { ...requested(), model: player.facts.badges.details[say("badges.detail.model")] }
    : momentOf(player.head.now());
  const level = levels && levels.now() !== levels.first ? levels.now() : "";
  return {
    run: player.settings.shell ? runOf(player) : "",
    ...shown,
    tab: player.tabs.open,
    ...added(player),
    level,
    theme,
  };
}

/**
 * Follow the address, and write it when a visitor opens a tab or another run.
 * @param {O.Player} player
 * @param {(run: string) => Promise<unknown>} [open]
 */
export function follow(player, open) {
  const plain = { tab: player.tabs.open, run: runOf(player) };
  const run = () => (player.settings.shell ? runOf(player) : "");
  const stay = () => write({ run: run(), tab: player.tabs.open, ...added(player) }, "pushState");
  player.root.addEventListener("o-tab", () => lessonNow(player) || stay());
  player.root.addEventListener("o-step", () => {
    const present = player.lecture?.presenter.on ? "1" : "";
    const lesson = lessonNow(player);
    if (lesson || here().lesson || here().present)
      write(lesson ? { ...lesson, present } : { run: run(), tab: player.tabs.open, present }, "replaceState");
  });
  const back = async () => {
    const fields = { ...plain, ...here() };
    if (open && fields.run && fields.run !== runOf(player)) await open(fields.run);
    land(player, fields);
  };
  window.addEventListener("popstate", back);
  window.addEventListener("hashchange", back);
  return stay;
}

/**
 * @param {HTMLButtonElement} node
 * @param {HTMLInputElement} field
 */
async function copy(node, field) {
  const label = node.textContent;
  const done = await navigator.clipboard?.writeText(field.value).then(
    () => true,
    () => false,
  );
  if (!done) field.select(); // the browser does not allow it: the text is there to be copied by hand
  node.textContent = done ? say("links.copied") : say("links.by-hand");
  setTimeout(() => (node.textContent = label), SAID_MS);
}

/**
 * Links to the moment on show: a row each with its text and a button.
 * @param {O.Player} player
 * @returns {O.Part}
 */
export function linksPart(player) {
  const box = el("section", "o-view o-links-box");
  box.setAttribute("aria-label", say("links.about"));
  box.append(el("h2", "o-title", say("links.title")));
  const about = el("p", "o-hint");
  box.append(about);
  const copies = [
    [say("links.link"), say("links.copy-link")],
    [say("links.embed"), say("links.copy-embed")],
  ];
  const [link, embed] = copies.map(([name, label]) => {
    const row = el("div", "o-linkrow");
    const field = el("input", "o-verbatim");
    field.readOnly = true;
    field.setAttribute("aria-label", name);
    field.addEventListener("focus", () => field.select());
    const node = button(label, () => copy(node, field));
    row.append(field, node);
    box.append(row);
    return { field, node };
  });
  const fill = () => {
    const url = bare(location.href, false) + hashOf(fieldsNow(player, false));
    const alone = embedding(bare(location.href, true) + hashOf(fieldsNow(player, true)));
    if (link.field.value !== url) link.field.value = url;
    if (embed.field.value !== alone) embed.field.value = alone;
    about.textContent = player.live ? say("links.live") : say("links.recorded");
  };
  return {
    aside: { name: "links", box },
    tick() {
      if (!player.tabs.hides("links") && !player.head.playing) fill();
    },
    opens: [say("links.open"), say("links.open-about"), () => (player.tabs.choose("take"), fill(), link.node.click())],
    ready: () => location.protocol !== "about:",
  };
}

/** The stage alone, or with the page around it. */
export function dress() {
  const { chrome, theme } = here();
  document.documentElement.classList.toggle("alone", chrome === "none");
  if (theme && find(document, "#frame")) {
    const url = new URL(location.href);
    if (url.searchParams.get("__theme") === theme) return;
    url.searchParams.set("__theme", theme); // the framework's own name for it, which it reads when it starts
    history.replaceState(null, "", url);
  }
}
