/* What each pass of a cycle reads and may see, in the browser as in Python; shares summed by where they lie. */
import { strict as assert } from "node:assert";
import test from "node:test";
import { eventsOf, layerOf, looksOf, placesOf, seenOf } from "../../viz/static/views/looks_run.js";
import { python } from "./fixtures.js";

const PROGRAM = `
import base64, json
from orthrus.config import DecodeConfig
from orthrus.decoding.engine import decode
from orthrus.trace import Trace
from orthrus.trace.files import packed
from tests import synthetic
from tests.tiny import tiny_model
from viz.views import looks
lm = tiny_model(3)
found = {}
for draft in ("chain", "tree", "lookup", "one-pass"):
    found[draft] = Trace.of(decode(lm, "abcabcabcabc", DecodeConfig(40, draft=draft)))
found["synthetic"] = Trace.of(synthetic.events(tokens=90, sureness=0.8, stop="eos"))
print(json.dumps({name: {
    "file": base64.b64encode(packed(trace)).decode(),
    "prompt": list(trace.start.prompt.ids),
    "text": list(trace.token_ids),
    "revision": trace.start.model.revision,
    "cycles": [[each.draft.pos0, each.draft.anchor_id, list(each.draft.draft_ids), each.draft.pass_rows,
                each.draft.drafter, *looks.seen(each.draft)] for each in trace.cycles if each.verdict],
} for name, trace in found.items()}))`;

test("every cycle's ids and masks are those of the recorded run", async () => {
  const drafters = new Set();
  let branches = 0;
  for (const { file, prompt, text, revision, cycles } of Object.values(python(["-c", PROGRAM]))) {
    const run = looksOf(await eventsOf(file));
    assert.equal(run.prompt, prompt.length);
    assert.equal(run.model.revision, revision);
    assert.equal(run.cycles.length, cycles.length);
    cycles.forEach(([pos0, anchor, guesses, rows, drafter, draft, verify], i) => {
      const cycle = run.cycles[i];
      assert.deepEqual(cycle.before, [...prompt, ...text].slice(0, pos0));
      assert.deepEqual(cycle.block, [anchor, ...guesses]);
      assert.deepEqual([cycle.rows, cycle.drafter], [rows, drafter]);
      assert.deepEqual(seenOf(cycle), { draft, verify });
      drafters.add(drafter);
      branches += cycle.parents.length;
    });
  }
  assert.ok(branches > 0 && ["chain", "tree", "one-pass"].every((each) => drafters.has(each)), [...drafters].join());
});

test("a branch sees its ancestors only", () => {
  const { verify, draft } = seenOf({ before: [1], block: [5, 6, 7], rows: 2, drafter: "tree", parents: [0, 3, 1] });
  assert.deepEqual(verify, [[0], [0, 1], [0, 1, 2], [0, 3], [0, 3, 4], [0, 1, 5]]);
  assert.deepEqual(draft, [[0, 1], [0, 1]]); // prettier-ignore
});

test("shares by layer, their mean, and where they lie", () => {
  const layers = [[[0.5, 0.1, 0.1, 0.1, 0, 0.1, 0.1]], [[0.1, 0.1, 0.1, 0.1, 0.2, 0.1, 0.3]]]; // prettier-ignore
  assert.deepEqual(layerOf(layers, 1), layers[1]);
  const [mean] = layerOf(layers, -1);
  const { cache, left, own, right } = placesOf(mean);
  assert.ok(Math.abs(cache - 0.5) < 1e-9 && Math.abs(left - 0.2) < 1e-9, [cache, left].join());
  assert.ok(Math.abs(cache + left + own + right - 1) < 1e-9);
});
