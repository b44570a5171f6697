import { strict as assert } from "node:assert";
import test from "node:test";
import { chance, lists, numbers, place, sentence, tabbed } from "../../viz/static/views/inspector_words.js";
import { fixtures, stopsOf } from "./fixtures.js";

const { drawing, runs } = fixtures();
const spec = drawing.views.inspector;
const player = { settings: drawing, word: (id) => "w" + id };

/** Every block of a run as it stands behind its verdict. */
function* judged(run) {
  let block = null;
  for (const stop of stopsOf(run))
    for (const [view, , key, value] of stop.x) {
      if (view !== "inspector" || key !== "block") continue;
      block = stop.p === "draft" ? { ...value } : { ...block, ...value };
      if (stop.p === "verify") yield block;
    }
}

const blocks = ["whole", "mixed", "tree", "lookup"].flatMap((name) => [...judged(runs[name])]);
const slotsOf = (block) => Array.from(block.status, (_, i) => i);

test("no sentence of any slot leaves a gap or a brace open", () => {
  assert.ok(blocks.length > 20);
  for (const block of blocks)
    for (const i of slotsOf(block)) {
      const said = sentence(block, i, spec, player);
      assert.ok(said.length > 20 && !/\{\w*\}|undefined|null|NaN/.test(said), said);
      const facts = numbers(block, i, spec);
      assert.ok(facts.flat().every((text) => typeof text === "string" && !/\{\w*\}|undefined|NaN/.test(text)));
    }
});

test("a block that was looked up names no chance it never had", () => {
  const found = blocks.filter((block) => block.found);
  assert.ok(found.length > 0 && found.every(({ q, q_top }) => !q && !q_top));
  assert.ok(
    found.some(({ p }) => p),
    "the AR view's chances are there",
  );
  for (const block of found)
    for (const i of slotsOf(block).slice(1))
      assert.ok(sentence(block, i, spec, player).endsWith(spec.sentences.unscored));
});

test("the other view's favourite is in each list, beyond it where it must be", () => {
  for (const block of blocks.filter(({ q_top, p_top }) => q_top && p_top))
    for (const i of slotsOf(block).slice(1)) {
      const [left, right] = lists(block, i);
      assert.ok(left.some(({ id }) => id === block.own[i - 1]));
      assert.ok(right.some(({ id }) => id === block.ids[i - 1]));
      for (const rows of [left, right]) assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
    }
});

test("the table has a line a rank and a line a number", () => {
  const block = blocks.find(({ q_top, p_top }) => q_top && p_top);
  const lines = tabbed(block, 1, spec, player).split("\n");
  const [left, right] = lists(block, 1);
  assert.equal(lines.length, 1 + Math.max(left.length, right.length) + numbers(block, 1, spec).length);
  assert.deepEqual(lines[0].split("\t"), ["rank", spec.heads[0], "", spec.heads[1], ""]);
});

test("shares and ranks at their ends", () => {
  assert.deepEqual([0, 1, 505, 1000].map(chance), ["< 0.1 %", "0.1 %", "50.5 %", "> 99.9 %"]);
  assert.deepEqual([0, 8, -1].map(place), ["1", "9", "beyond 999"]);
});
