/* What Python makes of made-up runs (fixtures.py), and the player without its page. */
import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { speak } from "../../viz/static/player/messages.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What a Python program prints, as JSON. */
export function python(args, input = "") {
  const options = { cwd: ROOT, input, encoding: "utf8", maxBuffer: 2 ** 28 };
  const done = spawnSync(process.env.PYTHON ?? "python3", args, options);
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout);
}

/** The runs, in whose language the player speaks from then on. */
export function fixtures() {
  const found = python(["-m", "tests.js.fixtures"]);
  speak(found.drawing);
  return found;
}

export const stopsOf = (run) => run.tape.filter(({ p }) => p);
export const sum = (values) => values.reduce((all, value) => all + value, 0);

export function close(found, wanted, tolerance = 1e-6) {
  assert.ok(Math.abs(found - wanted) <= tolerance, `${found} is not ${wanted} ± ${tolerance}`);
}

/** What a playhead needs of a player. */
export class FakePlayer {
  constructor(tape) {
    Object.assign(this, { stops: [], at: -1, ended: true, live: false, shown: [] });
    for (const frame of structuredClone(tape).filter(({ p }) => p)) {
      const last = this.stops.at(-1);
      this.stops.push({ ...frame, t0: last ? last.t0 + last.ms : 0 });
    }
  }

  redraw() {}

  wake() {}

  show(i) {
    this.at = Math.max(-1, Math.min(i, this.stops.length - 1));
    this.shown.push(this.at);
  }
}
