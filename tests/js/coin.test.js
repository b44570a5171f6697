import { strict as assert } from "node:assert";
import test from "node:test";
import { keptBy, lengthChances, meanOf } from "../../viz/static/views/coin_rules.js";
import { close, sum } from "./fixtures.js";

test("the guesses before the first number that is not below its chance are kept", () => {
  assert.equal(keptBy([0.9, 0.5, 1], [0.89, 0.5, 0]), 1);
  assert.equal(keptBy([0.9, 0.5, 1], [0.1, 0.1, 0.999]), 3);
  assert.equal(keptBy([0, 1], [0, 0]), 0, "no chance is no chance");
  assert.equal(keptBy([1, 1, 1], [0.2]), 1, "without a number nothing is kept");
  assert.equal(keptBy([], []), 0);
});

test("the chances of every length sum to one and their mean is that of the survivals", () => {
  const accept = [0.9, 0.5, 1, 0.25];
  const chances = lengthChances(accept);
  close(sum(chances), 1);
  assert.equal(chances.length, 5);
  close(chances[0], 0.1);
  close(chances[2], 0, 1e-12);
  close(chances[4], 0.9 * 0.5 * 0.25);
  const survivals = accept.map((_, i) => accept.slice(0, i + 1).reduce((all, each) => all * each, 1));
  close(meanOf(chances), sum(survivals));
});

test("numbers drawn again keep as many as the chances say", () => {
  const accept = [0.8, 0.6, 0.9];
  let state = 7;
  const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
  const found = Array.from({ length: 20000 }, () => keptBy(accept, accept.map(random)));
  close(sum(found) / found.length, meanOf(lengthChances(accept)), 0.03);
});
