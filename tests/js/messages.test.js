/* Messages and numbers in the page's language. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { fixed, grouped, percent, say, speak, spoken } from "../../viz/static/player/messages.js";

const PERCENT = { "number.percent": "{value} %" };

test("a message is filled in, and a count chooses its plural form", () => {
  const forms = { one: "{n} gok van {who}", other: "{n} gokken van {who}" };
  speak({ language: "nl", messages: { "a.plain": "Dag {who}, {rest}", "a.count": forms } });
  assert.equal(spoken(), "nl");
  assert.equal(say("a.plain", { who: "$& {rest}" }), "Dag $& {rest}, {rest}");
  assert.deepEqual(
    [0, 1, 2].map((n) => say("a.count", { n, who: "AR" })),
    ["0 gokken van AR", "1 gok van AR", "2 gokken van AR"],
  );
  assert.equal(say("a.none"), "a.none");
});

test("numbers are written as the language writes them, and rounded the same", () => {
  const written = { en: ["1.0", "1.5", "90 %"], nl: ["1,0", "1,5", "90 %"], zh: ["1.0", "1.5", "90 %"] };
  for (const [language, wanted] of Object.entries(written)) {
    speak({ language, messages: PERCENT });
    assert.deepEqual(
      [fixed(1.005, 1), fixed(1.45, 1), percent(0.9)],
      [wanted[0], (1.45).toFixed(1).replace(".", wanted[1][1]), wanted[2]],
    );
  }
  speak({ language: "de", messages: PERCENT });
  assert.equal(grouped(1234567), "1.234.567");
});
