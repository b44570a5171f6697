import { strict as assert } from "node:assert";
import test from "node:test";
import { Playhead } from "../../viz/static/player/playhead.js";
import { SPEEDS, raceMs, racePace } from "../../viz/static/player/speeds.js";
import { FakePlayer, close, fixtures } from "./fixtures.js";

const run = fixtures().runs.whole;

function film(tape = run.tape) {
  const player = new FakePlayer(tape);
  return { player, head: new Playhead(player) };
}

const speed = (rate) => SPEEDS.find((each) => each.rate === rate);

test("playing visits every stop once and the clock never runs back", () => {
  for (const each of SPEEDS) {
    const { player, head } = film();
    head.speed = each;
    head.seek(0);
    head.play();
    player.shown = [];
    let [clock, time, steps] = [-1, 0, 0];
    while (head.playing && steps++ < 1e6) {
      head.advance(time);
      time += 120;
      const now = head.now();
      assert.ok(now.clock >= clock - 1e-9, each.label);
      clock = now.clock;
    }
    const n = 3 * run.cycles.length + 2;
    assert.deepEqual(
      player.shown,
      Array.from({ length: n - 1 }, (_, i) => i + 1),
    );
    assert.equal(head.playing, false);
    close(clock, player.stops.at(-1).t0 + player.stops.at(-1).ms);
  }
});

test("measured speed takes the measured time", () => {
  const { head } = film();
  head.speed = speed(1);
  head.seek(0);
  head.play();
  let time = 0;
  for (; head.playing; time += 5) head.advance(time);
  close(time, run.ar_total_ms, 30);
  assert.ok([0.01, 0.02].includes(head.suggested().rate), "a cycle of 14 ms is slowed to about a second");
});

test("steps and cycle steps land on phases", () => {
  const { player, head } = film();
  const at = () => player.stops[player.at].p + player.stops[player.at].c;
  const moves = [
    ...[
      ["step", 1],
      ["step", 1],
      ["step", 1],
      ["stepCycle", 1],
      ["stepCycle", 1],
      ["stepCycle", -1],
      ["step", -1],
    ],
    ...[
      ["seek", 1e6],
      ["step", 1],
      ["seek", -5],
      ["step", -1],
    ],
  ];
  head.seek(0);
  const found = [at()];
  for (const [what, by] of moves) {
    head[what](by);
    found.push(at());
  }
  const end = `finish${run.cycles.length}`;
  const steps = ["prefill-1", "draft0", "verify0", "commit0", "draft1", "draft2", "draft1", "commit0"];
  assert.deepEqual(found, [...steps, end, end, "prefill-1", "prefill-1"]);
});

test("a looped cycle comes again until it is let go", () => {
  const { player, head } = film();
  const draft = player.stops.findIndex(({ p, c }) => p === "draft" && c === 2);
  head.speed = speed(0.1);
  head.seek(draft + 1);
  player.shown = [];
  head.toggleLoop();
  const seen = new Set();
  let time = 0;
  for (let i = 0; i < 400; i++, time += 16) {
    head.advance(time);
    seen.add(player.stops[player.at].c);
  }
  assert.deepEqual([...seen], [2]);
  assert.ok(player.shown.length > 30);
  assert.deepEqual(player.shown.slice(0, 4), [draft + 2, draft, draft + 1, draft + 2]);
  head.toggleLoop();
  for (let i = 0; i < 400; i++, time += 16) head.advance(time);
  assert.ok(player.at > draft + 2, "without the loop the film goes on");
});

test("a looped cycle without measured time does not hang", () => {
  const { head } = film(run.tape.map((frame) => ({ ...frame, ms: 0 })));
  head.speed = speed(1);
  head.seek(1);
  head.toggleLoop();
  for (let time = 0; time < 500; time += 16) head.advance(time);
  assert.equal(head.playing, true);
});

test("the race of the tour is slowed but never hastened", () => {
  assert.deepEqual(
    [5, 370, 6500, 90000].map((ms) => racePace(ms).rate),
    [0.001, 0.05, 1, 1],
  );
});

test("the race on passes is shown in the time of all passes", () => {
  const stops = [
    { t0: 0, ms: 40 },
    { t0: 40, ms: 10 },
  ];
  assert.deepEqual(
    [null, 0, 9].map((lag) => raceMs({ stops, race: { lag: () => lag } })),
    [50, 40, 400],
  );
});
