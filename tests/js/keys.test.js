import { strict as assert } from "node:assert";
import test from "node:test";
import { KEYS, keyName, keyRows } from "../../viz/static/player/keys.js";

/** A player whose playhead notes what it is told. */
function noting() {
  const told = [];
  const note =
    (name) =>
    (...args) =>
      told.push([name, ...args].join(" "));
  const head = new Proxy({}, { get: (_, name) => note(name), set: () => true });
  return { told, player: { head, stops: [{}, {}, {}] } };
}

test("every key is in the table once, and every row is in the help", () => {
  const keys = KEYS.flatMap(({ acts }) => Object.keys(acts));
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(KEYS.every(({ shown, what }) => shown && what));
});

test("a key does what its row of the help says", () => {
  const wanted = {
    " ": ["toggle"],
    ArrowLeft: ["step -1"],
    ArrowRight: ["step 1"],
    "Shift+ArrowLeft": ["stepCycle -1"],
    "Shift+ArrowRight": ["stepCycle 1"],
    Home: ["pause", "seek 0"],
    End: ["pause", "seek 2"],
    "[": ["faster -1"],
    "]": ["faster 1"],
    l: ["toggleLoop"],
  };
  for (const [key, calls] of Object.entries(wanted)) {
    const { told, player } = noting();
    for (const { acts } of KEYS) acts[key]?.(player);
    assert.deepEqual(told, calls, key);
  }
});

test("? opens and closes the help, Escape closes it", () => {
  const help = { open: false };
  const press = (key) => KEYS.forEach(({ acts }) => acts[key]?.({}, help));
  press("?");
  assert.equal(help.open, true);
  press("?");
  assert.equal(help.open, false);
  press("?");
  press("Escape");
  assert.equal(help.open, false);
});

test("only keys that move the playhead leave the field to a focused button", () => {
  const moving = KEYS.filter(({ moves }) => moves).flatMap(({ acts }) => Object.keys(acts));
  const wanted = [" ", "ArrowLeft", "ArrowRight", "Shift+ArrowLeft", "Shift+ArrowRight", "Home", "End", "[", "]"];
  assert.deepEqual(moving.sort(), wanted.sort());
});

test("parts bring keys of their own, places have digits", () => {
  const own = [{ shown: "X", what: "a part's", acts: { x: () => {} } }, { acts: { Escape: () => {} } }];
  const settings = { places: ["race", "text"], views: { race: { title: "The race" }, text: { title: "The text" } } };
  const rows = keyRows({ parts: { one: { keys: own }, other: {} }, settings });
  assert.deepEqual(rows.slice(0, KEYS.length), KEYS);
  assert.deepEqual(rows.slice(KEYS.length, -2), own);
  assert.deepEqual(
    rows.slice(-2).map(({ shown, what, acts }) => [shown, what, Object.keys(acts)]),
    [
      ["1", "The race", ["1"]],
      ["2", "The text", ["2"]],
    ],
  );
});

test("a letter is the same with Shift, an arrow is not", () => {
  const names = { L: "l", "?": "?", "*": "*", ArrowLeft: "Shift+ArrowLeft", Home: "Home", Escape: "Escape" };
  for (const [key, name] of Object.entries(names)) assert.equal(keyName({ key, shiftKey: true }), name);
  assert.equal(keyName({ key: "ArrowLeft", shiftKey: false }), "ArrowLeft");
});
