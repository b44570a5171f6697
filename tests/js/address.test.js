/* Addresses: what a link says, and what is left of one that says nonsense. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { bare, embedding, fieldsOf, hashOf, momentOf, stopOf } from "../../viz/static/page/address.js";
import { fits } from "../../viz/static/page/gallery.js";
import { asked, request, requested } from "../../viz/static/page/request.js";
import { fixtures } from "./fixtures.js";

fixtures();

const stops = [
  { c: -1, p: "prefill" },
  ...[0, 1].flatMap((c) => ["draft", "verify", "commit"].map((p) => ({ c, p }))),
  { c: 2, p: "finish" },
];

test("an address keeps what makes sense; the hash wins over the query", () => {
  assert.deepEqual(fieldsOf("?run=a&theme=dark&a=b", "#run=02-b&cycle=3&phase=verify"), {
    run: "02-b",
    theme: "dark",
    cycle: "3",
    phase: "verify",
  });
  const bad = "#cycle=0&cycle=-1&phase=toss&theme=pink&chrome=all&run=&tab=&__proto__=x&constructor=y";
  assert.deepEqual(fieldsOf("", bad), {});
  assert.deepEqual(fieldsOf("", "#run"), {});
  assert.deepEqual(fieldsOf("", "#%E0%A4%A"), {}, "broken escapes are no error");
});

test("a hash says any text and comes back whole", () => {
  const fields = { prompt: 'a & b = "c" #1\n50 %', seed: "7", tab: "text" };
  assert.deepEqual(fieldsOf("", hashOf(fields)), fields);
  assert.equal(hashOf({}), "");
  assert.equal(hashOf({ run: "", tab: undefined }), "");
});

test("a moment is a cycle from 1 and its phase, and finds its stop again", () => {
  for (const [i, { c, p }] of stops.entries()) {
    assert.equal(stopOf(stops, momentOf({ cycle: c, phase: p })), i);
  }
  assert.equal(stopOf(stops, { cycle: "2" }), 6, "a cycle alone is its end");
  assert.equal(stopOf(stops, { cycle: "99", phase: "draft" }), -1);
  assert.equal(stopOf(stops, { phase: "draft" }), -1);
  assert.equal(stopOf([], { cycle: "1" }), -1);
  assert.deepEqual(momentOf({ cycle: -1, phase: "" }), {});
});

test("a link keeps path and foreign query; the code to embed it is one attribute a field", () => {
  assert.equal(bare("http://h/a/b/?x=1&__theme=dark&run=c#tab=text", false), "http://h/a/b/?x=1");
  assert.equal(bare("file:///d/run.html#cycle=2", true), "file:///d/run.html?chrome=none");
  const code = embedding('http://h/?chrome=none&x="#cycle=1&tab=text');
  assert.equal(code.split('"').length, 2 * 7 + 1, "no value ends its attribute");
  assert.ok(!code.includes('"http://h/?chrome=none&x'));
});

test("a run is found by words of its title, kind and group in any case and order", () => {
  const run = { title: "Word problem", kind: "math", group: "" };
  assert.ok(fits(run, "") && fits(run, "MATH word") && !fits(run, "math story"));
});

test("a request keeps what differs from the defaults, and fills only what fits", () => {
  const names = ["prompt", "seed", "coupling"];
  request(names, ["Hi", "7", "gumbel"], ["x", "1", "gumbel"]);
  assert.deepEqual(requested(), { prompt: "Hi", seed: "7" });
  const choices = { coupling: ["gumbel", "rejection"] };
  const now = ["status", "x", "1", "gumbel"];
  assert.deepEqual(asked(now, names, choices, { seed: "3" }), now, "no prompt, no request");
  const filled = asked(now, names, choices, { prompt: "<b>", seed: "3", coupling: "toss", model: "<i>m" });
  assert.deepEqual(filled.slice(1), ["<b>", "3", "gumbel"]);
  assert.ok(filled[0].includes("&#60;i&#62;m") && !filled[0].includes("<i>"));
});
