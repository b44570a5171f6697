import { strict as assert } from "node:assert";
import test from "node:test";
import { applyChange } from "../../viz/static/player/patches.js";
import { filledShell, slotColumns, wholeMessage } from "../../viz/static/views/download.js";
import { fixtures, stopsOf } from "./fixtures.js";

const { drawing, runs, shell, slots } = fixtures();
const facts = () =>
  Object.fromEntries(Object.entries(drawing.views).map(([name, { facts: own }]) => [name, own ?? {}]));

test("the browser applies changes as Python does", () => {
  const states = structuredClone(facts());
  for (const [name, { state, facts: own }] of Object.entries(structuredClone(drawing.views)))
    states[name] = { state: state ?? {}, facts: own ?? {} };
  for (const frame of structuredClone(runs.whole.tape))
    for (const [view, op, key, value, at] of frame.x)
      applyChange(states[view][frame.p ? "state" : "facts"], op, key, value, at);
  assert.deepEqual(states, runs.whole.views);
});

test("the browser's message replays to the same state", () => {
  const run = structuredClone(runs.short);
  const fed = { facts: structuredClone(facts()), run: "r", stops: stopsOf(run).map((stop) => ({ ...stop, t0: 1 })) };
  for (const frame of run.tape.filter(({ p }) => !p))
    for (const [view, op, key, value, at] of frame.x) applyChange(fed.facts[view], op, key, value, at);
  const message = structuredClone(wholeMessage(fed));
  assert.deepEqual({ ...message, frames: [] }, { ...run.whole, frames: [] });
  assert.deepEqual(
    message.frames.filter(({ p }) => p),
    run.whole.frames.filter(({ p }) => p),
  );
  const held = structuredClone(facts());
  for (const [view, op, key, value] of message.frames[0].x) {
    assert.equal(op, "set");
    held[view][key] = value;
  }
  const recorded = Object.fromEntries(Object.entries(runs.short.views).map(([name, each]) => [name, each.facts]));
  recorded.badges.source = { tone: "recorded", text: "Recorded on test bench, 2026-01-02" };
  assert.deepEqual(held, recorded);
});

test("browser and Python fill the shell alike", () => {
  assert.equal(filledShell(shell.settings, shell.parts).join(""), shell.filled);
});

test("one row a slot of every block", () => {
  const run = runs.mixed;
  const player = { stops: stopsOf(run), settings: drawing, word: (id) => "w" + id };
  const found = slotColumns(player, slots);
  const wanted = run.cycles.flatMap((cycle) =>
    [cycle.anchor, ...cycle.guesses].map((id, slot) => ({
      cycle: cycle.cycle + 1,
      slot,
      status: cycle.statuses[slot],
      guess: "w" + id,
      gap: slot ? cycle.gaps[slot - 1] : null,
    })),
  );
  assert.ok(wanted.length > 60);
  for (const name of slots) assert.equal(found[name].length, wanted.length, name);
  wanted.forEach((row, i) => {
    for (const [name, value] of Object.entries(row)) assert.equal(found[name][i], value, name);
  });
});
