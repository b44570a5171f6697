import { strict as assert } from "node:assert";
import test from "node:test";
import {
  cycleBoxes,
  differences,
  endOf,
  factsOf,
  findings,
  reachedAt,
  totals,
} from "../../viz/static/views/pair_runs.js";
import { say, speak } from "../../viz/static/player/messages.js";
import { close, fixtures, sum } from "./fixtures.js";

const { drawing, runs } = fixtures();
const spec = drawing.views.pair;
const pinned = (name, run) => ({ name, title: name, ...factsOf(run.whole, drawing, spec.kept) });
const [a, b] = [pinned("one", runs.whole), pinned("two", runs.short)];
const keys = ["passes", "tokens", "ms"];
speak(drawing);

test("a pinned run is what the views say of the whole run", () => {
  for (const view of spec.kept) assert.deepEqual(a[view], runs.whole.views[view].facts);
  const { cycles, rate, tokens, passes } = totals(a);
  assert.deepEqual([cycles, tokens, passes], [runs.whole.cycles.length, runs.whole.tokens, runs.whole.passes]);
  close(rate, runs.whole.tokens_per_cycle, 1e-9);
});

test("on every clock a run begins with nothing and ends with every token, and never goes back", () => {
  for (const key of keys) {
    const end = endOf(a, key);
    assert.equal(reachedAt(a, key, 0).tokens, 0);
    assert.deepEqual(reachedAt(a, key, end), {
      tokens: runs.whole.tokens,
      passes: runs.whole.passes,
      ms: a.race.orthrus.ms.at(-1),
    });
    const counts = Array.from({ length: 50 }, (_, i) => reachedAt(a, key, (end * i) / 49).tokens);
    assert.deepEqual(
      counts,
      [...counts].sort((x, y) => x - y),
    );
  }
  assert.equal(reachedAt(a, "tokens", 7.5).tokens, 7);
});

test("boxes touch, hold every token of the cycles, and say how many were guesses", () => {
  for (const key of keys) {
    const boxes = cycleBoxes(a, key, "y");
    assert.deepEqual(
      boxes.map(({ n }) => n),
      runs.whole.cycles.map(({ committed }) => committed),
    );
    boxes.slice(1).forEach(({ from }, i) => assert.equal(from, boxes[i].to));
    close(boxes.at(-1).to, endOf(a, key), 1e-6);
  }
  const kept = sum(cycleBoxes(a, "passes", "y").map((each) => each.kept));
  assert.equal(kept, a.race.orthrus.by.filter((code) => code === "y").length);
});

const changed = (pin, name, details, prompt) => ({
  ...pin,
  name,
  badges: { prompt: prompt || pin.badges.prompt, details: { ...pin.badges.details, ...details } },
});

test("settings that differ are told piece by piece, the others by name", () => {
  const other = changed(a, "other", { Decoding: a.badges.details.Decoding.replace(/block size \d+/, "block size 8") });
  const { differing, common } = differences(a, other, spec);
  assert.deepEqual(
    differing.map(({ name }) => name),
    ["Decoding"],
  );
  assert.deepEqual(
    differing[0].b.filter(({ differs }) => differs).map(({ text }) => text),
    ["block size 8"],
  );
  assert.ok(common.includes("Machine") && common.includes(say("pair.prompt")) && !common.includes("Time"));
});

test("what the comparison comes to", () => {
  const said = (one, two) => findings(one, two, spec).map(([key]) => key);
  assert.deepEqual(said(a, a), ["again"]);
  assert.deepEqual(said(a, changed(a, "x", {})), ["level", "same"]);
  assert.deepEqual(said(a, changed(b, "x", {}, a.badges.prompt))[1], "apart");
  const slow = { ...changed(a, "slow", {}, "another prompt"), race: structuredClone(a.race) };
  slow.race.cycles.n = slow.race.cycles.n.map(() => 1);
  const [[more, known], [text]] = findings(slow, a, spec);
  assert.deepEqual([more, text, known.better], ["more", "text", "B"]);
  close(Number(known.times), runs.whole.tokens_per_cycle, 0.05);
  assert.ok(said(slow, changed(a, "far", { Machine: "another" }, "a third")).includes("machines"));
});
