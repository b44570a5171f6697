import { strict as assert } from "node:assert";
import test from "node:test";
import { filled, grown, grownTrace, merged } from "../../viz/static/views/chart_layout.js";

const player = { colour: (name) => "#" + name };

test("columns and colours are filled in, and a model's text is no HTML", () => {
  const figure = { x: "$at", text: ["$words", "plain"], line: { color: "@draft", width: 2 }, show: true };
  assert.deepEqual(filled(figure, { at: [1, null], words: ["<b>", "a"] }, player), {
    x: [1, null],
    text: [["&#60;b&#62;", "a"], "plain"],
    line: { color: "#draft", width: 2 },
    show: true,
  });
});

test("a layout is laid over another without changing it", () => {
  const base = { xaxis: { title: "x", range: [0, 1] }, font: { size: 12 } };
  const over = merged(base, { xaxis: { range: [0, 9] }, height: 3 });
  assert.deepEqual(over, { xaxis: { title: "x", range: [0, 9] }, font: { size: 12 }, height: 3 });
  assert.deepEqual(base.xaxis.range, [0, 1]);
  assert.deepEqual(merged(base), base);
});

test("on a zoomed page text and margins grow, numbers of the axes do not", () => {
  const layout = { font: { size: 10 }, margin: { l: 40, pad: 3 }, xaxis: { range: [0, 9] } };
  assert.deepEqual(grown(layout, 2), { font: { size: 20 }, margin: { l: 80, pad: 3 }, xaxis: { range: [0, 9] } });
  assert.equal(grown(layout, 1), layout);
  const trace = { x: [1, 2], width: 1, line: { width: 2 }, marker: { size: 6 } };
  assert.deepEqual(grownTrace(trace, 1.5), { x: [1, 2], width: 1, line: { width: 3 }, marker: { size: 9 } });
});
