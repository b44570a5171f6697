import { strict as assert } from "node:assert";
import test from "node:test";
import { judgedBlocks, overRun, relaxed } from "../../viz/static/views/relax_rules.js";
import { fixtures, stopsOf } from "./fixtures.js";

const { drawing, runs } = fixtures();
const nameOf = (code) => drawing.statuses[code].name;
const never = () => false;
const exact = { key: "exact", least: 0 };
const top = (least) => ({ key: least === 2 ? "top2" : "top5", least });
const share = (least) => ({ key: "share", least });
const blocks = judgedBlocks(stopsOf(runs.whole), "inspector");
// four guesses, the third refused: the AR view ranks them 1, 1, 2, 1 and 9
const block = {
  status: "ayyndd",
  anchor: 9,
  ids: [1, 2, 3, 4, 5],
  own: [1, 2, 30, 4, 50],
  rank_p: [0, 0, 1, 0, 8],
  p: [900, 800, 300, 950, 40],
  look: 3,
};

test("the exact rule keeps what the run kept, in every block", () => {
  assert.equal(blocks.length, runs.whole.cycles.length);
  blocks.forEach((each, i) => {
    const kept = runs.whole.cycles[i].statuses.filter((status) => status === "accepted").length;
    const found = relaxed(each, exact, nameOf, never);
    assert.deepEqual([found.kept, found.exact, found.let], [kept, kept, []]);
    assert.equal(found.how.filter((how) => how === "own").length, kept);
  });
});

test("a looser rule never keeps less, and lets through only what the AR view did not choose", () => {
  for (const each of blocks) {
    const [one, two, five] = [exact, top(2), top(5)].map((rule) => relaxed(each, rule, nameOf, never));
    assert.ok(one.kept <= two.kept && two.kept <= five.kept);
    for (const i of five.let) assert.ok(each.ids[i] !== each.own[i] && each.rank_p[i] >= 0 && each.rank_p[i] < 5);
  }
});

test("a guess that is let through leads on to those behind it, to the first that even the rule refuses", () => {
  const two = relaxed(block, top(2), nameOf, never);
  assert.deepEqual([two.kept, two.let, two.why], [4, [2], "cut"]);
  assert.deepEqual(two.how, ["own", "own", "let", "own", "cut"]);
  assert.deepEqual(relaxed(block, share(30), nameOf, never).kept, 4, "exactly the least probability is enough");
  assert.deepEqual(relaxed(block, share(31), nameOf, never).how, ["own", "own", "cut", "open", "open"]);
  assert.deepEqual(relaxed(block, share(4), nameOf, never).why, "all");
});

test("an end token that is let through ends the block", () => {
  const found = relaxed(block, top(2), nameOf, (id) => id === 3);
  assert.deepEqual([found.kept, found.why], [3, "ended"]);
  assert.deepEqual(found.how.slice(3), ["open", "open"]);
});

test("where a number is not stored nothing is said", () => {
  const { rank_p, p, ...bare } = block;
  const found = relaxed(bare, top(5), nameOf, never);
  assert.deepEqual([found.kept, found.why, found.how[2], found.how[3]], [2, "unknown", "unknown", "open"]);
  assert.equal(relaxed({ ...bare, rank_p }, share(10), nameOf, never).why, "unknown");
  assert.equal(relaxed({ ...bare, p }, share(10), nameOf, never).why, "cut");
});

test("behind the cut of random acceptance only what the rule keeps for certain is known", () => {
  const tossed = { ...block, u: [0.1, 0.2, 0.9], rank_p: [0, 3, 1, 0, 8] };
  const found = relaxed(tossed, top(2), nameOf, never);
  assert.deepEqual(found.how, ["own", "own", "let", "let", "unknown"], "a kept toss stays kept, whatever its rank");
  assert.equal(relaxed(tossed, share(90), nameOf, never).why, "cut", "at the cut a number was drawn");
});

test("over the run only the cycles before the first change are certain", () => {
  const by = (rule) => overRun(blocks.map((each) => relaxed(each, rule, nameOf, never)));
  const same = by(exact);
  assert.deepEqual([same.same, same.more, same.unknown], [blocks.length, 0, false]);
  const loose = by(share(1));
  assert.ok(loose.parts && loose.same < blocks.length && loose.after > loose.before);
  const unknown = overRun([relaxed({ ...block, rank_p: undefined }, top(2), nameOf, never)]);
  assert.deepEqual([unknown.same, unknown.parts, unknown.unknown], [0, false, true]);
});
