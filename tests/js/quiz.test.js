import { strict as assert } from "node:assert";
import test from "node:test";
import { guessed, perCycle } from "../../viz/static/page/guess.js";
import { quizPoints, quizSummary } from "../../viz/static/views/quiz_score.js";
import { refiltered } from "../../viz/static/views/sampling_filters.js";
import { close, fixtures, stopsOf, sum } from "./fixtures.js";

const { runs } = fixtures();

test("points for hits, near misses and streaks", () => {
  const asked = [
    ...[
      [5, [5, 5], 0],
      [5, [5, 5], 2],
      [7, [5, 5], 3],
      [1, [20, 20], 1],
      [32, [4, 32], 0],
      [2, [4, 32], 0],
    ],
  ];
  const found = asked.map(([guess, cut, streak]) => quizPoints(guess, cut, streak));
  const all = (name) => found.map((each) => each[name]);
  assert.deepEqual(all("points"), [15, 17, 8, 0, 15, 8]);
  assert.deepEqual(all("streak"), [1, 3, 0, 0, 1, 0]);
  assert.deepEqual(all("off"), [0, 0, 2, -19, 0, -2]);
});

test("the summary says how far and which way", () => {
  const found = [[], [0, 0], [4, 2], [-4, -2], [3, -3]].map((offs) => quizSummary(offs.map((off) => ({ off }))));
  assert.deepEqual(found, [
    "",
    "Every guess a hit.",
    "On average 3.0 slots off, mostly too hopeful.",
    "On average 3.0 slots off, mostly too careful.",
    "On average 3.0 slots off.",
  ]);
});

test("a guess is answered by what was measured", () => {
  assert.equal(guessed(0, 5), "");
  assert.equal(guessed(5, null), "");
  assert.equal(guessed(5, 5.3), "Spot on: you said 5, it wrote 5.3 tokens per cycle.");
  assert.equal(guessed(9, 5.3), "Too hopeful: you said 9, it wrote 5.3 tokens per cycle.");
  assert.equal(guessed(2.5, 5.3), "Too careful: you said 2.5, it wrote 5.3 tokens per cycle.");
});

test("the answer is the run's own count", () => {
  const run = runs.whole;
  close(perCycle(stopsOf(run)), run.tokens_per_cycle);
  assert.equal(perCycle([]), null);
});

test("filters leave what sampling would", () => {
  const plain = { temperature: 1, k: 5, p: 1 };
  const list = [500, 300, 100, 50, 25];
  assert.deepEqual(refiltered(list, plain), list, "the rest keeps its share");
  assert.deepEqual(refiltered(list, { ...plain, k: 2 }), [625, 375, null, null, null]);
  assert.deepEqual(refiltered(list, { ...plain, p: 0.7 }), [625, 375, null, null, null]);
  const one = refiltered(list, { ...plain, p: 0.05 });
  assert.deepEqual(one, [1000, null, null, null, null], "the best one always stays");
  const roots = [640, 160, 90, 70, 40].map(Math.sqrt);
  const warm = refiltered([640, 160, 90, 70, 40], { ...plain, temperature: 2 });
  assert.deepEqual(
    warm,
    roots.map((root) => Math.round((1000 * root) / sum(roots))),
  );
  const cold = refiltered([400, 100, 0, 0, 0], { ...plain, temperature: 0.5, k: 2 });
  assert.deepEqual(cold, [Math.round(16000 / 17), Math.round(1000 / 17), null, null, null]);
});
