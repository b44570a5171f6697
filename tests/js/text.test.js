import { strict as assert } from "node:assert";
import test from "node:test";
import { cellText, escaped } from "../../viz/static/player/format.js";
import { csvText } from "../../viz/static/player/table.js";
import { windowFrom } from "../../viz/static/views/text_window.js";
import { python } from "./fixtures.js";

test("what has no shape is made visible in a cell", () => {
  const cells = {
    " a b ": "·a b·",
    "\n": "⏎",
    "a\tb": "a⇥b",
    "\u0000": "U+0000",
    "\u200b": "U+200B",
    "👩\u200d🔬": "👩\u200d🔬",
  };
  for (const [text, shown] of Object.entries(cells)) assert.equal(cellText(text), shown);
});

test("a text cannot become HTML", () => {
  assert.equal(escaped(`<b a='1' b="2">&`), "&#60;b a=&#39;1&#39; b=&#34;2&#34;&#62;&#38;");
});

test("CSV survives token text and spreadsheets", () => {
  const texts = ['a "quote"', "comma, here", "line\nend", "=1+1", "@cmd", " plain", "", null];
  const columns = { text: texts, n: [1, -2, 0.5, null, 3] };
  const pairs = [
    ["what, it is", "text"],
    ["n", "n"],
  ];
  const text = csvText("about\nthis", pairs, columns);
  assert.ok(text.startsWith("# about this\r\n"));
  const read = "import csv, io, json, sys; t = sys.stdin.buffer.read().decode(); f = io.StringIO(t, newline='')";
  const rows = python(["-c", read + "; print(json.dumps(list(csv.reader(f))))"], text.slice(text.indexOf("\n") + 1));
  assert.deepEqual(rows[0], ["what, it is", "n"]);
  const first = rows.slice(1).map((row) => row[0]);
  assert.deepEqual(first, [...texts.slice(0, 3), "'=1+1", "'@cmd", " plain", "", ""]);
  const second = rows.slice(1).map((row) => row[1]);
  assert.deepEqual(second, ["1", "-2", "0.5", "", "3", "", "", ""]);
});

test("a long text keeps its end on the page", () => {
  const asked = [
    ...[
      [10, null],
      [2000, null],
      [2001, null],
      [2500, null],
      [2501, null],
      [9000, null],
    ],
    ...[
      [9000, 0],
      [900, 7000],
    ],
  ];
  const found = asked.map(([n, pinned]) => windowFrom(n, pinned));
  assert.deepEqual(found, [0, 0, 500, 500, 1000, 7000, 0, 0]);
  asked.forEach(([n, pinned], i) => assert.ok(pinned !== null || n - found[i] <= 2000));
});
