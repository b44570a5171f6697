import { strict as assert } from "node:assert";
import test from "node:test";
import { codeOf, drawCode, eventsOf, LETTERS } from "../../viz/static/page/class_link.js";
import { keptOf } from "../../viz/static/page/class_votes.js";

test("codes are six of the letters, and read as people type them", () => {
  for (let i = 0; i < 200; i++) assert.match(drawCode(), new RegExp("^[" + LETTERS + "]{6}$"));
  assert.equal(codeOf(" bcd-fgh "), "BCDFGH");
  assert.equal(codeOf("<b>1"), "B");
});

test("a stream is read however it is cut", () => {
  const text = 'event: seat\ndata: {"pupil":"a"}\n\n: it lives\n\nevent: state\ndata: {"n":1}\n\n';
  for (let cut = 0; cut <= text.length; cut++) {
    const first = eventsOf(text.slice(0, cut));
    const second = eventsOf(first.rest + text.slice(cut));
    assert.deepEqual(
      [...first.events, ...second.events].map(({ name }) => name),
      ["seat", "state"],
    );
    assert.equal(second.rest, "");
  }
});

test("the right answer is the run's own", () => {
  const stops = [
    { c: 0, p: "draft", x: [["quiz", "set", "block", { n: 4 }, "draft"]] },
    { c: 0, p: "verify", x: [["quiz", "merge", "block", { kept: 3 }, "verify"]] },
  ];
  assert.equal(keptOf(stops, 1), 3);
  assert.equal(keptOf(stops, 2), -1);
});
