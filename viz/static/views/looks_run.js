/* What a recorded file says of each cycle's passes: the ids they read, and who may see whom. */

import { bytesOf } from "../player/files.js";

/**
 * The events of a recorded file.
 * @param {string} base64 of JSON lines, gzip
 * @returns {Promise<any[]>}
 */
export async function eventsOf(base64) {
  const stream = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const lines = (await new Response(stream).text()).trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/**
 * Of every judged cycle what its passes read. `parents` of branches are rows of the verify pass.
 * @param {any[]} events
 * @returns {O.LooksRun}
 */
export function looksOf(events) {
  const start = events.find(({ type }) => type === "run_start");
  const ids = [...start.prompt.ids];
  /** @type {O.LooksCycle[]} */
  const cycles = [];
  /** @type {any} */
  let draft;
  for (const event of events) {
    if (event.type === "prefill") ids.push(event.first_id);
    if (event.type === "draft") draft = event;
    if (event.type !== "verdict") continue;
    /** @type {number[]} */
    const path = event.path ?? [];
    const none = !draft.n_draft || draft.shape === "lookup";
    const rows = none ? 0 : (draft.drafted_rows ?? draft.block);
    const block = [draft.anchor_id, ...draft.draft_ids];
    cycles.push({
      before: ids.slice(0, draft.pos0),
      block,
      rows,
      drafter: draft.n_draft ? (draft.shape ?? "chain") : "plain",
      parents: draft.branch_parents ?? [],
    });
    const own = event.next_id === null ? [] : [event.next_id];
    const chain = event.n_commit - own.length - path.length;
    ids.push(...draft.draft_ids.slice(0, chain), ...path.map((row) => draft.branch_ids[row - draft.block]), ...own);
  }
  return { model: start.model, prompt: start.prompt.ids.length, cycles };
}

/**
 * Which rows of its block each row of either pass may see; both see the whole cache.
 * @param {O.LooksCycle} cycle
 * @returns {Record<O.Pass, number[][]>}
 */
export function seenOf({ block, rows, parents }) {
  /** @type {(n: number) => number[]} */
  const upTo = (n) => Array.from({ length: n }, (_, i) => i);
  const verify = block.map((_, i) => upTo(i + 1));
  parents.forEach((parent, i) => verify.push([...verify[parent], block.length + i]));
  return { draft: upTo(rows).map(() => upTo(rows)), verify };
}

/**
 * A layer's rows of shares, or the mean of all layers.
 * @param {number[][][]} layers
 * @param {number} at -1: the mean
 */
export function layerOf(layers, at) {
  if (at >= 0) return layers[at];
  return layers[0].map((row, i) =>
    row.map((_, k) => layers.reduce((sum, each) => sum + each[i][k], 0) / layers.length),
  );
}

/**
 * Shares of a row summed by where they lie: in the cache, to the left in the block, on itself, to the right.
 * @param {number[]} row
 */
export function placesOf([first, prompt, text, anchor, left, own, right]) {
  return { cache: first + prompt + text, left: anchor + left, own, right };
}
