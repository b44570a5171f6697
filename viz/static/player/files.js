/* Files for the visitor, made in the page from what it already holds. */

import { button, el } from "./dom.js";
import { say } from "./messages.js";

/**
 * @param {string} name
 * @param {BlobPart[]} parts
 * @param {string} type
 */
export function saveFile(name, parts, type) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = el("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** @param {string} base64 */
export const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
/**
 * @param {O.Player} player
 * @param {string} what
 */
export const fileName = (player, what) => player.facts.record.run.name + what;
/** @param {O.Player} player */
export const originOf = (player) => player.facts.record.run.about;

/**
 * A button whose work may fail: it says so instead of doing nothing.
 * @param {string} text
 * @param {string} title
 * @param {() => unknown} act
 */
export function exportButton(text, title, act) {
  const node = button(text, async () => {
    node.disabled = true;
    try {
      await act();
      node.textContent = text;
    } catch (error) {
      node.textContent = say("page.failed", { what: text });
      node.title = error instanceof Error ? error.message : String(error);
    }
    node.disabled = false;
  });
  node.title = title;
  return node;
}
