/* Where lessons and runs come from: files of the server, or what a saved page holds. */

import { factsOf } from "../views/pair_runs.js";
import { say } from "../player/messages.js";
import { hashOf } from "./address.js";

/** @param {string} file */
async function json(file) {
  const reply = await fetch(file);
  if (!reply.ok) throw new Error(say("page.answers", { address: reply.url, status: reply.status }));
  return reply.json();
}

/**
 * A run to be compared, out of its whole message.
 * @param {string} name
 * @param {string} title
 * @param {O.Message} message
 * @param {O.Settings} settings
 * @returns {O.Pin}
 */
const pinOf = (name, title, message, settings) => ({
  name,
  title,
  ...factsOf(message, settings, /** @type {O.PairSpec} */ (settings.views.pair).kept),
});

/**
 * The same of a run that is on the stage to its end: its file is not asked for again.
 * @param {O.Recorded} run
 * @param {O.Player} player
 */
const shownOf = ({ name, title }, { facts }) => ({
  name,
  title,
  race: structuredClone(facts.race),
  badges: structuredClone(facts.badges),
});

/**
 * @param {O.Page} page
 * @param {NonNullable<Window["orthrusGallery"]>} gallery
 * @returns {O.Library}
 */
export function served(page, gallery) {
  const beside = page.options.bundle.replace(/[^/]*$/, "");
  const code = async (/** @type {string} */ address) => {
    try {
      return await json(beside + "code.json?text=" + encodeURIComponent(address));
    } catch (none) {
      return null; // too long, or the server is away: the address stands there in letters
    }
  };
  return {
    lessons: page.lessons,
    async lesson(name) {
      const found = page.lessons.find((each) => each.name === name);
      return found ? json(found.file) : null;
    },
    open: (run) => gallery.open(run),
    runs: page.runs,
    async pin(run) {
      const found = gallery.find(run);
      const { player } = gallery;
      if (found && player.ended && !player.live && player.run?.split("/")[0] === run) return shownOf(found, player);
      return found ? pinOf(run, found.title, await json(found.file), page.settings) : null;
    },
    code,
    async pack(lesson) {
      const address = location.origin + location.pathname;
      /** @type {O.Held} */
      const kept = { lesson, tapes: {}, address, codes: {} };
      for (const run of new Set(lesson.steps.map(({ trace }) => trace))) {
        const found = gallery.find(run);
        if (found) kept.tapes[run] = await json(found.file);
      }
      for (const i of lesson.steps.keys()) {
        const hash = hashOf({ lesson: lesson.name, step: String(i + 1) });
        const rows = await code(address + hash);
        if (rows) kept.codes[hash] = rows;
      }
      return kept;
    },
  };
}

/**
 * @param {O.Held | null} kept
 * @param {O.Player} player
 * @returns {O.Library}
 */
export function held(kept, player) {
  /** @type {O.Held} */
  const none = { lesson: null, tapes: {}, address: "", codes: {} };
  const { lesson, tapes, address, codes, pins = [] } = kept || none;
  const taught = Object.keys(tapes).map((name) => pinOf(name, name, tapes[name], player.settings));
  const runs = [...pins, ...taught.filter(({ name }) => !pins.some((pin) => pin.name === name))];
  let count = 0;
  return {
    lessons: lesson ? [lesson] : [],
    address,
    lesson: async (name) => (lesson && lesson.name === name ? lesson : null),
    async open(run) {
      if (tapes[run]) player.feed({ ...tapes[run], run: run + "/" + count++ });
    },
    runs,
    pin: async (run) => runs.find(({ name }) => name === run) || null,
    code: async (text) => codes[new URL(text).hash] || null,
  };
}
