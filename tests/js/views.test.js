import { strict as assert } from "node:assert";
import test from "node:test";
import { csvText } from "../../viz/static/player/table.js";
import { blockColumns } from "../../viz/static/views/block.js";
import { multiplied, widths } from "../../viz/static/views/catch.js";
import { rulerPlaces, rulerRuns } from "../../viz/static/views/chart_text.js";
import { raceAt } from "../../viz/static/views/race.js";
import { raceColumns } from "../../viz/static/views/race_clock.js";
import { compared } from "../../viz/static/views/statistics.js";
import { simulated } from "../../viz/static/views/timeline.js";
import { close, fixtures, stopsOf, sum } from "./fixtures.js";

const { drawing, looks, runs } = fixtures();
const run = runs.whole;
const near = (found, wanted) => close(found, wanted, 1e-3 * Math.abs(wanted));

test("a simulation that changes nothing gives what was measured", () => {
  const { facts } = run.views.timeline;
  const found = simulated(facts, { draft: 1, verify: 1 });
  assert.deepEqual(found.columns.draft, facts.columns.draft);
  close(found.need, facts.columns.line[0], 0.01);
  near(found.times, run.speedup);
  assert.ok(facts.note.includes(`${found.won} of ${found.n} cycles beat plain decoding`));
});

test("a slower pass moves the line and the speed as the times say", () => {
  const { facts } = run.views.timeline;
  const found = simulated(facts, { draft: 3, verify: 0.5 });
  const times = run.cycles.map(({ ms: [draft, verify, judge, host] }) => 3 * draft + 0.5 * verify + judge + host);
  const alone = (run.ar_ms.at(-1) - run.ar_ms[0]) / (run.ar_ms.length - 1);
  const need = sum(times) / times.length / alone;
  near(found.need, need);
  assert.deepEqual(found.columns.line, [found.need, found.need]);
  const won = run.cycles.filter(({ committed }) => committed > need).length;
  assert.equal(found.won, won);
  assert.notEqual(won, run.cycles.length);
  near(found.times, run.ar_total_ms / (run.prefill_ms + sum(times)));
  const verify = run.cycles.map(({ ms }) => ms[1]);
  assert.deepEqual(
    found.columns.verify,
    verify.map((ms) => 0.5 * ms),
  );
  assert.deepEqual(facts.columns.verify, verify, "the measured times stay");
});

test("without a second lane no break-even is made up", () => {
  const found = simulated(runs.alone.views.timeline.facts, { draft: 2, verify: 1 });
  assert.deepEqual([found.need, found.times, found.won], [null, null, null]);
});

drawing.views.statistics.variants.forEach((spec, variant) => {
  test(`kept runs come with their own numbers in picture and table, variant ${variant}`, () => {
    const [own, ...others] = [run, ...runs.kept].map(({ views }) => views.statistics.facts.columns);
    const kept = others.map((columns, i) => ({ name: `<b>${i}</b>`, columns }));
    const plain = { columns: own, data: spec.data, table: spec.table, note: "", mark: "" };
    const found = compared(plain, spec, kept, looks);
    const lines = found.data.slice(spec.data.length);
    assert.equal(lines.length, 2);
    lines.forEach((line, i) => {
      assert.ok(line.name.startsWith("&#60;b"), "a prompt is no HTML");
      for (const axis of ["x", "y"])
        assert.deepEqual(found.columns[line[axis].slice(1)], others[i][spec.compare[axis].slice(1)]);
    });
    assert.equal(found.table.length, 3 * spec.table.length);
    assert.ok(csvText("about", found.table, found.columns).includes("<b>1</b>"));
    assert.equal(new Set(found.table.map(([head]) => head)).size, found.table.length);
  });
});

test("there are six statistics to compare", () => assert.equal(drawing.views.statistics.variants.length, 6));

test("the text under the staircase stands at its positions", () => {
  const { columns } = run.views.staircase.state;
  const spec = drawing.views.staircase.ruler;
  const sizes = spec.sizes.map((name) => columns[name]);
  const between = (low, high) => rulerPlaces(columns[spec.from], sizes, (at) => (600 / (high - low)) * (at - low), 600);
  const [low, high] = [columns.pos[0] + 0.5, columns.pos.at(-1) + run.cycles.at(-1).committed + 0.5];
  const places = between(low, high);
  assert.equal(places.length, run.cycles.length);
  places.forEach((place, i) => close(place[1], (run.cycles[i].committed * 600) / (high - low)));
  assert.equal(places[0][0], 0);
  close(sum(places.map(([, width]) => width)), 600, 6e-4);
  const texts = rulerRuns(places);
  const shown = texts.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
  assert.deepEqual(
    shown,
    places.map((_, i) => i),
    "every text once",
  );
  const wide = texts.map(([first, last]) => places[last][0] + places[last][1] - places[first][0]);
  assert.ok(wide.slice(0, -1).every((width) => width >= 100));
  const middle = between(columns.pos[2], columns.pos[3]);
  assert.deepEqual([middle[0], middle.at(-1)], [null, null], "what is out of sight is left out");
});

test("tables of block and race say what the views show", () => {
  const cycle = run.cycles.find(({ statuses }) => statuses.includes("refused"));
  let [block, drafted] = [{}, null];
  for (const stop of run.tape.filter(({ p, c }) => c === cycle.cycle && ["draft", "verify"].includes(p))) {
    for (const [view, , key, value] of stop.x) if (view === "ribbon" && key === "block") block = { ...block, ...value };
    drafted ??= block;
  }
  const player = { settings: drawing, word: (id) => "w" + id };
  const [before, after] = [drafted, block].map((each) => blockColumns(each, player));
  const words = (ids) => ids.map((id) => "w" + id);
  const n = cycle.guesses.length;
  assert.deepEqual(before.own, Array(n + 1).fill(null));
  assert.deepEqual(before.guess.slice(1), words(cycle.guesses));
  assert.deepEqual(after.own.slice(1), words(cycle.own.slice(0, n)));
  assert.equal(after.p[0], null);
  const { facts } = run.views.race;
  const half = facts.cycles.ms[2];
  const found = raceColumns(facts, "ms", half);
  assert.deepEqual(found.cycle, [1, 2, 3]);
  assert.deepEqual(
    found.ar_ms,
    facts.ar.ms.filter((ms) => ms <= half),
  );
  assert.ok(drawing.views.race.table.length > 0);
  assert.deepEqual(found.n, facts.cycles.n.slice(0, 3));
});

test("on the clock of passes a lane has made as many as the other", () => {
  const { facts } = run.views.race;
  let clock = 0;
  const moments = stopsOf(run).map(({ p, ms }) => ({ clock: (clock += ms), phase: p, share: 1 }));
  const at = (key, now) => raceAt(facts, key, now);
  const found = [{ clock: 0, phase: "prefill", share: 0 }, ...moments].map((now) => at("passes", now));
  const made = { prefill: 1, draft: 1, verify: 0, commit: 1 }; // a verify pass counts once its tokens are committed
  const wanted = [0];
  for (const { phase } of moments.slice(0, -1)) wanted.push(wanted.at(-1) + made[phase]);
  assert.deepEqual(found.map(Math.floor), [...wanted, run.ar_tokens]);
  assert.equal(wanted.at(-1), run.passes);
  const half = { ...moments.at(-1), share: 0.5 };
  close(at("passes", half), (wanted.at(-1) + run.ar_tokens) / 2, 1e-3);
  close(at("ms", half), clock, 1e-3);
});

test("bars of all groups share one scale", () => {
  const groups = [{ bars: [[1, 1], [32, 20]] }, { bars: [[32, 5]] }]; // prettier-ignore
  assert.deepEqual(widths(groups), [[5, 100], [25]]);
  assert.deepEqual(widths([{ bars: [] }]), [[]]);
  assert.deepEqual([1.005, 9.994, 10, 21.64].map(multiplied), ["1.00×", "9.99×", "10.0×", "21.6×"]);
});
