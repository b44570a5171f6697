/* How large each part of the model is. */

export const ATTENTION = ["q", "k", "v", "o", "q_norm", "k_norm"]; // of the AR view; the diffusion view has the same

/**
 * Rows, columns and parameters of every part; a head tied to the embedding has no parameters of its own.
 * @param {O.AnatomySpec} spec
 * @param {Record<string, number>} dims
 * @returns {Record<string, O.PartSize>}
 */
export function sizesOf(spec, dims) {
  return Object.fromEntries(
    Object.entries(spec.parts).map(([key, part]) => {
      const shape = part.shape.map((side) => side.reduce((n, name) => n * dims[name], 1));
      const tied = key === "head" && !!dims.tied;
      const each = tied ? 0 : shape.reduce((n, side) => n * side, 1);
      return [key, { shape, each, tied, all: each * (part.layer ? dims.layers : 1) }];
    }),
  );
}

/** @param {string} key */
export const sideOf = (key) => (key.endsWith("_diff") ? "diff" : ATTENTION.includes(key) ? "ar" : "shared");

/**
 * Parameters of what both views share and of either attention.
 * @param {Record<string, O.PartSize>} sizes
 */
export function splitOf(sizes) {
  const split = { shared: 0, ar: 0, diff: 0 };
  for (const [key, { all }] of Object.entries(sizes)) split[sideOf(key)] += all;
  return split;
}
