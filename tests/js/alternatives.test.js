/* The lattice's ways, and the changed block with the server's verdict on it. */
import { strict as assert } from "node:assert";
import test from "node:test";
import { eventsOf } from "../../viz/static/page/ask.js";
import { judged } from "../../viz/static/page/judge.js";
import { latticeOf } from "../../viz/static/views/lattice.js";
import { changed } from "../../viz/static/views/whatif.js";

const NAMES = { a: "anchor", y: "accepted", n: "refused", d: "discarded", p: "pending" };
const block = {
  status: "aynd",
  ids: [11, 12, 13],
  own: [11, 99, 14],
  q_top: [[11, 7], [8, 12], [13, 14]], // prettier-ignore
  q_topp: [[900, 50], [500, 300], [400, 100]], // prettier-ignore
};

test("both ways are marked; what is not among the alternatives stands below them", () => {
  const [kept, cut, never] = latticeOf(block, (code) => NAMES[code]);
  assert.deepEqual(kept, {
    slot: 1,
    status: "accepted",
    cells: [
      { id: 11, mark: "both", tenths: 900 },
      { id: 7, mark: "", tenths: 50 },
    ],
    beyond: [],
  });
  assert.deepEqual(
    cut.cells.map(({ mark }) => mark),
    ["", "guess"],
  );
  assert.deepEqual(cut.beyond, [{ id: 99, mark: "own", tenths: 0 }]);
  assert.deepEqual(
    never.cells.map(({ mark }) => mark),
    ["unjudged", ""],
    "the AR view's choice there is about another text",
  );
});

test("before the verdict there is one way", () => {
  const drafted = { ...block, status: "appp", own: undefined };
  const marks = latticeOf(drafted, (code) => NAMES[code]).map(({ cells }) => cells.map(({ mark }) => mark));
  assert.deepEqual(marks, [["guess", ""], ["", "guess"], ["guess", ""]]); // prettier-ignore
});

test("one guess is changed, and nothing behind the end of the text is sent", () => {
  assert.equal(changed([" a", " b", " c"], 2, " X", "(end)"), " a X c");
  assert.equal(changed([" a", "(end)", " c"], 1, " X", "(end)"), " X");
  assert.equal(changed([" a", "(end)", " c"], 2, " b", "(end)"), " a b c");
});

test("a stream is read event by event, and a broken one waits for its rest", () => {
  const beat = 'event: heartbeat\ndata: null\n\nevent: generating\ndata: [{"a": 1}]\n\n';
  const { events, rest } = eventsOf(beat + "event: complete\nda");
  assert.deepEqual(events, [
    { event: "heartbeat", data: null },
    { event: "generating", data: [{ a: 1 }] },
  ]);
  const whole = eventsOf(rest + 'ta: [{"a": 2}]\n\n');
  assert.deepEqual(whole, { events: [{ event: "complete", data: [{ a: 2 }] }], rest: "" });
  assert.deepEqual(eventsOf("event: error\ndata: null\n\n").events, [{ event: "error", data: null }]);
});

test("a refusal is the server's own sentence", async () => {
  const before = { fetch: globalThis.fetch, document: globalThis.document };
  globalThis.document = { baseURI: "http://here/below/" };
  const calls = [];
  const answers = ['event: error\ndata: {"error": "the proposal is empty", "title": "proposal-empty"}\n\n'];
  globalThis.fetch = async (address, how) => {
    calls.push([address, how.body && JSON.parse(how.body).data]);
    return how.body ? { ok: true, json: async () => ({ event_id: "e1" }) } : { body: new Blob(answers).stream() };
  };
  await assert.rejects(judged("p", "", "w"), /the proposal is empty/);
  assert.deepEqual(calls[0], ["http://here/below/gradio_api/call/verify_block", ["p", "", "w", "auto"]]);
  assert.equal(calls[1][0], "http://here/below/gradio_api/call/verify_block/e1");
  Object.assign(globalThis, before);
});
