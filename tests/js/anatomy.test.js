/* The anatomy's numbers in the browser are Python's. */
import { strict as assert } from "node:assert";
import test from "node:test";
import { sizesOf, splitOf } from "../../viz/static/views/anatomy_sizes.js";
import { python, sum } from "./fixtures.js";

const PROGRAM = `
import json
from viz.views import anatomy
found = []
for values in ([64, 96, 6, 2, 16, 500, 3, 1], [64, 96, 6, 2, 16, 500, 3, 0]):
    found.append([values, anatomy.counts(dict(zip(anatomy.DIMS, values)))])
print(json.dumps([anatomy.skeleton(), found]))`;

test("sizes and the split of the parameters are those of the shapes", () => {
  const [spec, found] = python(["-c", PROGRAM]);
  for (const [values, counts] of found) {
    const dims = Object.fromEntries(spec.dims.map((name, i) => [name, values[i]]));
    const sizes = sizesOf(spec, dims);
    assert.deepEqual(Object.fromEntries(Object.entries(sizes).map(([key, { all }]) => [key, all])), counts);
    const split = splitOf(sizes);
    assert.equal(sum(Object.values(split)), sum(Object.values(counts)));
    assert.equal(split.ar, split.diff, "the diffusion view starts as a copy");
    assert.equal(split.diff, sum(Object.entries(counts).map(([key, n]) => (key.endsWith("_diff") ? n : 0))));
    assert.deepEqual(sizes.k.shape, [2 * 16, 64]);
    assert.equal(sizes.head.tied, !!values[7]);
  }
});
