/* Where lessons and runs come from: files of the server, or what a saved page holds. */

import { hashOf } from "./address.js";

/** @param {string} file */
async function json(file) {
  const reply = await fetch(file);
  if (!reply.ok) throw new Error(reply.url + " answers " + reply.status);
  return reply.json();
}

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
  const { lesson, tapes, address, codes } = kept || { lesson: null, tapes: {}, address: "", codes: {} };
  let count = 0;
  return {
    lessons: lesson ? [lesson] : [],
    address,
    lesson: async (name) => (lesson && lesson.name === name ? lesson : null),
    async open(run) {
      if (tapes[run]) player.feed({ ...tapes[run], run: run + "/" + count++ });
    },
    code: async (text) => codes[new URL(text).hash] || null,
  };
}
